import { fromStoredName, type Index, indexKey, toStoredName } from '../keys.js'
import type { LockCalls } from '../lock-calls.js'
import type { LockMetrics } from '../metrics.js'
import { firstOf } from '../pages.js'
import { VERIFIED_TOKENS } from './scripts.js'

export interface Revocation {
  readonly reason: string
  /** Time to give way; undefined: ask only; 0: end now. */
  readonly graceMs?: number | undefined
  /** Of the one lease to revoke; undefined: all. */
  readonly fence?: number | undefined
  readonly clearLockDelay?: boolean | undefined
}

/** What others than the holder of a lease ask for. */
export function createAdminStore(calls: LockCalls, metrics: LockMetrics) {
  return {
    /** @param max how many holders and waiters are shown */
    async inspect(namespace: string, name: string, max: number) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      const seen = await calls.run.inspect({ lock }, { max })
      calls.saw(seen.holders.map(({ fence }) => fence))
      return seen
    },

    /** In the order of the bytes of their names, those behind `after`, '' for the first. */
    async list(namespace: string, index: Index, prefix: string, after: string, limit: number) {
      const range = { prefix: toStoredName(prefix), after: toStoredName(after), limit }
      const pages = await Promise.all(
        calls
          .tags()
          .map((tag) => calls.run.list({ index: indexKey(namespace, tag, index) }, range)),
      )
      return firstOf(pages, limit, ({ stored }) => stored).map(({ stored, ...rest }) => ({
        name: fromStoredName(stored),
        ...rest,
      }))
    },

    async verify(namespace: string, name: string, fence: number) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      const answer = await calls.run.verify({ lock }, { fence, max: VERIFIED_TOKENS })
      calls.saw([answer.fence])
      return answer
    },

    async revoke(namespace: string, name: string, order: Revocation) {
      const place = calls.placeOf(namespace, name)
      const reply = await calls.run.revoke(
        { lock: place.keys },
        {
          reason: order.reason,
          grace_ms: order.graceMs ?? -1,
          fence: order.fence ?? 0,
          clear_delay: order.clearLockDelay ? 1 : 0,
          ...calls.common(),
        },
      )
      calls.note(place.bucket, reply)
      if (reply.revoked > 0) metrics.ended('revoked', reply.revoked)
      return { revoked: reply.revoked, asked: reply.asked }
    },
  }
}
