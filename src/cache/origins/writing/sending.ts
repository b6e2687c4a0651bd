import { createHash } from 'node:crypto'
import type { CacheKey } from '../../entries/store.js'
import type { Value } from '../../entries/value.js'
import type { Outgoing } from '../origin.js'

/** The request that brings the origin a value, or that a key has none. */
export const toOutgoing = (
  key: CacheKey,
  value: Pick<Value, 'payload' | 'contentType' | 'contentEncoding'> | undefined,
  version: number,
): Pick<Outgoing, 'method' | 'body'> & Required<Pick<Outgoing, 'headers'>> => ({
  method: value ? 'PUT' : 'DELETE',
  headers: {
    ...(value && headersOf(value)),
    'lockstep-version': `${version}`,
    'idempotency-key': `${digestOf(key)}-${version}`,
  },
  body: value?.payload ?? null,
})

const headersOf = ({
  contentType,
  contentEncoding,
}: Pick<Value, 'contentType' | 'contentEncoding'>): Readonly<Record<string, string>> => ({
  'content-type': contentType,
  ...(contentEncoding !== '' && { 'content-encoding': contentEncoding }),
})

/** The same for every write of a key; none for two. */
const digestOf = ({ namespace, space, key }: CacheKey): string =>
  createHash('sha256').update(`${namespace} ${space} ${key}`).digest('base64url').slice(0, 22)
