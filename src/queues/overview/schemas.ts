import Type from 'typebox'
import { ETagHeader } from '../../http/etag.js'
import { PageOf } from '../../http/pages.js'
import { DocumentFields, EXAMPLE_QUEUE, SettingAnswerFields } from '../configuration/schemas.js'
import { Count, closed, MessageState, PastMs, QueueName } from '../fields.js'

const Counts = Type.Object(
  {
    ready: Count('To be delivered next.'),
    delayed: Count('Waiting for their time.'),
    leased: Count('Delivered, and not settled.'),
    blocked: Count('Behind another message of their group.'),
    dead: Count('Dead letters.'),
  },
  { title: 'QueueCounts', description: 'Messages by state.' },
)

const Totals = Type.Object(
  {
    sent: Count('Messages that were stored.'),
    duplicates: Count('Messages that were not stored, because of their `dedupId`.'),
    delivered: Count('Deliveries.'),
    acked: Count('Messages that were acknowledged.'),
    retried: Count('Deliveries that were rejected, and whose messages were kept.'),
    timedOut: Count('Deliveries whose visibility ended.'),
    released: Count('Deliveries that were given back.'),
    expired: Count('Messages and dead letters whose retention ended.'),
    dead: Count('Messages that became dead letters.'),
    dropped: Count('Dead letters beyond `deadCapacity`.'),
    discarded: Count('Messages and dead letters that were discarded or purged.'),
  },
  {
    title: 'QueueTotals',
    description: 'Since the first message of the queue; a DELETE sets them to 0.',
  },
)

const ContentFields = {
  counts: Counts,
  bytes: Count('Bytes of bodies and headers, with those of dead letters.'),
  oldestReadyMs: Type.Optional(
    PastMs(
      'How long ago the oldest ready message was first ready, of the 16 that are next in each priority; absent where none is ready.',
    ),
  ),
  totals: Totals,
}

const CONTENT = {
  counts: { ready: 3, delayed: 1, leased: 2, blocked: 0, dead: 0 },
  bytes: 1_204,
  oldestReadyMs: 840,
  totals: {
    sent: 912,
    duplicates: 2,
    delivered: 913,
    acked: 906,
    retried: 4,
    timedOut: 1,
    released: 0,
    expired: 0,
    dead: 0,
    dropped: 0,
    discarded: 0,
  },
}

export const QueueResponse = Type.Object(
  {
    ...SettingAnswerFields,
    ...Type.Partial(Type.Object(DocumentFields)).properties,
    ...ContentFields,
  },
  {
    headers: ETagHeader,
    title: 'Queue',
    description:
      'The settings of the queue and what it holds; `version` and `source` are absent where all settings are defaults.',
    examples: [{ ...EXAMPLE_QUEUE, ...CONTENT }],
  },
)

const ListedQueue = Type.Object(
  { name: QueueName, ...ContentFields },
  { title: 'ListedQueue', description: 'What one queue holds.' },
)

export const QueueList = PageOf(ListedQueue, {
  title: 'QueueList',
  description: 'Queues of the namespace, with settings of their own or messages, by name.',
  examples: [{ items: [{ name: 'mails', ...CONTENT }] }],
})

export const PurgeRequest = Type.Object(
  { state: MessageState({ description: 'Delete the messages in this state.' }) },
  { ...closed, title: 'PurgeQueueRequest', examples: [{ state: 'dead' }] },
)

export const Purged = Type.Object(
  { purged: Count('Messages that were deleted.') },
  {
    title: 'PurgedQueue',
    description: 'The messages are deleted.',
    examples: [{ purged: 812 }],
  },
)
