import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../redis/errors.js'
import type { Idempotency } from '../redis/idempotency.js'
import { randomToken } from '../redis/random.js'
import { type Calls, type Place, remaining } from './calls.js'
import type { AcquireReply, GrantReply } from './scripts.js'
import type { LeaseEnd, LeaseMode, Snapshot } from './snapshot.js'
import { type Connection, Waiter, type Waiting } from './waiting.js'

export interface AcquireOptions {
  readonly ttlMs: number
  /** How long to stand in the queue; 0 not at all. */
  readonly waitMs?: number | undefined
  readonly mode?: LeaseMode | undefined
  readonly owner?: string | undefined
  /** Name of the bearer token: owners are equal only within the same one. */
  readonly caller?: string | undefined
  /** Serialized JSON, at most 1 KiB. */
  readonly metadata?: string | undefined
  readonly reentrant?: boolean | undefined
  readonly minHoldMs?: number | undefined
  readonly maxHoldMs?: number | undefined
  readonly lockDelayMs?: number | undefined
  readonly maxQueue?: number | undefined
  readonly priority?: number | undefined
  /** Permits of a semaphore, and the capacity its callers agree on. */
  readonly permits?: number | undefined
  readonly capacity?: number | undefined
  readonly idempotency?: Idempotency | undefined
  /** Whether the client still listens. */
  readonly connection?: Connection | undefined
}

export interface Granted {
  readonly kind: 'granted'
  readonly token: string
  readonly fences: readonly number[]
  readonly mode: LeaseMode
  readonly expiresInMs: number
  readonly waitedMs: number
  readonly holdCount: number
  readonly replayed: boolean
}

export type AcquireOutcome =
  | Granted
  | {
      readonly kind: 'held' | 'cooling' | 'timeout'
      readonly name: string
      readonly lock: Snapshot
    }
  | { readonly kind: 'ended'; how: LeaseEnd; fence: number; reason: string }
  | { readonly kind: 'queue-full'; readonly queueLength: number }
  | { readonly kind: 'capacity-mismatch' | 'unsatisfiable'; readonly capacity: number }
  | {
      readonly kind:
        | 'conflict'
        | 'mode-mismatch'
        | 'session-ended'
        | 'session-full'
        | 'cross-slot'
        | 'draining'
        | 'gone'
    }

/** One of the connections that wait for the same token: the newest counts. */
type Attachment = Pick<Waiter, 'token' | 'attach'>
type Leaving = 'timeout' | 'cancel' | 'detach' | 'abandon'

/** What scripts/acquire.lua takes where nothing is said. */
const DEFAULT_MAX_QUEUE = 10_000
/** A place, or a grant nobody collected, is kept so long for the repeat of a keyed request. */
const KEEP_PLACE_MS = 10_000
/** A call that was given up on arrives, if at all, before this has passed. */
const ABANDONED_MS = 60_000
const RETRY_MS = 250
const UNDO_TRIES = 20

/** The way of one acquire: ask, stand in line, claim, or undo what a lost client no longer wants. */
export class Acquiring {
  readonly #calls: Calls
  readonly #waiting: Waiting
  readonly #instance: string

  constructor(calls: Calls, waiting: Waiting, instance: string) {
    this.#calls = calls
    this.#waiting = waiting
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
    reply: AcquireReply & { outcome: 'queued' },
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
    this.#waiting.add(waiter)
    try {
      if (connection?.destroyed) onClose()
      return await work()
    } finally {
      waiter.stop()
      this.#waiting.remove(waiter)
      connection?.off('close', onClose)
    }
  }

