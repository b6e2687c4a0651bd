import { fromStoredName, indexKey, toStoredName } from '../keys.js'
import type { LockCalls } from '../lock-calls.js'
import type { Snapshot, Waiting } from '../lock-state.js'
import type { LockMetrics } from '../metrics.js'
import { VERIFIED_TOKENS } from './scripts.js'

export interface Revocation {
  readonly reason: string
  /** Time to give way; undefined: ask only; 0: end now. */
  readonly graceMs?: number | undefined
  /** Of the lease that is meant; undefined: all. */
  readonly fence?: number | undefined
  readonly clearLockDelay?: boolean | undefined
}

export interface ListedLock {
  readonly name: string
  readonly kind: 'lock' | 'semaphore'
  readonly holderCount: number
  readonly queueLength: number
}

/** What others than the holder of a lease ask for. */
export interface AdminStore {
  /** @param max how many holders and waiters are shown */
  inspect(
    namespace: string,
    name: string,
    max: number,
  ): Promise<Snapshot & { readonly waiters: readonly Waiting[] }>
  /** In the order of bytes, from behind `after`. */
  list(namespace: string, prefix: string, after: string, limit: number): Promise<ListedLock[]>
  verify(
    namespace: string,
    name: string,
    fence: number,
  ): Promise<{ readonly current: boolean; readonly fence: number }>
  revoke(
    namespace: string,
    name: string,
    order: Revocation,
  ): Promise<{ readonly revoked: number; readonly asked: number }>
  /** @param capacity 0 forgets the stored one */
  resize(
    namespace: string,
    name: string,
    capacity: number,
  ): Promise<
    | {
        readonly kind: 'stored'
        readonly capacity: number
        /** What was stored; 0 for nothing. */
        readonly before: number
      }
    | { readonly kind: 'mode-mismatch' }
  >
}

export function createAdminStore(calls: LockCalls, metrics: LockMetrics): AdminStore {
  return {
    async inspect(namespace, name, max) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      const seen = await calls.run.inspect({ lock }, { max })
      calls.saw(seen.holders.map(({ fence }) => fence))
      return seen
    },

    async list(namespace, prefix, after, limit) {
      const pages = await Promise.all(
        calls
          .tags()
          .map((tag) =>
            calls.run.list(
              { index: indexKey(namespace, tag) },
              { prefix: toStoredName(prefix), after: toStoredName(after), limit },
            ),
          ),
      )
      return pages
        .flat()
        .sort((a, b) => Buffer.compare(Buffer.from(a.stored), Buffer.from(b.stored)))
        .slice(0, limit)
        .map(({ stored, ...rest }) => ({ name: fromStoredName(stored), ...rest }))
    },

    async verify(namespace, name, fence) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      const answer = await calls.run.verify({ lock }, { fence, most: VERIFIED_TOKENS })
      calls.saw([answer.fence])
      return answer
    },

    async revoke(namespace, name, { reason, graceMs, fence, clearLockDelay }) {
      const place = calls.placeOf(namespace, name)
      const reply = await calls.run.revoke(
        { lock: place.keys },
        {
          reason,
          grace_ms: graceMs ?? -1,
          fence: fence ?? 0,
          clear_delay: clearLockDelay ? 1 : 0,
          ...calls.common(),
        },
      )
      calls.note(place.bucket, reply)
      if (reply.revoked > 0) metrics.ended('revoked', reply.revoked)
      return { revoked: reply.revoked, asked: reply.asked }
    },

    async resize(namespace, name, capacity) {
      const place = calls.placeOf(namespace, name)
      const reply = await calls.run.resize({ lock: place.keys }, { capacity, ...calls.common() })
      calls.note(place.bucket, reply)
      if (reply.outcome === 'mode-mismatch') return { kind: 'mode-mismatch' }
      return { kind: 'stored', capacity: reply.capacity, before: reply.before }
    },
  }
}
