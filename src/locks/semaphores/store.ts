import { type Precondition, preconditionArg } from '../../redis/precondition.js'
import type { LockCalls } from '../lock-calls.js'

/** The stored capacities of semaphores. */
export function createSemaphoreStore(calls: LockCalls) {
  return {
    /** @param max how many holders and waiters are shown */
    async resize(
      namespace: string,
      name: string,
      capacity: number,
      max: number,
      when?: Precondition,
    ) {
      const place = calls.placeOf(namespace, name)
      const reply = await calls.run.resize(
        { lock: place.keys },
        { capacity, if_match: preconditionArg(when), max, ...calls.common() },
      )
      calls.note(place.bucket, reply)
      return reply
    },

    removeCapacity(namespace: string, name: string, when?: Precondition) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      return calls.run.removeCapacity({ lock }, { if_match: preconditionArg(when) })
    },
  }
}
