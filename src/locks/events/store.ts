import type { Binder } from '../../redis/binder.js'
import type { PubSub } from '../../redis/pub-sub.js'
import { type Listener, type Subscription, WATCH_MS, Watches } from '../../redis/watches.js'
import type { LockCalls } from '../lock-calls.js'
import { type LockEvent, type LockReading, type LockStart, watchScript } from './scripts.js'

const READ_AT_ONCE = 100

/**
 * Events of locks for listeners here. They are recorded for a minute after the last watcher left, for
 * clients that reconnect.
 * @param instance the one that scripts notify
 */
export function createLockWatches(
  binder: Binder,
  pubSub: PubSub,
  calls: LockCalls,
  instance: string,
) {
  const run = binder.bind(watchScript)
  const watches = new Watches<LockEvent, LockStart>(pubSub, instance)

  /**
   * @param after id of the last event that was seen, '' for none
   * @throws StoreError where the first reading fails
   */
  return (
    namespace: string,
    name: string,
    after: string,
    listener: Listener<LockEvent, LockStart>,
  ): Promise<Subscription> => {
    const { bucket, keys } = calls.placeOf(namespace, name)
    const lock = keys[0] as string
    const read = async (from: string): Promise<LockReading> => {
      const args = { instance, watch_ms: WATCH_MS, after: from, max: READ_AT_ONCE }
      const reply = await run({ lock }, args)
      calls.note(bucket, reply)
      return reply
    }
    return watches.watch(lock, after, read, listener)
  }
}
