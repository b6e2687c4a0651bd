import type { Client } from '../../domain.js'
import { isUnknown } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { remainingMs } from '../../redis/remaining.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { LeaseMode } from '../lock-state.js'
import type { AbandonedRequests } from '../queue/abandoned-requests.js'
import { type AcquireOutcome, toRefusal } from './outcomes.js'
import type { AcquireAnswer, GrantReply } from './scripts.js'

export interface AcquireOptions {
  /** 0 with a session: no end but that of the session. */
  readonly ttlMs: number
  readonly sessionId?: string | undefined
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
  /** How many may wait already where this request would as well; without it there is no bound. */
  readonly maxQueue?: number | undefined
  readonly priority?: number | undefined
  /** Permits of a semaphore, and the capacity its callers agree on. */
  readonly permits?: number | undefined
  readonly capacity?: number | undefined
  /** Id of the stream that carries the lease. */
  readonly hold?: string | undefined
  readonly idempotency?: Idempotency | undefined
  /** Whether the client still listens. */
  readonly connection?: Client | undefined
}

/** Sent as arguments, with other options, or not at all. */
type Apart = 'ttlMs' | 'waitMs' | 'maxQueue' | 'caller' | 'idempotency' | 'connection'
type Sent = Exclude<keyof AcquireOptions, Apart>

/** How scripts/acquire.lua spells each option, and the value that it takes where nothing is said. */
const FIELDS: { readonly [K in Sent]-?: readonly [field: string, usual: AcquireOptions[K]] } = {
  sessionId: ['session', undefined],
  mode: ['mode', 'exclusive'],
  owner: ['owner', undefined],
  metadata: ['metadata', undefined],
  reentrant: ['reentrant', false],
  minHoldMs: ['min_hold_ms', 0],
  maxHoldMs: ['max_hold_ms', undefined],
  lockDelayMs: ['lock_delay_ms', 0],
  priority: ['priority', 0],
  permits: ['permits', undefined],
  capacity: ['capacity', undefined],
  hold: ['hold', undefined],
}
const SENT = (Object.keys(FIELDS) as Sent[]).map((option) => [option, ...FIELDS[option]] as const)

/** '' where everything is at its default, so that the common request stays small. */
export function toRecord(options: AcquireOptions, instance: string): string {
  const record: Record<string, unknown> = {}
  for (const [option, field, usual] of SENT) {
    const value = options[option]
    if (value !== undefined && value !== usual) record[field] = value
  }
  const { owner, caller, waitMs, idempotency } = options
  if (owner !== undefined) record.caller = caller ?? ''
  if (idempotency) {
    record.digest = idempotency.digest
    record.fingerprint = idempotency.fingerprint
    record.record_ttl_ms = idempotency.ttlMs
  }
  if (waitMs || idempotency) {
    record.instance = instance
    if (options.ttlMs > 0) record.ttl_ms = options.ttlMs
  }
  // Most requests keep every default, and then nothing is sent or decoded.
  for (const _ in record) return JSON.stringify(record)
  return ''
}

/** Asks for a lease, and hands over what is granted, or gives it back. */
export class Acquirer {
  readonly #calls: LockCalls
  readonly #abandoned: AbandonedRequests

  constructor(calls: LockCalls, abandoned: AbandonedRequests) {
    this.#calls = calls
    this.#abandoned = abandoned
  }

  async ask(
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
            floor: this.#calls.floor,
            ended_ttl_ms: this.#calls.endedTtlMs,
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

  settle(
    place: Place,
    options: AcquireOptions,
    reply: Exclude<AcquireAnswer, { outcome: 'queued' }>,
    started: number,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    return 'token' in reply
      ? this.deliver(place, options, reply, started, reply.attach)
      : toRefusal(reply)
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
}
