import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type Entry, type EntryState, toEntry } from './scripts.js'

/** A change came with a higher fence of the same lock before. */
export interface FenceOutdated {
  readonly kind: 'fence-outdated'
  readonly highest: number
}

export type WriteReply =
  | {
      readonly kind: 'created' | 'replaced'
      readonly version: number
      readonly replayed: boolean
    }
  /** `version` is that of what is there, 0 for nothing. */
  | {
      readonly kind: 'precondition-failed'
      readonly version: number
      readonly entry: Entry | undefined
    }
  /** What is there has yet to reach its origin. */
  | { readonly kind: 'outbox-pending' }
  | { readonly kind: 'lease-lost' }
  /** The idempotency key, or the lease, was used for another request. */
  | { readonly kind: 'conflict' }
  | FenceOutdated

export const writeScript = defineScript({
  name: 'cache.write',
  file: new URL('../scripts/write.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'record?', 'fences?'],
  args: [
    'on_restart',
    'space',
    'name',
    'fill',
    'condition',
    'show_bytes',
    'negative',
    'ttl_ms',
    'stale_ms',
    'error_ms',
    'idle_ms',
    'type',
    'encoding',
    'tags',
    'fingerprint',
    'record_ttl_ms',
    'fence?',
    'payload',
  ],
  outcomes: [
    'created',
    'replaced',
    'precondition-failed',
    'lease-lost',
    'conflict',
    'outbox-pending',
    'fence-outdated',
  ],
  buffers: true,
  decode(reply, outcome): WriteReply {
    const parts = list(reply, 3)
    const [, version, replayed] = integers(parts.slice(0, 3), 3)
    switch (outcome) {
      case 'created':
      case 'replaced':
        return { kind: outcome, version, replayed: replayed === 1 }
      case 'precondition-failed':
        return { kind: outcome, version, entry: toEntry(parts[3] as Buffer, parts[4] as Buffer) }
      case 'fence-outdated':
        return { kind: outcome, highest: version }
      default:
        return { kind: outcome }
    }
  },
})

export type RemoveReply =
  | { readonly kind: 'removed' }
  | { readonly kind: 'precondition-failed'; readonly version: number }
  | { readonly kind: 'outbox-pending' }
  | FenceOutdated

export const removeScript = defineScript({
  name: 'cache.remove',
  file: new URL('../scripts/remove.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'fences?'],
  args: ['on_restart', 'space', 'name', 'condition', 'idle_ms', 'invalidates', 'fence?'],
  outcomes: ['removed', 'precondition-failed', 'outbox-pending', 'fence-outdated'],
  decode(reply, outcome): RemoveReply {
    const [, version] = integers(reply, 2)
    if (outcome === 'fence-outdated') return { kind: outcome, highest: version }
    return outcome === 'precondition-failed' ? { kind: outcome, version } : { kind: outcome }
  },
})

export interface TouchReply {
  /** Only a `fresh` value was touched; `refused`: the condition does not hold. */
  readonly state: EntryState | 'refused' | 'outbox-pending'
  /** 0 for a miss. */
  readonly version: number
}

export const touchScript = defineScript({
  name: 'cache.touch',
  file: new URL('../scripts/touch.lua', import.meta.url),
  keys: ['clock', 'entry', 'values'],
  args: ['on_restart', 'space', 'name', 'ttl_ms', 'jitter_ms', 'idle_ms', 'condition'],
  outcomes: ['fresh', 'miss', 'stale', 'negative', 'refused', 'outbox-pending'],
  decode(reply, state): TouchReply {
    const [, version] = integers(reply, 2)
    return { state, version }
  },
})
