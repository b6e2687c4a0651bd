import { integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { type Content, readEnvelope } from './envelope.js'

export type AppendReply =
  | {
      readonly kind: 'appended'
      readonly ids: readonly string[]
      readonly replayed: boolean
      /** Old entries that made room. */
      readonly dropped: number
    }
  | {
      readonly kind: 'full'
      readonly limit: 'capacity' | 'maxBytes'
      /** Entries that were too old. */
      readonly dropped: number
    }
  | { readonly kind: 'conflict' }

export const appendScript = defineScript({
  name: 'streams.append',
  file: new URL('../scripts/append.lua', import.meta.url),
  keys: ['meta', 'record?'],
  args: ['settings', 'most_dropped', 'most_bytes', 'fingerprint', 'record_ttl_ms', 'entries[]'],
  units: ({ entries }) => 2 + entries.length,
  outcomes: ['appended', 'over-capacity', 'over-bytes', 'conflict'],
  decode(reply, outcome): AppendReply {
    const [, first, replayed, ...ids] = list(reply, 2)
    const dropped = Number(first)
    switch (outcome) {
      case 'appended':
        return { kind: 'appended', ids: ids.map(String), replayed: replayed === 1, dropped }
      case 'over-capacity':
        return { kind: 'full', limit: 'capacity', dropped }
      case 'over-bytes':
        return { kind: 'full', limit: 'maxBytes', dropped }
      case 'conflict':
        return { kind: 'conflict' }
    }
  },
})

export interface Entry extends Content {
  /** Time in milliseconds since 1970, and its number in the stream. */
  readonly id: string
}

export interface EntryPage {
  readonly kind: 'page'
  readonly entries: readonly Entry[]
  readonly more: boolean
  /** Entries since `start` that were dropped; 0 for other places. */
  readonly missed: number
  /** Later entries follow this id. */
  readonly last: string
  /** After the mark of the reader; undefined without one. */
  readonly unread: number | undefined
}

export interface LostPosition {
  readonly kind: 'lost'
  /** Undefined where another history replaced that of the id. */
  readonly missed: number | undefined
  /** Undefined without entries. */
  readonly oldest: string | undefined
  readonly newest: string | undefined
}

export const readScript = defineScript({
  name: 'streams.read',
  file: new URL('../scripts/read.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'after', 'before', 'descending', 'limit', 'most_bytes', 'reader'],
  units: () => 12,
  buffers: true,
  outcomes: ['page', 'lost'],
  decode(reply, kind): EntryPage | LostPosition {
    const fields = list(reply, 4)
    if (kind === 'lost') return readLost(fields.slice(1))
    return {
      kind,
      entries: readEntries(fields, 5),
      more: fields[1] === 1,
      missed: Number(fields[2]),
      last: String(fields[3]),
      unread: Number(fields[4]) < 0 ? undefined : Number(fields[4]),
    }
  },
})

/** @param at where ids and bytes of entries begin */
export function readEntries(fields: readonly unknown[], at: number): Entry[] {
  const entries: Entry[] = []
  for (let i = at; i < fields.length; i += 2) {
    const { event, data, encoding } = readEnvelope(fields[i + 1])
    entries.push({ id: String(fields[i]), event, data, encoding })
  }
  return entries
}

export function readLost([missed, oldest, newest]: readonly unknown[]): LostPosition {
  return {
    kind: 'lost',
    missed: Number(missed) < 0 ? undefined : Number(missed),
    oldest: String(oldest) || undefined,
    newest: String(newest) || undefined,
  }
}

export const removeEntryScript = defineScript({
  name: 'streams.remove-entry',
  file: new URL('../scripts/remove-entry.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'id'],
  decode: (reply) => integers(reply, 1)[0] === 1,
})
