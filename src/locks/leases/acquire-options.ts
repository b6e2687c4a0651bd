import type { Idempotency } from '../../redis/idempotency.js'
import type { LeaseMode } from '../lock-state.js'
import type { Connection } from '../queue/wait-list.js'

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
  readonly maxQueue?: number | undefined
  readonly priority?: number | undefined
  /** Permits of a semaphore, and the capacity its callers agree on. */
  readonly permits?: number | undefined
  readonly capacity?: number | undefined
  /** Id of the stream that carries the lease. */
  readonly hold?: string | undefined
  readonly idempotency?: Idempotency | undefined
  /** Whether the client still listens. */
  readonly connection?: Connection | undefined
}

/** What scripts/acquire.lua takes where nothing is said. */
const DEFAULT_MAX_QUEUE = 10_000

/** '' where everything is at its default, so that the common request stays small. */
export function toRecord(options: AcquireOptions, instance: string): string {
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
  if (options.sessionId !== undefined) record.session = options.sessionId
  if (options.hold !== undefined) record.hold = options.hold
  if (options.permits !== undefined) record.permits = options.permits
  if (options.capacity !== undefined) record.capacity = options.capacity
  if (idempotency) {
    record.memo = idempotency.digest
    record.fingerprint = idempotency.fingerprint
    record.memo_ttl_ms = idempotency.ttlMs
  }
  if (waitMs || idempotency) {
    record.instance = instance
    if (options.ttlMs > 0) record.ttl_ms = options.ttlMs
  }
  for (const _ in record) return JSON.stringify(record)
  return ''
}
