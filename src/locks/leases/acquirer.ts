import { isUnknown } from '../../redis/errors.js'
import { randomToken } from '../../redis/random.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { AbandonedRequests } from '../queue/abandoned-requests.js'
import { GrantDelivery } from '../queue/grant-delivery.js'
import { Waiter, type WaitList } from '../queue/wait-list.js'
import { type AcquireOptions, toRecord } from './acquire-options.js'
import { type AcquireOutcome, toRefusal } from './outcomes.js'
import type { AcquireAnswer } from './scripts.js'

/** The way of one acquire: ask, stand in line, claim. */
export class Acquirer {
  readonly #calls: LockCalls
  readonly #waitList: WaitList
  readonly #abandoned: AbandonedRequests
  readonly #delivery: GrantDelivery
  readonly #instance: string

  constructor(
    calls: LockCalls,
    waitList: WaitList,
    abandoned: AbandonedRequests,
    instance: string,
  ) {
    this.#calls = calls
    this.#waitList = waitList
    this.#abandoned = abandoned
    this.#delivery = new GrantDelivery(calls, abandoned)
    this.#instance = instance
  }

  async acquire(
    place: Place,
    names: readonly string[],
    options: AcquireOptions,
  ): Promise<AcquireOutcome> {
    const token = randomToken()
    const record = toRecord(options, this.#instance)
    if (options.waitMs) return this.#waitInTurn(place, names, options, record, token)
    const started = performance.now()
    const reply = await this.#ask(place, token, record, options, 0)
    if (reply.outcome === 'queued') return this.#waitAgain(place, names, options, record, reply)
    return this.#settle(place, options, reply, started)
  }

  #waitInTurn(
    place: Place,
    names: readonly string[],
    options: AcquireOptions,
    record: string,
    token: string,
  ): Promise<AcquireOutcome> {
    // Known here before the script is sent: the message of the grant can overtake its answer.
    const waiter = new Waiter(place.bucket, place.keys, token, record)
    return this.#attended(waiter, options, async () => {
      const started = performance.now()
      const reply = await this.#ask(place, token, record, options, options.waitMs as number)
      if (reply.outcome !== 'queued') return this.#settle(place, options, reply, started)
      return this.#stand(waiter, names, options, reply)
    })
  }

  /** A repeat without `waitMs` of a request that stands in line: it looks, and takes no place. */
  async #waitAgain(
    place: Place,
    names: readonly string[],
    options: AcquireOptions,
    record: string,
    reply: AcquireAnswer & { outcome: 'queued' },
  ): Promise<AcquireOutcome> {
    const waiter = new Waiter(place.bucket, place.keys, reply.token, record)
    return this.#attended(waiter, options, () => this.#stand(waiter, names, options, reply))
  }

  async #attended(
    waiter: Waiter,
    { connection }: AcquireOptions,
    work: () => Promise<AcquireOutcome>,
  ): Promise<AcquireOutcome> {
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

  async #ask(
    { bucket, keys }: Place,
    token: string,
    record: string,
    { ttlMs, maxQueue, idempotency }: AcquireOptions,
    waitMs: number,
  ): Promise<AcquireAnswer> {
    try {
      for (;;) {
        const reply = await this.#calls.run.acquire(
          { lock: keys },
          {
            token,
            ttl_ms: ttlMs,
            wait_ms: waitMs,
            max_queue: maxQueue,
            options: record,
            ...this.#calls.common(),
          },
        )
        this.#calls.note(bucket, reply)
        if (reply.outcome !== 'again') return reply
      }
    } catch (error) {
      // With a key the repeat finds what this call did; without one nobody would ever release it.
      if (!idempotency && isUnknown(error)) {
        void this.#abandoned.abandon({ bucket, keys, token, attach: 1 })
      }
      throw error
    }
  }

  #settle(
    place: Place,
    options: AcquireOptions,
    reply: Exclude<AcquireAnswer, { outcome: 'queued' }>,
    started: number,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    return 'token' in reply
      ? this.#delivery.deliver(place, options, reply, started, reply.attach)
      : toRefusal(reply)
  }

  async #stand(
    waiter: Waiter,
    names: readonly string[],
    options: AcquireOptions,
    { token, attach, ticket, leftMs }: AcquireAnswer & { outcome: 'queued' },
  ): Promise<AcquireOutcome> {
    if (token !== waiter.token) this.#waitList.rename(waiter, token)
    Object.assign(waiter, { attach, ticket, stands: true })
    waiter.waitFor(leftMs)
    for (;;) {
      const why = await waiter.next()
      switch (why) {
        case 'announced': {
          const granted = await this.#delivery.claim(waiter, options)
          if (granted) return granted
          // Redis may be silent just now: the next beat tries again.
          await this.#waitList.restore(waiter).catch(() => undefined)
          break
        }
        case 'handed': {
          const { grant, askedAt } = waiter.handed as NonNullable<typeof waiter.handed>
          return this.#delivery.deliver(waiter, options, grant, askedAt, waiter.attach)
        }
        case 'deadline':
          return this.#timeOut(waiter, names, options)
        case 'gone':
        case 'draining':
          await this.#withdraw(waiter)
          await this.#abandoned.undo(waiter, options.idempotency !== undefined)
          return { kind: why }
        case 'replaced':
          return this.#follow(waiter, names, options)
        case 'session-ended':
        case 'mode-mismatch':
          return { kind: why }
        case 'unsatisfiable':
          return { kind: 'unsatisfiable', capacity: 0 }
      }
    }
  }

  /** Its key belongs to a repeat by now, made while it had no place: both get the same lease. */
  async #follow(
    waiter: Waiter,
    names: readonly string[],
    options: AcquireOptions,
  ): Promise<AcquireOutcome> {
    waiter.stop()
    const started = performance.now()
    const leftMs = Math.max(1, Math.round(waiter.deadlineAt - started))
    const reply = await this.#ask(waiter, waiter.token, waiter.record, options, leftMs)
    if (reply.outcome === 'queued') return this.#stand(waiter, names, options, reply)
    return this.#settle(waiter, options, reply, started)
  }

  /** Nothing puts the waiter back from here on. */
  async #withdraw(waiter: Waiter): Promise<void> {
    waiter.stop()
    await waiter.restoring
  }

  async #timeOut(
    waiter: Waiter,
    names: readonly string[],
    options: AcquireOptions,
  ): Promise<AcquireOutcome> {
    await this.#withdraw(waiter)
    const left = this.#abandoned.leave(waiter, 'timeout')
    left.catch(() => this.#abandoned.undoLater(waiter, options.idempotency !== undefined))
    // Granted in that very instant: better late than given away.
    if ((await left) === 'granted') {
      const granted = await this.#delivery.claim(waiter, options)
      if (granted) return granted
    }
    const name = names[0] as string
    const lock = await this.#calls.run.inspect({ lock: waiter.keys[0] as string }, { max: 8 })
    return { kind: 'timeout', name, lock }
  }
}
