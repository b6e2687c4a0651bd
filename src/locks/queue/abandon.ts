import { setTimeout as sleep } from 'node:timers/promises'
import type { LockCalls, Place } from '../lock-calls.js'

/** A request that waits for a lease, or was granted one. */
interface Target extends Pick<Place, 'bucket' | 'keys'> {
  readonly token: string
  /** Of the connections that wait for one token, the newest counts. */
  readonly attach: number
}

type How = 'timeout' | 'cancel' | 'detach' | 'abandon'

const RETRY_MS = 500
const UNDO_TRIES = 20

/** Undoes an acquire whose answer was lost and that has no key: nobody could release its lease. */
export const abandon = (calls: LockCalls, target: Target): Promise<void> =>
  repeat(calls, target, 'abandon')

/** Undoes the acquire of a client that disconnected: at once, or as soon as Redis answers again. */
export async function undo(calls: LockCalls, target: Target, keyed: boolean): Promise<void> {
  await leave(calls, target, undoOf(keyed)).catch(() => {
    void undoLater(calls, target, keyed)
  })
}

/** A waiter that stays in the queue costs those behind it one claim timeout. */
export const undoLater = (calls: LockCalls, target: Target, keyed: boolean): Promise<void> =>
  repeat(calls, target, undoOf(keyed))

/** With a key, place and grant are kept for the repeat. */
const undoOf = (keyed: boolean): How => (keyed ? 'detach' : 'cancel')

async function repeat(calls: LockCalls, target: Target, how: How): Promise<void> {
  for (let i = 0; i < UNDO_TRIES; i++) {
    try {
      await leave(calls, target, how)
      return
    } catch {
      await sleep(RETRY_MS, undefined, { ref: false })
    }
  }
}

/** Takes a request out of its queues; what becomes of a grant, `how` says (scripts/leave.lua). */
export async function leave(calls: LockCalls, { bucket, keys, token, attach }: Target, how: How) {
  const reply = await calls.run.leave({ lock: keys }, { token, attach, how, ...calls.common() })
  calls.note(bucket, reply)
  return reply.kind
}
