import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type Entry, type EntryState, toEntry, toState } from './entry.js'

export type WriteReply =
  | {
      readonly outcome: 'created' | 'replaced'
      readonly version: number
      readonly replayed: boolean
    }
  /** `version` is that of what is there, 0 for nothing. */
  | {
      readonly outcome: 'precondition-failed'
      readonly version: number
      readonly entry: Entry | undefined
    }
  | { readonly outcome: 'lease-lost' }
  /** The idempotency key, or the lease, was used for another request. */
  | { readonly outcome: 'conflict' }

export const writeScript = defineScript({
  name: 'cache.write',
  file: new URL('../scripts/write.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'memo?'],
  args: [
    'seed',
    'on_restart',
    'space',
    'name',
    'fill',
    'fill_digest',
    'match',
    'none',
    'show',
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
    'memo_ttl_ms',
    'payload',
  ],
  buffers: true,
  decode(reply): WriteReply {
    const parts = list(reply, 5)
    const [outcome, version, replayed] = integers(parts.slice(0, 3), 3) as [number, number, number]
    switch (outcome) {
      case 1:
        return { outcome: 'created', version, replayed: replayed === 1 }
      case 2:
        return { outcome: 'replaced', version, replayed: replayed === 1 }
      case 3:
        return {
          outcome: 'precondition-failed',
          version,
          entry: toEntry(parts[3] as Buffer, parts[4] as Buffer),
        }
      case 4:
        return { outcome: 'lease-lost' }
      case 5:
        return { outcome: 'conflict' }
      default:
        throw new TypeError(`unknown outcome ${outcome} of cache.write`)
    }
  },
})

export type RemoveReply =
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'precondition-failed'; readonly version: number }

export const removeScript = defineScript({
  name: 'cache.remove',
  file: new URL('../scripts/remove.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values'],
  args: ['seed', 'on_restart', 'space', 'name', 'match', 'none', 'idle_ms'],
  decode(reply): RemoveReply {
    const [outcome, version] = integers(reply, 2) as [number, number]
    return outcome === 1 ? { outcome: 'removed' } : { outcome: 'precondition-failed', version }
  },
})

export interface TouchReply {
  /** Only what is `fresh` was touched; `refused`: the condition does not hold. */
  readonly state: EntryState | 'refused'
  /** 0 for a miss. */
  readonly version: number
}

export const touchScript = defineScript({
  name: 'cache.touch',
  file: new URL('../scripts/touch.lua', import.meta.url),
  keys: ['clock', 'entry', 'values'],
  args: ['seed', 'on_restart', 'space', 'name', 'ttl_ms', 'jitter_ms', 'idle_ms', 'match', 'none'],
  decode(reply): TouchReply {
    const [state, version] = integers(reply, 2) as [number, number]
    return { state: state === 4 ? 'refused' : toState(state), version }
  },
})
