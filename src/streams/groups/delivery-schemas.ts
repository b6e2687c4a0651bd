import Type from 'typebox'
import { receiveRequest, settleSchemas } from '../../deliveries/schemas.js'
import { EntryFields, EXAMPLE_ENTRY } from '../entries/schemas.js'
import { Count, closed, ENTRY_ID, EXAMPLE_ID, MAX_BATCH } from '../fields.js'

const Receipt = Type.String({
  pattern: `^${ENTRY_ID}\\.[A-Za-z0-9_-]{12}$`,
  description: 'The secret of one delivery, from the answer to receive.',
})
const EXAMPLE_RECEIPT = `${EXAMPLE_ID}.q7Hs_2LwA9xk`

export const ReceiveEntriesRequest = receiveRequest({
  title: 'ReceiveEntriesRequest',
  one: 'an entry',
  many: 'Entries',
  settings: 'group',
})

const DeliveryCounts = {
  deliveries: Count('How often it was delivered to the group, this time included.'),
  failures: Count('How many deliveries failed, by a nack or by the end of their visibility.'),
}

const Delivery = Type.Object(
  {
    ...EntryFields,
    ...DeliveryCounts,
    receipt: Receipt,
    visibleForMs: Count('Never more than the time left to settle it. Milliseconds.'),
  },
  { title: 'StreamDelivery' },
)

export const ReceivedEntries = Type.Object(
  {
    items: Type.Array(Delivery, {
      description:
        'Entries that are ready again, then new ones in their order; empty if there is none, or was none within `waitMs`. The list ends after 256 KiB, so it may be shorter than `limit` though there are more.',
    }),
  },
  {
    title: 'ReceivedEntries',
    description: 'The entries, each with the receipt that settles it.',
    examples: [
      {
        items: [
          {
            ...EXAMPLE_ENTRY,
            deliveries: 1,
            failures: 0,
            receipt: EXAMPLE_RECEIPT,
            visibleForMs: 29_999,
          },
        ],
      },
      { items: [] },
    ],
  },
)

const settle = settleSchemas(
  Receipt,
  EXAMPLE_RECEIPT,
  {},
  {
    titles: {
      request: 'SettleEntriesRequest',
      nack: 'StreamNack',
      extension: 'StreamExtension',
      status: 'StreamSettleStatus',
      item: 'SettledEntry',
      answer: 'SettledEntries',
    },
    ack: 'Done: the group does not get the entries again.',
    nack: 'Failed: the entries are ready again at once, or go to the dead list.',
    dead: 'Put it on the dead list now. Default false.',
    release: 'Not done, and no failure: the entries are ready again at once.',
    status:
      'acked, retrying, extended, released: done as asked. dead: it is on the dead list now. stale: the receipt does not count, because the entry was delivered again, is on the dead list, or the group was moved; or an extension would go beyond 12 hours. gone: it was acknowledged before, or dropped.',
  },
)

export const SettleEntriesRequest = settle.Request
export const SettledEntries = settle.Answer

export const DeadQuery = Type.Object(
  {
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_BATCH,
      default: 20,
      description: `Entries per page, 1 to ${MAX_BATCH}. Default 20.`,
    }),
    cursor: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 0,
      description: '`nextCursor` of the page before. Default: the first page.',
    }),
  },
  closed,
)

const DeadEntry = Type.Object(
  {
    ...EntryFields,
    ...DeliveryCounts,
    diedAt: Type.String({
      format: 'date-time',
      description: 'When it failed for the last time, by the clock of Redis. RFC 3339, in UTC.',
    }),
    error: Type.Optional(
      Type.String({ description: 'What the last nack said; absent if none said anything.' }),
    ),
  },
  { title: 'DeadStreamEntry' },
)

export const DeadEntryList = Type.Object(
  {
    items: Type.Array(DeadEntry, {
      description: 'Copies of entries that failed too often, the oldest first.',
    }),
    nextCursor: Type.Optional(Count('`cursor` of the next page; absent on the last page.')),
  },
  {
    title: 'DeadStreamEntryList',
    description: 'The dead list: the newest 1000, and at most 8 MiB.',
    examples: [
      {
        items: [
          {
            ...EXAMPLE_ENTRY,
            deliveries: 5,
            failures: 5,
            diedAt: '2026-11-21T01:12:31.500Z',
            error: 'no such customer',
          },
        ],
        nextCursor: 20,
      },
    ],
  },
)
