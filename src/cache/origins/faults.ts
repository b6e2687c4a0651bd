import type { Static } from 'typebox'
import type { Fault } from '../../schema/faults.js'
import type { SpaceSection } from '../spaces/schemas.js'
import { addressFault, keyFault, listFault } from './address.js'
import { headersFault, headersFileFault } from './headers.js'
import { DEFAULT_ORIGIN, toOriginPolicy } from './policy.js'
import type { OriginSettings } from './schemas.js'

/** The faults of the origins of spaces that a schema cannot express. */
export const originFaults = (spaces: Static<typeof SpaceSection>): Fault[] =>
  Object.entries(spaces).flatMap(([name, { origin, ...space }]) => {
    if (!origin) return []
    const found = { ...faultsOf(origin), ...leaseFaults(space) }
    return Object.entries(found).flatMap(([field, message]) =>
      message === undefined ? [] : [{ pointer: `/${name}/${field}`, message }],
    )
  })

/** By the field of the space. */
type Faults = Readonly<Record<string, string | undefined>>

function faultsOf(origin: OriginSettings): Faults {
  const { url, namespaces, headers, headersFile, warm } = origin
  const { read, write } = toOriginPolicy(origin)
  const both = headers !== undefined && headersFile !== undefined
  const ofUrl = addressFault(url, namespaces ?? DEFAULT_ORIGIN.namespaces)
  return {
    'origin/url': ofUrl,
    'origin/headers': headers && headersFault(headers),
    'origin/headersFile': both
      ? 'contradicts headers: give one of the two'
      : headersFile && headersFileFault(headersFile),
    'origin/read':
      read === 'none' && write === 'none'
        ? 'is none, and so is write: the origin would have no use'
        : undefined,
    'origin/warm': warm && read === 'none' ? 'has no use, because read is none' : undefined,
    'origin/warm/keysUrl':
      warm?.keysUrl !== undefined && ofUrl === undefined ? listFault(warm.keysUrl, url) : undefined,
    ...keyFaults(warm?.keys ?? []),
    'origin/behind': origin.behind && write !== 'behind' ? 'belongs to write: behind' : undefined,
  }
}

const keyFaults = (keys: readonly string[]): Faults =>
  Object.fromEntries(keys.map((key, i) => [`origin/warm/keys/${i}`, keyFault(key)]))

const leaseFaults = (space: object): Faults =>
  Object.fromEntries(
    ['leaseMs', 'maxLeaseMs']
      .filter((field) => field in space)
      .map((field) => [field, 'is set by origin.timeoutMs in a space with an origin']),
  )
