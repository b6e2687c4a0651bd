import { toCursor } from '../../http/pages.js'
import { toHolders, toPermits } from '../leases/answer.js'
import type { InspectedLock } from '../lock-state.js'

/** At most so many holders, and so many waiters, are shown. */
export const SHOWN = 100

export function toLockState(name: string, lock: InspectedLock) {
  const { state, kind, holders, lastEnd, queueLength, leftMs } = lock
  return {
    name,
    state,
    ...(holders[0] && kind === 'lock' && { mode: holders[0].mode }),
    ...toPermits(lock),
    holders: toHolders(holders),
    waiters: lock.waiters.map(({ owner, waitedMs }, i) => ({
      position: i + 1,
      ...(owner !== '' && { owner }),
      waitedMs,
    })),
    queueLength,
    ...(state !== 'free' && { retryAfterMs: leftMs }),
    ...(lastEnd && { lastEnd }),
  }
}

export const toSemaphore = (name: string, lock: InspectedLock) => ({
  ...toLockState(name, lock),
  ...(lock.version > 0 && { version: lock.version }),
})

/** @param next the name behind which the next page begins, undefined on the last page */
export const toPage = <T>(items: readonly T[], next: string | undefined) => ({
  items: [...items],
  ...(next !== undefined && { nextCursor: toCursor(next) }),
})
