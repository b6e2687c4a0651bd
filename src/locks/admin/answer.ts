import { toHolders, toPermits } from '../leases/answer.js'
import type { Snapshot, Waiting } from '../lock-state.js'

export function toLockState(
  name: string,
  lock: Snapshot & { readonly waiters: readonly Waiting[] },
) {
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
