import { toHolders, toPermits } from '../leases/answer.js'
import type { InspectedLock } from '../lock-state.js'
import type { LockStore } from '../store.js'

/** At most so many holders, and so many waiters, are shown. */
const SHOWN = 100

interface Named {
  readonly namespace: string
  readonly params: { readonly name: string }
}

/** The state of the lock or semaphore that a request names. */
export async function readLockState(
  store: Pick<LockStore, 'inspect'>,
  { namespace, params: { name } }: Named,
) {
  return toLockState(name, await store.inspect(namespace, name, SHOWN))
}

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
