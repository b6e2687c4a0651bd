import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type EntryKind, toKind } from '../entries/scripts.js'
import type { FenceOutdated } from '../entries/write-scripts.js'

export type IncrReply =
  | {
      readonly kind: 'counted'
      /** Nothing was there before. */
      readonly created: boolean
      readonly version: number
      /** Decimal text of 64 bits. */
      readonly value: string
      readonly replayed: boolean
    }
  | { readonly kind: 'kind-mismatch'; readonly found: EntryKind }
  /** The result would leave 64 bits; nothing changed. */
  | { readonly kind: 'overflow' }
  | { readonly kind: 'conflict' }
  /** What is there has yet to reach its origin. */
  | { readonly kind: 'outbox-pending' }
  /** `version` is that of what is there, 0 for nothing. */
  | { readonly kind: 'precondition-failed'; readonly version: number }
  | FenceOutdated

export const incrScript = defineScript({
  name: 'cache.incr',
  file: new URL('../scripts/incr.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'record?', 'fences?'],
  args: [
    'on_restart',
    'space',
    'name',
    'by',
    'first',
    'ttl_ms',
    'idle_ms',
    'condition',
    'fingerprint',
    'record_ttl_ms',
    'fence?',
  ],
  outcomes: [
    'created',
    'counted',
    'kind-mismatch',
    'overflow',
    'conflict',
    'precondition-failed',
    'outbox-pending',
    'fence-outdated',
  ],
  decode(reply, outcome): IncrReply {
    const parts = list(reply, 3)
    const [, version, replayed] = integers(parts.slice(0, 3), 3)
    const value = String(parts[3])
    switch (outcome) {
      case 'created':
      case 'counted': {
        const [created, again] = [outcome === 'created', replayed === 1]
        return { kind: 'counted', created, version, value, replayed: again }
      }
      case 'kind-mismatch':
        return { kind: outcome, found: toKind(version) }
      case 'precondition-failed':
        return { kind: outcome, version }
      case 'fence-outdated':
        return { kind: outcome, highest: version }
      default:
        return { kind: outcome }
    }
  },
})
