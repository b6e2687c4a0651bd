import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../../redis/errors.js'
import { randomToken } from '../../redis/random.js'
import type { AcquireOptions, Acquirer } from '../leases/acquirer.js'
import type { AcquireOutcome } from '../leases/outcomes.js'
import type { AcquireAnswer } from '../leases/scripts.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { AbandonedRequests } from './abandoned-requests.js'
import { Waiter, type WaitList } from './wait-list.js'

const RETRY_MS = 250

type Queued = Extract<AcquireAnswer, { outcome: 'queued' }>

/** The way of an acquire that may have to wait: ask, stand in line, claim. */
export class QueuedRequests {
  readonly #calls: LockCalls
  readonly #waitList: WaitList
  readonly #abandoned: AbandonedRequests
  readonly #acquirer: Acquirer

  constructor(
    calls: LockCalls,
    waitList: WaitList,
    abandoned: AbandonedRequests,
    acquirer: Acquirer,
  ) {
    this.#calls = calls
    this.#waitList = waitList
    this.#abandoned = abandoned
    this.#acquirer = acquirer
  }

  acquire(
    place: Place,
    names: readonly string[],
    options: AcquireOptions,
    record: string,
    waitMs: number,
  ): Promise<AcquireOutcome> {
    const token = randomToken()
    // Known here before the script is sent: the message of the grant can overtake its answer.
    const waiter = new Waiter(place.bucket, place.keys, token, record)
    return this.#attended(waiter, options, async () => {
      const started = performance.now()
      const reply = await this.#acquirer.ask(place, token, record, options, waitMs)
      if (reply.outcome === 'queued') return this.#stand(waiter, names, options, reply)
      return this.#acquirer.settle(place, options, reply, started)
    })
  }

  /** A repeat without `waitMs` of a request that stands in line: it looks, and takes no place. */
  attach(
    { bucket, keys }: Place,
    names: readonly string[],
    options: AcquireOptions,
    record: string,
    reply: Queued,
  ): Promise<AcquireOutcome> {
    const waiter = new Waiter(bucket, keys, reply.token, record)
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

  async #stand(
    waiter: Waiter,
    names: readonly string[],
    options: AcquireOptions,
    { token, attach, ticket, leftMs }: Queued,
  ): Promise<AcquireOutcome> {
    if (token !== waiter.token) this.#waitList.rename(waiter, token)
    Object.assign(waiter, { attach, ticket, stands: true })
    waiter.waitFor(leftMs)
    for (;;) {
      const why = await waiter.next()
      switch (why) {
        case 'announced': {
          const granted = await this.#claim(waiter, options)
          if (granted) return granted
          // Redis may be silent just now: the next heartbeat tries again.
          await this.#waitList.restore(waiter).catch(() => undefined)
          break
        }
        case 'handed': {
          const { grant, askedAt } = waiter.handed as NonNullable<typeof waiter.handed>
          return this.#acquirer.deliver(waiter, options, grant, askedAt, waiter.attach)
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

  /** Repeated while the answer is unknown: an announced grant that is not claimed expires after 2 s. */
  async #claim(waiter: Waiter, options: AcquireOptions): Promise<AcquireOutcome | undefined> {
    const { bucket, keys, token, attach } = waiter
    for (;;) {
      const started = performance.now()
      try {
        const { floor, endedTtlMs } = this.#calls
        const reply = await this.#calls.run.claim(
          { lock: keys },
          { token, attach, floor, ended_ttl_ms: endedTtlMs },
        )
        this.#calls.note(bucket, reply)
        if (reply.outcome === 'nothing') return undefined
        return await this.#acquirer.deliver(waiter, options, reply, started, attach)
      } catch (error) {
        if (!(error instanceof StoreError) || performance.now() > waiter.deadlineAt) {
          if (!options.idempotency) void this.#abandoned.abandon({ bucket, keys, token, attach: 1 })
          throw error
        }
        await sleep(RETRY_MS)
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
    const reply = await this.#acquirer.ask(waiter, waiter.token, waiter.record, options, leftMs)
    if (reply.outcome === 'queued') return this.#stand(waiter, names, options, reply)
    return this.#acquirer.settle(waiter, options, reply, started)
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
      const granted = await this.#claim(waiter, options)
      if (granted) return granted
    }
    const name = names[0] as string
    const lock = await this.#calls.run.inspect({ lock: waiter.keys[0] as string }, { max: 8 })
    return { kind: 'timeout', name, lock }
  }
}