  async #ask(
    { bucket, keys }: Place,
    token: string,
    record: string,
    { ttlMs, idempotency }: AcquireOptions,
    waitMs: number,
  ): Promise<AcquireReply> {
    try {
      const reply = await this.#calls.run.acquire(
        { lock: keys },
        { token, ttl_ms: ttlMs, wait_ms: waitMs, options: record, ...this.#calls.common() },
      )
      this.#calls.note(bucket, reply)
      return reply
    } catch (error) {
      // With a key the repeat finds what this call did; without one nobody would ever release it.
      if (!idempotency && error instanceof StoreError && error.code === 'outcome-unknown') {
        void this.#abandon(bucket, keys, token)
      }
      throw error
    }
  }

  #abandon(bucket: Place['bucket'], keys: readonly string[], token: string): Promise<void> {
    return this.#leaveLater({ bucket, keys, token, attach: 1 }, 'abandon', ABANDONED_MS)
  }

  /** A place that nobody leaves would cost those behind it the 2 s of a grant that lapses. */
  async #leaveLater(
    ...undo: [target: Place & Attachment, how: Leaving, keepMs: number]
  ): Promise<void> {
    for (let i = 0; i < UNDO_TRIES; i++) {
      try {
        await this.#leave(...undo)
        return
      } catch {
        await sleep(RETRY_MS * 2, undefined, { ref: false })
      }
    }
  }

  /** For a client that no longer listens: at once, or as soon as Redis answers again. */
  async #undo(target: Place & Attachment, idempotency: Idempotency | undefined): Promise<void> {
    const how = undoOf(idempotency)
    await this.#leave(target, ...how).catch(() => void this.#leaveLater(target, ...how))
  }

  #settle(
    place: Place,
    options: AcquireOptions,
    reply: Exclude<AcquireReply, { outcome: 'queued' }>,
    started: number,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    return 'token' in reply
      ? this.#deliver(place, options, reply, started, reply.attach)
      : toRefusal(reply)
  }

  /** The lease goes to a client that is there, with time left; otherwise it is given back. */
  #deliver(
    place: Place,
    options: AcquireOptions,
    reply: GrantReply,
    started: number,
    attach: number,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    const { token, fences, mode, waitedMs, holdCount, outcome } = reply
    this.#calls.saw(fences)
    const expiresInMs = remaining(reply.ttlMs ?? Number.MAX_SAFE_INTEGER, started)
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
      await this.#undo({ bucket, keys, token, attach }, idempotency)
      return { kind: 'gone' }
    }
    await this.#leave({ bucket, keys, token, attach }, 'cancel', 0)
    return { kind: 'ended', how: 'expired', fence: fences[0] as number, reason: '' }
  }

  async #stand(
    waiter: Waiter,
    names: readonly string[],
    options: AcquireOptions,
    { token, attach, ticket, leftMs }: AcquireReply & { outcome: 'queued' },
  ): Promise<AcquireOutcome> {
    if (token !== waiter.token) this.#waiting.rename(waiter, token)
    Object.assign(waiter, { attach, ticket, stands: true })
    waiter.waitFor(leftMs)
    for (;;) {
      const why = await waiter.next()
      switch (why) {
        case 'announced': {
          const granted = await this.#claim(waiter, options)
          if (granted) return granted
          // Redis may be silent just now: the next beat tries again.
          await this.#waiting.restore(waiter).catch(() => undefined)
          break
        }
        case 'deadline':
          return this.#timeOut(waiter, names, options)
        case 'gone':
        case 'draining':
          await this.#withdraw(waiter)
          await this.#undo(waiter, options.idempotency)
          return { kind: why }
        case 'replaced':
          return this.#follow(waiter, names, options)
        case 'session-ended':
          return { kind: 'session-ended' }
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
    const left = this.#leave(waiter, 'timeout', 0)
    left.catch(() => this.#leaveLater(waiter, ...undoOf(options.idempotency)))
    // Granted in that very instant: better late than given away.
    if ((await left) === 'granted') {
      const granted = await this.#claim(waiter, options)
      if (granted) return granted
    }
    const name = names[0] as string
    const lock = await this.#calls.run.inspect(
      { lock: waiter.keys[0] as string },
      { now_guard: 0, max: 8 },
    )
    return { kind: 'timeout', name, lock }
  }

  /** Repeated while the answer is unknown: an announced grant that is not claimed lapses in 2 s. */
  async #claim(waiter: Waiter, options: AcquireOptions): Promise<AcquireOutcome | undefined> {
    const { bucket, keys, token } = waiter
    for (;;) {
      const started = performance.now()
      try {
        const reply = await this.#calls.run.claim(
          { lock: keys },
          { token, ...this.#calls.common() },
        )
        this.#calls.note(bucket, reply)
        if (reply.outcome === 'nothing') return undefined
        return await this.#deliver({ bucket, keys }, options, reply, started, waiter.attach)
      } catch (error) {
        if (!(error instanceof StoreError) || performance.now() > waiter.deadlineAt) {
          if (!options.idempotency) void this.#abandon(bucket, keys, token)
          throw error
        }
        await sleep(RETRY_MS)
      }
    }
  }

  async #leave({ bucket, keys, token, attach }: Place & Attachment, how: Leaving, keepMs: number) {
    const reply = await this.#calls.run.leave(
      { lock: keys },
      { token, attach, how, keep_ms: keepMs, ...this.#calls.common() },
    )
    this.#calls.note(bucket, reply)
    return reply.outcome
  }
}

const undoOf = (idempotency: Idempotency | undefined): ['detach' | 'cancel', number] =>
  idempotency ? ['detach', KEEP_PLACE_MS] : ['cancel', 0]

/** '' where everything is at its default, so that the common request stays small. */
function toRecord(options: AcquireOptions, instance: string): string {
  const { waitMs, owner, idempotency, maxQueue = DEFAULT_MAX_QUEUE } = options
  // Most requests keep every default, and then nothing is built, sent or decoded.
  const record: Record<string, unknown> = {}
  if (options.mode === 'shared') record.mode = options.mode
  if (owner !== undefined) {
    record.owner = owner
    record.caller = options.caller ?? ''
  }
  if (options.metadata !== undefined) record.metadata = options.metadata
  if (options.reentrant) record.reentrant = true
  if (options.minHoldMs) record.min_hold_ms = options.minHoldMs
  if (options.maxHoldMs !== undefined) record.max_hold_ms = options.maxHoldMs
  if (options.lockDelayMs) record.lock_delay_ms = options.lockDelayMs
  if (maxQueue !== DEFAULT_MAX_QUEUE) record.max_queue = maxQueue
  if (options.priority) record.priority = options.priority
  if (options.permits !== undefined) record.permits = options.permits
  if (options.capacity !== undefined) record.capacity = options.capacity
  if (idempotency) {
    record.memo = idempotency.digest
    record.fingerprint = idempotency.fingerprint
    record.memo_ttl_ms = idempotency.ttlMs
  }
  if (waitMs || idempotency) {
    record.instance = instance
    record.ttl_ms = options.ttlMs
  }
  for (const _ in record) return JSON.stringify(record)
  return ''
}

function toRefusal(
  reply: Exclude<AcquireReply, GrantReply | { outcome: 'queued' }>,
): AcquireOutcome {
  switch (reply.outcome) {
    case 'held':
    case 'cooling':
      return { kind: reply.outcome, name: reply.name, lock: reply.lock }
    case 'ended':
      return { kind: 'ended', how: reply.how, fence: reply.fence, reason: reply.reason }
    case 'queue-full':
      return { kind: 'queue-full', queueLength: reply.queueLength }
    case 'capacity-mismatch':
    case 'unsatisfiable':
      return { kind: reply.outcome, capacity: reply.capacity }
    case 'abandoned':
      return { kind: 'gone' }
    default:
      return { kind: reply.outcome }
  }
}
