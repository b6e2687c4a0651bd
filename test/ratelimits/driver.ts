import type { Harness } from '../support/harness.js'

/** Calls of the rate limit API. */
export function limitDriver(harness: Harness) {
  let subjects = 0
  const post = (path: string, body: object) =>
    harness.request('post', `/v1/ratelimits/${path}`).send(body)
  return {
    post,
    /** A subject name that no test has used. */
    subject: () => `s${subjects++}`,
    check: (body: object, query = '') => post(`check${query}`, body),
    /** The remaining units of a stored policy for one subject. */
    async remaining(policy: string, key: string): Promise<number> {
      const { body } = await post(`${policy}/peek`, { key }).expect(200)
      return body.remaining
    },
    put: (policy: string, body: object) =>
      harness.request('put', `/v1/ratelimit-policies/${policy}`).send(body),
  }
}

/** One policy per counting algorithm: 10 in 100 days, so that real time hardly matters. */
export const COUNTING = [
  ['gcra', { limit: 10, windowMs: 8_640_000_000 }],
  ['fixed-window', { algorithm: 'fixed-window', limit: 10, windowMs: 8_640_000_000 }],
  [
    'fixed-window of the first hit',
    { algorithm: 'fixed-window', align: 'first-hit', limit: 10, windowMs: 8_640_000_000 },
  ],
  ['sliding-window', { algorithm: 'sliding-window', limit: 10, windowMs: 8_640_000_000 }],
  [
    'sliding-window, strict',
    { algorithm: 'sliding-window', mode: 'strict', buckets: 4, limit: 10, windowMs: 8_640_000_000 },
  ],
  [
    'fixed-window of a calendar',
    { algorithm: 'fixed-window', align: 'calendar', period: 'year', limit: 10 },
  ],
  ['sliding-log', { algorithm: 'sliding-log', limit: 10, windowMs: 8_640_000_000 }],
] as const
