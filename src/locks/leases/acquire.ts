import type { Client } from '../../domain.js'
import { isUnknown } from '../../redis/errors.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { remainingMs } from '../../redis/remaining.js'
import type { LockCalls, Place } from '../lock-calls.js'
import type { LeaseMode } from '../lock-state.js'
import { abandon, leave, undo } from '../queue/abandon.js'
import type { AcquireOutcome } from './outcomes.js'
import type { AcquireReply, GrantReply, QueuedReply } from './scripts.js'

export interface AcquireOptions {
  /** 0 with a session: no end but that of the session. */
  readonly ttlMs: number
  readonly sessionId?: string | undefined
  /** How long to wait in the queue; 0 not at all. */
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
  /** With so many waiters already, the request is refused; undefined: no bound. */
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

/** Sent as arguments of their own, with other options, or not at all. */
type Apart = 'ttlMs' | 'waitMs' | 'maxQueue' | 'caller' | 'idempotency' | 'connection'
type Sent = Exclude<keyof AcquireOptions, Apart>

/** The name of each option in scripts/acquire.lua, and its default there. */
const FIELDS: { readonly [K in Sent]-?: readonly [field: string, initial: AcquireOptions[K]] } = {
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
  for (const [option, field, initial] of SENT) {
    const value = options[option]
    if (value !== undefined && value !== initial) record[field] = value
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

/** One acquire. */
export interface LeaseRequest extends Place {
  readonly options: AcquireOptions
  /** The options as the scripts take them. */
  readonly record: string
}

/** Sends the acquire until Redis has ended everything that is over. */
export async function ask(
  calls: LockCalls,
  { bucket, keys, options, record }: LeaseRequest,
  token: string,
  waitMs: number,
) {
  try {
    for (;;) {
      const reply = await calls.run.acquire(
        { lock: keys },
        {
          token,
          ttl_ms: options.ttlMs,
          wait_ms: waitMs,
          max_queue: options.maxQueue,
          options: record,
          floor: calls.floor,
          ended_ttl_ms: calls.endedTtlMs,
        },
      )
      calls.note(bucket, reply)
      if (reply.kind !== 'again') return reply
    }
  } catch (error) {
    // With a key the repeat finds what this call did; without one nobody could release the lease.
    if (!options.idempotency && isUnknown(error)) {
      void abandon(calls, { bucket, keys, token, attach: 1 })
    }
    throw error
  }
}

/** @param started when the request was sent */
export const settle = (
  calls: LockCalls,
  request: LeaseRequest,
  reply: Exclude<AcquireReply, QueuedReply | { kind: 'again' }>,
  started: number,
): AcquireOutcome | Promise<AcquireOutcome> =>
  'token' in reply ? deliver(calls, request, reply, started, reply.attach) : reply

/** Gives the lease to a client that still listens, with time left; otherwise releases it. */
export function deliver(
  calls: LockCalls,
  request: LeaseRequest,
  reply: GrantReply,
  started: number,
  attach: number,
): AcquireOutcome | Promise<AcquireOutcome> {
  const { token, fences, mode, waitedMs, holdCount } = reply
  calls.saw(fences)
  const expiresInMs = remainingMs(reply.ttlMs, started)
  const replayed = reply.kind === 'replayed'
  const late = expiresInMs <= 0 && !replayed
  if (late || request.options.connection?.destroyed) {
    return giveBack(calls, request, reply, attach)
  }
  return { kind: 'granted', token, fences, mode, expiresInMs, waitedMs, holdCount, replayed }
}

async function giveBack(
  calls: LockCalls,
  { bucket, keys, options: { connection, idempotency } }: LeaseRequest,
  { token, fences }: GrantReply,
  attach: number,
): Promise<AcquireOutcome> {
  const target = { bucket, keys, token, attach }
  if (connection?.destroyed) {
    await undo(calls, target, idempotency !== undefined)
    return { kind: 'gone' }
  }
  await leave(calls, target, 'cancel')
  return { kind: 'ended', how: 'expired', fence: fences[0] as number, reason: '' }
}
