import { integer, integers, list } from '../../../redis/reply.js'
import { defineScript } from '../../../redis/script.js'

export type PutReply =
  | {
      readonly kind: 'created' | 'replaced'
      readonly version: number
      readonly replayed: boolean
    }
  /** `version` is that of what is there, 0 for nothing. */
  | { readonly kind: 'precondition-failed'; readonly version: number }
  /** There is nothing to compare the condition with. */
  | { readonly kind: 'miss' }
  /** The idempotency key was used for another request. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'full' }

export const putScript = defineScript({
  name: 'cache.outbox-put',
  file: new URL('../../scripts/outbox-put.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'outbox', 'ages', 'pending', 'record?'],
  args: [
    'on_restart',
    'space',
    'name',
    'condition',
    'idle_ms',
    'negative',
    'ttl_ms',
    'stale_ms',
    'error_ms',
    'type',
    'encoding',
    'tags',
    'interval_ms',
    'max_pending',
    'max_bytes',
    'fingerprint',
    'record_ttl_ms',
    'payload',
  ],
  outcomes: ['created', 'replaced', 'precondition-failed', 'miss', 'conflict', 'full'],
  decode(reply, outcome): PutReply {
    const [, version, replayed] = integers(reply, 3)
    switch (outcome) {
      case 'created':
      case 'replaced':
        return { kind: outcome, version, replayed: replayed === 1 }
      case 'precondition-failed':
        return { kind: outcome, version }
      default:
        return { kind: outcome }
    }
  },
})

/** How far the origin of a space is behind. */
export interface OutboxState {
  /** Keys that will be sent. */
  readonly pending: number
  /** Keys that wait for an operator. */
  readonly failed: number
  /** Of the entries of both. */
  readonly bytes: number
  /** Since when the origin is behind; 0 where it is not. */
  readonly oldestMs: number
}

const toState = (parts: readonly unknown[]): OutboxState => {
  const [pending, failed, bytes, oldestMs] = integers(parts, 4)
  return { pending, failed, bytes, oldestMs }
}

export type ClaimReply = { readonly state: OutboxState } & (
  | { readonly kind: 'claimed'; readonly names: readonly string[] }
  /** Another instance delivers. */
  | { readonly kind: 'held'; readonly leftMs: number }
)

export const claimScript = defineScript({
  name: 'cache.outbox-claim',
  file: new URL('../../scripts/outbox-claim.lua', import.meta.url),
  keys: ['outbox', 'ages', 'pending', 'deliverer'],
  args: ['instance', 'token', 'most', 'lease_ms', 'ahead_ms', 'claim_ms'],
  outcomes: ['held', 'claimed'],
  decode(reply, outcome): ClaimReply {
    const parts = list(reply, 6)
    const state = toState(parts.slice(2, 6))
    const leftMs = integer(parts[1])
    return outcome === 'held'
      ? { kind: outcome, state, leftMs }
      : { kind: outcome, state, names: parts.slice(6).map(String) }
  },
})

/** lost: the claim is over. newer: the key was written again, and is due. */
export type SettleOutcome = 'lost' | 'settled' | 'newer'

export const settleScript = defineScript({
  name: 'cache.outbox-settle',
  file: new URL('../../scripts/outbox-settle.lua', import.meta.url),
  keys: ['clock', 'entry', 'outbox', 'ages', 'pending'],
  args: ['on_restart', 'space', 'name', 'token', 'version', 'drop', 'interval_ms'],
  outcomes: ['lost', 'settled', 'newer'],
  decode(reply, outcome): SettleOutcome {
    integers(reply, 1)
    return outcome
  },
})

/** lost: the claim is over. waits: it is due again. failed: it waits for an operator. */
export type FailOutcome = 'lost' | 'waits' | 'failed'

export const failScript = defineScript({
  name: 'cache.outbox-fail',
  file: new URL('../../scripts/outbox-fail.lua', import.meta.url),
  keys: ['entry', 'outbox', 'ages', 'pending'],
  args: [
    'name',
    'token',
    'version',
    'counts',
    'rest_ms',
    'max_attempts',
    'base_ms',
    'max_ms',
    'error',
  ],
  outcomes: ['lost', 'waits', 'failed'],
  decode(reply, outcome): FailOutcome {
    integers(reply, 1)
    return outcome
  },
})

const KEYS = ['outbox', 'ages', 'pending'] as const

export const stateScript = defineScript({
  name: 'cache.outbox-state',
  file: new URL('../../scripts/outbox-state.lua', import.meta.url),
  keys: KEYS,
  args: [],
  decode: (reply): OutboxState => toState(list(reply, 4)),
})

/** A write that waits for an operator. */
export interface FailedWrite {
  readonly key: string
  /** Answers of the origin. */
  readonly attempts: number
  /** Since the origin is behind. */
  readonly ageMs: number
  /** What happened last. */
  readonly error: string
}

export const failedScript = defineScript({
  name: 'cache.outbox-failed',
  file: new URL('../../scripts/outbox-failed.lua', import.meta.url),
  keys: KEYS,
  args: ['most'],
  // A large reply would delay the others of its batch.
  coalesce: false,
  decode(reply): FailedWrite[] {
    const parts = list(reply)
    const found: FailedWrite[] = []
    for (let at = 0; at < parts.length; at += 4) {
      const [attempts, ageMs] = integers(parts.slice(at + 1, at + 3), 2)
      found.push({ key: String(parts[at]), attempts, ageMs, error: String(parts[at + 3]) })
    }
    return found
  },
})

export const dueScript = defineScript({
  name: 'cache.outbox-due',
  file: new URL('../../scripts/outbox-due.lua', import.meta.url),
  keys: KEYS,
  args: ['skip', 'most', 'names[]'],
  coalesce: false,
  decode(reply): { readonly due: number; readonly skipped: number } {
    const [due, skipped] = integers(reply, 2)
    return { due, skipped }
  },
})

export const discardScript = defineScript({
  name: 'cache.outbox-discard',
  file: new URL('../../scripts/outbox-discard.lua', import.meta.url),
  keys: ['clock', 'entry', 'outbox', 'ages', 'pending'],
  args: ['on_restart', 'space', 'name'],
  outcomes: ['nothing', 'discarded'],
  /** @returns whether something was pending */
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'discarded'
  },
})
