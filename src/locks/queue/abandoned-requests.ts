import { setTimeout as sleep } from 'node:timers/promises'
import type { LockCalls, Place } from '../lock-calls.js'
import type { Waiter } from './wait-list.js'

/** One of the connections that wait for the same token: the newest counts. */
type Attachment = Pick<Waiter, 'token' | 'attach'>
type How = 'timeout' | 'cancel' | 'detach' | 'abandon'

const RETRY_MS = 500
const UNDO_TRIES = 20

/** Takes back what a lost client no longer wants. */
export class AbandonedRequests {
  readonly #calls: LockCalls

  constructor(calls: LockCalls) {
    this.#calls = calls
  }

  /** Without a key, of an acquire whose answer is unknown: nobody would ever release its lease. */
  async abandon(target: Place & Attachment): Promise<void> {
    await this.#repeat(target, 'abandon')
  }

  /** For a client that no longer listens: at once, or as soon as Redis answers again. */
  async undo(target: Place & Attachment, keyed: boolean): Promise<void> {
    await this.leave(target, undoOf(keyed)).catch(() => {
      void this.undoLater(target, keyed)
    })
  }

  /** A place that nobody leaves would cost those behind it the 2 s of a grant that expires unclaimed. */
  async undoLater(target: Place & Attachment, keyed: boolean): Promise<void> {
    await this.#repeat(target, undoOf(keyed))
  }

  async #repeat(target: Place & Attachment, how: How): Promise<void> {
    for (let i = 0; i < UNDO_TRIES; i++) {
      try {
        await this.leave(target, how)
        return
      } catch {
        await sleep(RETRY_MS, undefined, { ref: false })
      }
    }
  }

  async leave({ bucket, keys, token, attach }: Place & Attachment, how: How) {
    const reply = await this.#calls.run.leave(
      { lock: keys },
      { token, attach, how, ...this.#calls.common() },
    )
    this.#calls.note(bucket, reply)
    return reply.outcome
  }
}

/** With a key, place and grant are kept for the repeat. */
const undoOf = (keyed: boolean): How => (keyed ? 'detach' : 'cancel')
