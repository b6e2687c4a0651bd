import { list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import type { Reading } from '../../redis/watches.js'
import { type Entry, type LostPosition, readEntries, readLost } from '../entries/scripts.js'

/** Entries after a position were dropped; those that are there follow. */
export interface StreamReset {
  readonly lost: LostPosition
}

export const watchScript = defineScript({
  name: 'streams.watch',
  file: new URL('../scripts/watch.lua', import.meta.url),
  keys: ['meta'],
  args: ['settings', 'instance', 'watch_ms', 'after', 'limit', 'most_bytes'],
  units: () => 12,
  buffers: true,
  outcomes: ['news', 'beginning'],
  decode(reply, kind): Reading<Entry, StreamReset> {
    const fields = list(reply, 3)
    const last = String(fields[1])
    const more = fields[2] === 1
    return kind === 'news'
      ? { kind, last, more, events: readEntries(fields, 3) }
      : { kind, last, more, lost: readLost(fields.slice(3)) }
  },
})
