import type { Static } from 'typebox'
import { decode } from '../../http/encoding.js'
import { invalid, type Problem } from '../../http/problem.js'
import { problem } from '../problems.js'
import { MAX_APPEND_BYTES, type Stream } from '../settings.js'
import type { Content } from './envelope.js'
import type { AppendEntriesRequest, EntriesQuery } from './schemas.js'
import type { Place, ReadOptions } from './store.js'

/** Events that a stream of server-sent events has by itself, and those that EventSource makes. */
const RESERVED: ReadonlySet<string> = new Set(['following', 'reset', 'open', 'error'])

/** @throws Problem for entries that break a rule which their schema cannot express */
export function toEntries(
  { name, settings: { maxEntryBytes } }: Stream,
  { entries }: Static<typeof AppendEntriesRequest>,
): Content[] {
  const contents = entries.map(({ event, data, encoding }, at) => {
    if (RESERVED.has(event)) {
      throw invalid(`body/entries/${at}/event`, `must not be ${event}, which event streams use`)
    }
    return { event, data: decode(`body/entries/${at}/data`, data, encoding), encoding }
  })
  const large = contents.findIndex(({ data }) => data.length > maxEntryBytes)
  if (large >= 0) {
    const { length } = (contents[large] as Content).data
    throw tooLarge(
      `The data of entry ${large} has ${length} bytes; "${name}" allows ${maxEntryBytes}.`,
      {
        maxEntryBytes,
      },
    )
  }
  const bytes = contents.reduce((sum, { event, data }) => sum + event.length + data.length, 0)
  if (bytes > MAX_APPEND_BYTES) {
    throw tooLarge(`The entries have ${bytes} bytes together; ${MAX_APPEND_BYTES} are allowed.`, {
      maxAppendBytes: MAX_APPEND_BYTES,
    })
  }
  return contents
}

const tooLarge = (detail: string, extensions: Readonly<Record<string, number>>): Problem =>
  problem('too-large', detail, { extensions })

/** @throws Problem for a place that names no time, or a wait for entries that no append brings */
export function toRead(query: Static<typeof EntriesQuery>): ReadOptions {
  const { order, limit, before, waitMs, reader } = query
  if (waitMs > 0 && (order === 'desc' || before !== 'end')) {
    throw invalid('query/waitMs', 'goes with order asc and without before')
  }
  return {
    after: toPlace('query/after', query.after),
    before: toPlace('query/before', before),
    order,
    limit,
    reader,
  }
}

/** @throws Problem for a time that is none */
export function toPlace(pointer: string, text: string): Place {
  if (!text.startsWith('at:')) return text
  const ms = Date.parse(text.slice(3))
  if (Number.isNaN(ms) || ms < 0) {
    throw invalid(pointer, 'must have a time since 1970 after at:')
  }
  return `at:${ms}`
}
