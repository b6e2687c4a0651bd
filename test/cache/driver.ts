import type { Harness } from '../support/harness.js'

/** Calls of the cache API. @param usual the space of calls that name none */
export function cacheDriver(harness: Harness, usual = 'users') {
  const at = (key: string, space = usual) => `/v1/cache/${space}/${encodeURIComponent(key)}`
  const get = (key: string, space?: string) => harness.request('get', at(key, space))

  return {
    at,
    get,
    /** A GET that offers to load the key. */
    ask: (key: string, space?: string) => get(key, space).query({ lease: true }),
    put: (key: string, value: string | Buffer, space?: string) =>
      harness.request('put', at(key, space)).type('text/plain').send(value),
    incr: (key: string, body: object = {}, space?: string) =>
      harness.request('post', `${at(key, space)}/incr`).send(body),
    patch: (key: string, body: object, space?: string) =>
      harness.request('patch', `${at(key, space)}/fields`).send(body),
    /** Renews or cancels a lease. */
    lease: (key: string, verb: 'renew' | 'cancel', body: object, space?: string) =>
      harness.request('post', `${at(key, space)}/lease/${verb}`).send(body),
    invalidate: (body: object, space = usual) =>
      harness.request('post', `/v1/cache/${space}/invalidate`).send(body),
  }
}

interface Answered {
  readonly headers: Readonly<Record<string, string>>
}

/** The lease that an answer grants. */
export const leaseOf = ({ headers }: Answered) => headers['lockstep-lease'] as string

/** Who should load, as an answer says it: undefined where nobody should. */
export const leaseStatusOf = ({ headers }: Answered) => headers['lockstep-lease-status']

/** The version in an entity tag. */
export const versionOf = (tag: string | undefined) => Number.parseInt(tag?.slice(1, -1) ?? '', 36)
