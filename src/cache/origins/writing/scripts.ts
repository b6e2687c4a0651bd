import { integers, list } from '../../../redis/reply.js'
import { defineScript } from '../../../redis/script.js'

export type BeginReply =
  | {
      readonly kind: 'begun'
      /** The clock of the begin, which proves the write to the scripts that end it. */
      readonly clk: number
      /** Of the value that is there, 0 for none. */
      readonly version: number
      /** The clock at which the same request first began, by its idempotency key. */
      readonly first: number
      /** What the origin calls the value that the condition was compared with, see validator.ts. */
      readonly validator: string | undefined
    }
  /** The origin took the same request before; `version` that it was stored under, 0 for none. */
  | { readonly kind: 'created' | 'replaced'; readonly version: number }
  | { readonly kind: 'precondition-failed'; readonly version: number }
  /** There is nothing to compare the condition with. */
  | { readonly kind: 'miss' }
  /** The idempotency key was used for another request. */
  | { readonly kind: 'conflict' }
  /** What is there has yet to reach the origin by its outbox. */
  | { readonly kind: 'outbox-pending' }

export const beginScript = defineScript({
  name: 'cache.write-begin',
  file: new URL('../../scripts/write-begin.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'record?'],
  args: [
    'on_restart',
    'space',
    'name',
    'condition',
    'idle_ms',
    'served_ms',
    'lasts_ms',
    'max_notes',
    'fingerprint',
    'record_ttl_ms',
  ],
  outcomes: [
    'created',
    'replaced',
    'begun',
    'precondition-failed',
    'miss',
    'conflict',
    'outbox-pending',
  ],
  decode(reply, outcome): BeginReply {
    const parts = list(reply, 5)
    const [, clk, version, first] = integers(parts.slice(0, 4), 4)
    switch (outcome) {
      case 'begun':
        return { kind: outcome, clk, version, first, validator: String(parts[4]) || undefined }
      case 'created':
      case 'replaced':
      case 'precondition-failed':
        return { kind: outcome, version }
      default:
        return { kind: outcome }
    }
  },
})

export type FinishReply =
  | { readonly kind: 'stored'; readonly version: number }
  /** Another write, or an invalidation, may have come between: the key holds nothing. */
  | { readonly kind: 'dropped' }

export const finishScript = defineScript({
  name: 'cache.write-finish',
  file: new URL('../../scripts/write-finish.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'record?'],
  args: [
    'on_restart',
    'space',
    'name',
    'clk',
    'store',
    'negative',
    'ttl_ms',
    'stale_ms',
    'error_ms',
    'type',
    'encoding',
    'tags',
    'fingerprint',
    'record_ttl_ms',
    'outcome',
    'payload',
  ],
  outcomes: ['stored', 'dropped'],
  decode(reply, outcome): FinishReply {
    const [, version] = integers(reply, 2)
    return outcome === 'stored' ? { kind: outcome, version } : { kind: outcome }
  },
})

export const refusedScript = defineScript({
  name: 'cache.write-refused',
  file: new URL('../../scripts/write-refused.lua', import.meta.url),
  keys: ['clock', 'lease'],
  args: ['on_restart', 'space', 'name', 'clk'],
  outcomes: ['taken-back', 'gone'],
  /** @returns whether its note was there */
  decode(reply, outcome): boolean {
    integers(reply, 1)
    return outcome === 'taken-back'
  },
})

export const unknownScript = defineScript({
  name: 'cache.write-unknown',
  file: new URL('../../scripts/write-unknown.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values'],
  args: ['on_restart', 'space', 'name', 'clk', 'apply_within_ms', 'max_notes'],
  decode: (reply): number => integers(reply, 1)[0],
})
