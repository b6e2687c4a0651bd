import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type EntryKind, toKind } from '../entries/entry.js'

/** The fields of an object or of a counter, which has one. */
export type FieldsReply =
  | {
      readonly outcome: 'found'
      readonly version: number
      readonly ttlMs: number
      readonly fields: readonly (readonly [name: string, value: string])[]
    }
  | { readonly outcome: 'miss' }
  | { readonly outcome: 'kind-mismatch'; readonly kind: EntryKind }

export const fieldsScript = defineScript({
  name: 'cache.fields',
  file: new URL('../scripts/fields.lua', import.meta.url),
  keys: ['clock', 'entry', 'values'],
  args: ['seed', 'on_restart', 'space', 'kind', 'idle_ms', 'names[]'],
  units: ({ names }) => Math.max(1, names.length),
  decode(reply): FieldsReply {
    const parts = list(reply, 3)
    const [outcome, version, ttlMs] = integers(parts.slice(0, 3), 3) as [number, number, number]
    if (outcome === 2) return { outcome: 'miss' }
    if (outcome === 3) return { outcome: 'kind-mismatch', kind: toKind(version) }
    const fields: [string, string][] = []
    for (let i = 3; i < parts.length; i += 2) fields.push([String(parts[i]), String(parts[i + 1])])
    return { outcome: 'found', version, ttlMs, fields }
  },
})

export type PatchReply =
  | {
      readonly outcome: 'patched'
      /** Nothing was there before. */
      readonly created: boolean
      readonly version: number
      /** What the increments came to, in the order asked. */
      readonly sums: readonly string[]
      readonly replayed: boolean
    }
  | { readonly outcome: 'kind-mismatch'; readonly kind: EntryKind }
  | { readonly outcome: 'conflict' }
  /** Nothing is there, and nothing to begin an object with was sent. */
  | { readonly outcome: 'miss' }
  | { readonly outcome: 'overflow' | 'not-an-integer'; readonly field: string }
  | { readonly outcome: 'too-large' | 'too-many-fields' }
  /** `version` is that of what is there, 0 for nothing. */
  | { readonly outcome: 'precondition-failed'; readonly version: number }

export const patchScript = defineScript({
  name: 'cache.patch',
  file: new URL('../scripts/patch.lua', import.meta.url),
  keys: ['clock', 'entry', 'lease', 'values', 'memo?'],
  args: [
    'seed',
    'on_restart',
    'space',
    'name',
    'ttl_ms',
    'first_ttl_ms',
    'idle_ms',
    'max_bytes',
    'max_fields',
    'match',
    'none',
    'fingerprint',
    'memo_ttl_ms',
    'change[].verb',
    'change[].field',
    'change[].value',
  ],
  units: ({ change }) => 1 + change.length,
  decode(reply): PatchReply {
    const parts = list(reply, 3)
    const [outcome, version, replayed] = integers(parts.slice(0, 3), 3) as [number, number, number]
    const rest = parts.slice(3).map(String)
    switch (outcome) {
      case 1:
      case 2: {
        const [created, again] = [outcome === 1, replayed === 1]
        return { outcome: 'patched', created, version, sums: rest, replayed: again }
      }
      case 3:
        return { outcome: 'kind-mismatch', kind: toKind(version) }
      case 4:
        return { outcome: 'conflict' }
      case 5:
        return { outcome: 'miss' }
      case 6:
        return { outcome: 'overflow', field: rest[0] as string }
      case 7:
        return { outcome: 'not-an-integer', field: rest[0] as string }
      case 8:
        return { outcome: 'too-large' }
      case 9:
        return { outcome: 'too-many-fields' }
      case 10:
        return { outcome: 'precondition-failed', version }
      default:
        throw new TypeError(`unknown outcome ${outcome} of cache.patch`)
    }
  },
})
