import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type EntryKind, toKind } from '../entries/scripts.js'
import type { FenceOutdated } from '../entries/write-scripts.js'

/** The fields of an object or of a counter, which has one. */
export type FieldsReply =
  | {
      readonly kind: 'found'
      readonly version: number
      readonly ttlMs: number
      readonly fields: readonly (readonly [name: string, value: string])[]
    }
  | { readonly kind: 'miss' }
  | { readonly kind: 'kind-mismatch'; readonly found: EntryKind }

export const fieldsScript = defineScript({
  name: 'cache.fields',
  file: new URL('../scripts/fields.lua', import.meta.url),
  keys: ['clock', 'entry', 'values'],
  args: ['on_restart', 'space', 'kind', 'idle_ms', 'names[]'],
  outcomes: ['found', 'miss', 'kind-mismatch'],
  units: ({ names }) => Math.max(1, names.length),
  decode(reply, outcome): FieldsReply {
    const parts = list(reply, 3)
    const [, version, ttlMs] = integers(parts.slice(0, 3), 3)
    if (outcome === 'miss') return { kind: outcome }
    if (outcome === 'kind-mismatch') return { kind: outcome, found: toKind(version) }
    const fields: [string, string][] = []
    for (let i = 3; i < parts.length; i += 2) fields.push([String(parts[i]), String(parts[i + 1])])
    return { kind: outcome, version, ttlMs, fields }
  },
})

export type PatchReply =
  | {
      readonly kind: 'patched'
      /** Nothing was there before. */
      readonly created: boolean
      readonly version: number
      /** The values after the increments, in the order asked. */
      readonly sums: readonly string[]
      readonly replayed: boolean
    }
  | { readonly kind: 'kind-mismatch'; readonly found: EntryKind }
  | { readonly kind: 'conflict' }
  /** What is there has yet to reach its origin. */
  | { readonly kind: 'outbox-pending' }
  /** Nothing is there, and the patch sets or increments nothing. */
  | { readonly kind: 'miss' }
  | { readonly kind: 'overflow' | 'not-an-integer'; readonly field: string }
  | { readonly kind: 'too-large' | 'too-many-fields' }
  /** `version` is that of what is there, 0 for nothing. */
  | { readonly kind: 'precondition-failed'; readonly version: number }
  | FenceOutdated

export const patchScript = defineScript({
  name: 'cache.patch',
  file: new URL('../scripts/patch.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'record?', 'fences?'],
  args: [
    'on_restart',
    'space',
    'name',
    'ttl_ms',
    'first_ttl_ms',
    'idle_ms',
    'max_bytes',
    'max_fields',
    'condition',
    'fingerprint',
    'record_ttl_ms',
    'fence?',
    'change[].verb',
    'change[].field',
    'change[].value',
  ],
  outcomes: [
    'created',
    'patched',
    'kind-mismatch',
    'conflict',
    'miss',
    'overflow',
    'not-an-integer',
    'too-large',
    'too-many-fields',
    'precondition-failed',
    'outbox-pending',
    'fence-outdated',
  ],
  units: ({ change }) => 1 + change.length,
  decode(reply, outcome): PatchReply {
    const parts = list(reply, 3)
    const [, version, replayed] = integers(parts.slice(0, 3), 3)
    const rest = parts.slice(3).map(String)
    switch (outcome) {
      case 'created':
      case 'patched': {
        const [created, again] = [outcome === 'created', replayed === 1]
        return { kind: 'patched', created, version, sums: rest, replayed: again }
      }
      case 'kind-mismatch':
        return { kind: outcome, found: toKind(version) }
      case 'overflow':
      case 'not-an-integer':
        return { kind: outcome, field: String(rest[0]) }
      case 'precondition-failed':
        return { kind: outcome, version }
      case 'fence-outdated':
        return { kind: outcome, highest: version }
      default:
        return { kind: outcome }
    }
  },
})
