import type { Limit } from '../limit.js'
import type { Policy } from '../policies/policy.js'
import { isBrokenNetwork, prefixOf, toNetwork } from './network.js'

/** `allow`: never limited, nothing is counted; `deny`: always denied. */
export type Listed = 'allow' | 'deny'

type Listable = Pick<Limit, 'policy' | 'key' | 'address'>

interface Lists {
  readonly exact: ReadonlyMap<string, Listed>
  readonly networks: ReadonlyMap<string, Listed>
  /** Prefix lengths of the networks, the longest first. */
  readonly lengths: readonly number[]
}

/** Policies are replaced, never changed, so compiled lists stay valid. */
const known = new WeakMap<Policy, Lists>()

/**
 * Whether a subject is on a list of the policy, as text or as an address in one of its networks. The
 * most specific entry wins, so a list may have exceptions: text before a network, a longer prefix
 * before a shorter one, and `deny` if both lists have the same entry. A key that was made of an
 * address is matched by the whole address.
 */
export function listedAs({ policy, key, address = key }: Listable): Listed | undefined {
  if (policy.allow === undefined && policy.deny === undefined) return undefined
  const { exact, networks, lengths } = listsOf(policy)
  const verdict = exact.get(key)
  if (verdict || lengths.length === 0) return verdict
  const network = toNetwork(address)
  if (!network) return undefined
  for (const length of lengths) {
    const found = length <= network.length && networks.get(prefixOf(network, length))
    if (found) return found
  }
  return undefined
}

function listsOf(policy: Policy): Lists {
  let lists = known.get(policy)
  if (!lists) {
    lists = compile(policy)
    known.set(policy, lists)
  }
  return lists
}

function compile({ allow = [], deny = [] }: Policy): Lists {
  const exact = new Map<string, Listed>()
  const networks = new Map<string, Listed>()
  const lengths = new Set<number>()
  const add = (entry: string, listed: Listed) => {
    const network = toNetwork(entry)
    if (!network) return exact.set(entry, listed)
    lengths.add(network.length)
    return networks.set(prefixOf(network, network.length), listed)
  }
  for (const entry of allow) add(entry, 'allow')
  for (const entry of deny) add(entry, 'deny')
  return { exact, networks, lengths: [...lengths].sort((a, b) => b - a) }
}

/** The first entry with an invalid network. */
export function listFault({ allow, deny }: Policy) {
  if (!allow && !deny) return undefined
  for (const [field, entries = []] of [
    ['allow', allow],
    ['deny', deny],
  ] as const) {
    const index = entries.findIndex(isBrokenNetwork)
    if (index >= 0)
      return { field: `${field}/${index}` as const, message: 'is not a valid network' }
  }
  return undefined
}
