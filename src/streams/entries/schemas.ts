import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import {
  Count,
  closed,
  DataEncoding,
  ENTRY_ID,
  EntryId,
  EventName,
  EXAMPLE_ID,
  MAX_BATCH,
  ReaderName,
  StreamName,
} from '../fields.js'
import { MAX_APPEND_BYTES, MAX_ENTRY_BYTES } from '../settings.js'

const NewEntry = Type.Object(
  {
    event: EventName,
    data: Type.Unknown({
      description: `The data, in the form that \`encoding\` says. At most \`maxEntryBytes\` of the stream, and ${MAX_ENTRY_BYTES} in any.`,
    }),
    encoding: DataEncoding({
      default: 'json',
      description:
        'json: any JSON, stored as JSON.stringify prints it, so integers beyond 2^53 lose digits: send those as text. text: a string, stored as UTF-8. base64: bytes. Default json.',
    }),
  },
  { ...closed, title: 'NewStreamEntry' },
)

export const AppendEntriesRequest = Type.Object(
  {
    entries: Type.Array(NewEntry, {
      minItems: 1,
      maxItems: MAX_BATCH,
      description: `Entries, 1 to ${MAX_BATCH}: all are appended or none. They have at most ${MAX_APPEND_BYTES} bytes together.`,
    }),
  },
  {
    ...closed,
    title: 'AppendEntriesRequest',
    examples: [
      { entries: [{ event: 'order.placed', data: { order: 7, total: 12 } }] },
      { entries: [{ event: 'said', data: 'hello', encoding: 'text' }] },
    ],
  },
)

export const AppendedEntries = Type.Object(
  {
    entries: Type.Array(
      Type.Object({ id: EntryId('Id of the entry.') }, { title: 'AppendedEntry' }),
      { description: 'The entries, in the order of the request.' },
    ),
  },
  {
    title: 'AppendedEntries',
    description: 'The entries are appended.',
    examples: [{ entries: [{ id: EXAMPLE_ID }] }],
  },
)

const MAX_WAIT_MS = 20_000

const INSTANT = 'at:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,20}(Z|[+-][0-9]{2}:[0-9]{2})'

export const AfterPlace = { pattern: `^(start|end|${ENTRY_ID}|${INSTANT})$` }

export const EntriesQuery = Type.Object(
  {
    after: Type.String({
      ...AfterPlace,
      default: 'start',
      description:
        'Entries after this place: the id of an entry, `start`, `end` (none yet), or `at:` and a time in RFC 3339, which counts itself. Default start.',
    }),
    before: Type.String({
      default: 'end',
      pattern: `^(end|${ENTRY_ID}|${INSTANT})$`,
      description:
        'Entries before this place: the id of an entry, `end`, or `at:` and a time in RFC 3339. Default end.',
    }),
    order: Type.Enum(['asc', 'desc'], {
      title: 'StreamOrder',
      default: 'asc',
      description: 'asc: the oldest entries first. desc: the newest first. Default asc.',
    }),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_BATCH,
      default: MAX_BATCH,
      description: `Entries per page, 1 to ${MAX_BATCH}. Default ${MAX_BATCH}.`,
    }),
    reader: Type.Optional({
      ...ReaderName,
      description: 'A reader, whose unread entries the page counts.',
    }),
    waitMs: {
      ...DurationMs(
        0,
        MAX_WAIT_MS,
        'Time to wait for the first entry, up to 20 seconds; with order asc and without `before`. Default 0.',
      ),
      default: 0,
    },
  },
  closed,
)

/** An entry in an answer. */
export const EntryFields = {
  id: EntryId(
    'Id of the entry: when it was appended, in milliseconds since 1970, and its number in the stream.',
  ),
  appendedAt: Type.String({
    format: 'date-time',
    description: 'When it was appended, by the clock of Redis. RFC 3339, in UTC.',
  }),
  event: EventName,
  data: Type.Unknown({ description: 'The data, in the form that `encoding` says.' }),
  encoding: DataEncoding({ description: 'The encoding that it was sent in.' }),
}

export const StreamEntry = Type.Object(EntryFields, { title: 'StreamEntry' })

export const EXAMPLE_ENTRY = {
  id: EXAMPLE_ID,
  appendedAt: '2026-11-21T01:10:00.123Z',
  event: 'order.placed',
  data: { order: 7, total: 12 },
  encoding: 'json',
}

export const StreamEntryList = Type.Object(
  {
    items: Type.Array(StreamEntry, { description: 'The entries of this page, in its order.' }),
    nextCursor: Type.Optional(
      EntryId(
        '`after` of the next page, or `before` where the newest are first; absent on the last page.',
      ),
    ),
    lastId: Type.Optional(
      EntryId(
        '`after` for what is appended later, also where the page is empty; only with order asc and without `before`.',
      ),
    ),
    missed: Count(
      'Entries that were dropped since the stream began, deleted ones included, where `after` is `start`; otherwise 0.',
    ),
    unread: Type.Optional(
      Count(
        'Entries that are there after the mark of `reader`, wherever the page begins, with those among them that were deleted.',
      ),
    ),
  },
  {
    title: 'StreamEntryList',
    description: 'Entries of the stream. Reading changes nothing.',
    examples: [
      { items: [EXAMPLE_ENTRY], lastId: EXAMPLE_ID, missed: 0 },
      { items: [EXAMPLE_ENTRY], nextCursor: EXAMPLE_ID, lastId: EXAMPLE_ID, missed: 40 },
    ],
  },
)

export const EntryParams = Type.Object({
  stream: StreamName,
  id: EntryId('Id of the entry.'),
})
