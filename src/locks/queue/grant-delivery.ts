import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../../redis/errors.js'
import { remainingMs } from '../../redis/remaining.js'
import type { AcquireOptions } from '../leases/acquire-options.js'
import type { AcquireOutcome } from '../leases/outcomes.js'
import type { GrantReply } from '../leases/scripts.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { AbandonedRequests } from './abandoned-requests.js'
import type { Waiter } from './wait-list.js'

const RETRY_MS = 250

/** The last step of an acquire: its lease reaches the client, or goes back. */
export class GrantDelivery {
  readonly #calls: LockCalls
  readonly #abandoned: AbandonedRequests

  constructor(calls: LockCalls, abandoned: AbandonedRequests) {
    this.#calls = calls
    this.#abandoned = abandoned
  }

  /** The lease goes to a client that is there, with time left; otherwise it is given back. */
  deliver(
    place: Place,
    options: AcquireOptions,
    reply: GrantReply,
    started: number,
    attach: number,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    const { token, fences, mode, waitedMs, holdCount, outcome } = reply
    this.#calls.saw(fences)
    const expiresInMs = remainingMs(reply.ttlMs, started)
    const late = expiresInMs <= 0 && outcome === 'granted'
    if (late || options.connection?.destroyed) return this.#giveBack(place, options, reply, attach)
    const replayed = outcome === 'replayed'
    return { kind: 'granted', token, fences, mode, expiresInMs, waitedMs, holdCount, replayed }
  }

  async #giveBack(
    { bucket, keys }: Place,
    { connection, idempotency }: AcquireOptions,
    { token, fences }: GrantReply,
    attach: number,
  ): Promise<AcquireOutcome> {
    if (connection?.destroyed) {
      await this.#abandoned.undo({ bucket, keys, token, attach }, idempotency !== undefined)
      return { kind: 'gone' }
    }
    await this.#abandoned.leave({ bucket, keys, token, attach }, 'cancel')
    return { kind: 'ended', how: 'expired', fence: fences[0] as number, reason: '' }
  }

  /** Repeated while the answer is unknown: an announced grant that is not claimed lapses in 2 s. */
  async claim(waiter: Waiter, options: AcquireOptions): Promise<AcquireOutcome | undefined> {
    const { bucket, keys, token } = waiter
    for (;;) {
      const started = performance.now()
      try {
        const reply = await this.#calls.run.claim(
          { lock: keys },
          { token, attach: waiter.attach, ...this.#calls.common() },
        )
        this.#calls.note(bucket, reply)
        if (reply.outcome === 'nothing') return undefined
        return await this.deliver({ bucket, keys }, options, reply, started, waiter.attach)
      } catch (error) {
        if (!(error instanceof StoreError) || performance.now() > waiter.deadlineAt) {
          if (!options.idempotency) void this.#abandoned.abandon({ bucket, keys, token, attach: 1 })
          throw error
        }
        await sleep(RETRY_MS)
      }
    }
  }
}
