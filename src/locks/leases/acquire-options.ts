import type { Client } from '../../domain.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { LeaseMode } from '../lock-state.js'

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
    record.memo = idempotency.digest
    record.fingerprint = idempotency.fingerprint
    record.memo_ttl_ms = idempotency.ttlMs
  }
  if (waitMs || idempotency) {
    record.instance = instance
    if (options.ttlMs > 0) record.ttl_ms = options.ttlMs
  }
  // Most requests keep every default, and then nothing is sent or decoded.
  for (const _ in record) return JSON.stringify(record)
  return ''
}
