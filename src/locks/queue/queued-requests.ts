import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../../redis/errors.js'
import { randomToken } from '../../redis/random.js'
import { ask, deliver, type LeaseRequest, settle } from '../leases/acquire.js'
import type { AcquireOutcome } from '../leases/outcomes.js'
import type { QueuedReply } from '../leases/scripts.js'
import type { LockCalls } from '../lock-calls.js'
import { abandon, leave, undo, undoLater } from './abandon.js'
import type { WaitList } from './wait-list.js'
import { Waiter } from './waiter.js'

const RETRY_MS = 250

/** An acquire that may have to wait: it asks, waits in the queue, and claims its grant. */
export class QueuedRequests {
  readonly #calls: LockCalls
  readonly #waitList: WaitList

  constructor(calls: LockCalls, waitList: WaitList) {
    this.#calls = calls
    this.#waitList = waitList
  }

  acquire(request: LeaseRequest, waitMs: number): Promise<AcquireOutcome> {
    // Known here before the script is sent: the message of the grant can overtake its answer.
    const waiter = new Waiter(request, randomToken())
    return this.#attend(waiter, () => this.#ask(waiter, waitMs))
  }

  /** A repeat without `waitMs` of a request that is queued: it looks, and takes no place. */
  attach(request: LeaseRequest, reply: QueuedReply): Promise<AcquireOutcome> {
    const waiter = new Waiter(request, reply.token)
    return this.#attend(waiter, () => this.#wait(waiter, reply))
  }

  async #attend(waiter: Waiter, work: () => Promise<AcquireOutcome>): Promise<AcquireOutcome> {
    const { connection } = waiter.request.options
    const onClose = () => waiter.wake('gone')
    connection?.once('close', onClose)
    this.#waitList.add(waiter)
    try {
      if (connection?.destroyed) onClose()
      return await work()
    } finally {
      waiter.stop()
      this.#waitList.remove(waiter)
      connection?.off('close', onClose)
    }
  }

  async #ask(waiter: Waiter, waitMs: number): Promise<AcquireOutcome> {
    const started = performance.now()
    const reply = await ask(this.#calls, waiter.request, waiter.token, waitMs)
    if (reply.kind === 'queued') return this.#wait(waiter, reply)
    return settle(this.#calls, waiter.request, reply, started)
  }

  async #wait(
    waiter: Waiter,
    { token, attach, ticket, leftMs }: QueuedReply,
  ): Promise<AcquireOutcome> {
    const { request } = waiter
    if (token !== waiter.token) this.#waitList.rename(waiter, token)
    Object.assign(waiter, { attach, ticket, queued: true })
    waiter.waitFor(leftMs)
    for (;;) {
      const why = await waiter.next()
      switch (why) {
        case 'announced': {
          const granted = await this.#claim(waiter)
          if (granted) return granted
          // If Redis does not answer now, the next heartbeat tries again.
          await this.#waitList.restore(waiter).catch(() => undefined)
          break
        }
        case 'handed': {
          const { grant, sentAt } = waiter.handed as NonNullable<typeof waiter.handed>
          return deliver(this.#calls, request, grant, sentAt, waiter.attach)
        }
        case 'deadline':
          return this.#timeOut(waiter)
        case 'gone':
        case 'draining':
          await this.#withdraw(waiter)
          await undo(this.#calls, waiter, request.options.idempotency !== undefined)
          return { kind: why }
        case 'replaced':
          return this.#follow(waiter)
        case 'session-ended':
          return { kind: why }
        case 'mode-mismatch':
          return { kind: why }
        case 'unsatisfiable':
          return { kind: 'unsatisfiable', capacity: 0 }
      }
    }
  }

  /** Repeated while the answer is unknown: an unclaimed grant expires after 2 s. */
  async #claim(waiter: Waiter): Promise<AcquireOutcome | undefined> {
    const { request, bucket, keys, token, attach } = waiter
    for (;;) {
      const started = performance.now()
      try {
        const { floor, endedTtlMs } = this.#calls
        const reply = await this.#calls.run.claim(
          { lock: keys },
          { token, attach, floor, ended_ttl_ms: endedTtlMs },
        )
        this.#calls.note(bucket, reply)
        if (reply.kind === 'nothing') return undefined
        return await deliver(this.#calls, request, reply, started, attach)
      } catch (error) {
        if (!(error instanceof StoreError) || performance.now() > waiter.deadlineAt) {
          if (!request.options.idempotency) {
            void abandon(this.#calls, { bucket, keys, token, attach: 1 })
          }
          throw error
        }
        await sleep(RETRY_MS)
      }
    }
  }

  /** A retry with the same key queued while this request was out of the queue: both get its lease. */
  #follow(waiter: Waiter): Promise<AcquireOutcome> {
    waiter.stop()
    const leftMs = waiter.deadlineAt - performance.now()
    return this.#ask(waiter, Math.max(1, Math.round(leftMs)))
  }

  /** From here on no heartbeat restores the waiter. */
  async #withdraw(waiter: Waiter): Promise<void> {
    waiter.stop()
    await waiter.restoring
  }

  async #timeOut(waiter: Waiter): Promise<AcquireOutcome> {
    const { keys, names, options } = waiter.request
    await this.#withdraw(waiter)
    const left = leave(this.#calls, waiter, 'timeout')
    left.catch(() => undoLater(this.#calls, waiter, options.idempotency !== undefined))
    // Granted at this moment: a late answer is better than a lease given away.
    if ((await left) === 'granted') {
      const granted = await this.#claim(waiter)
      if (granted) return granted
    }
    const lock = await this.#calls.run.inspect({ lock: keys[0] as string }, { max: 8 })
    return { kind: 'timeout', name: names[0] as string, lock }
  }
}
