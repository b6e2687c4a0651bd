import Type from 'typebox'
import { ObjectName } from '../../../http/names.js'
import { PageOf } from '../../../http/pages.js'
import { timeLeft } from '../../fields.js'

const count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

export const OutboxResponse = Type.Object(
  {
    pending: count('Keys that will be sent to the origin.'),
    failed: count('Keys that the origin refused, or failed for too often: they wait.'),
    bytes: count('Of the entries of both.'),
    oldestAgeMs: timeLeft('How long the origin is behind; 0 where it is not.'),
  },
  {
    title: 'CacheOutbox',
    description: 'What the origin of the space has yet to get, in this namespace.',
    examples: [{ pending: 12, failed: 1, bytes: 4_096, oldestAgeMs: 1_740 }],
  },
)

const FailedItem = Type.Object(
  {
    name: { ...ObjectName, description: 'The key.' },
    attempts: count('Answers of the origin to this write.'),
    ageMs: timeLeft('How long the origin is behind.'),
    error: Type.String({ description: 'What happened last.' }),
  },
  { title: 'FailedCacheWrite' },
)

export const FailedList = PageOf(FailedItem, {
  title: 'FailedCacheWrites',
  description: 'Writes that wait for an operator, by key; the first 10,000 of each partition.',
  examples: [
    { items: [{ name: '7', attempts: 1, ageMs: 91_250, error: 'The origin answered 422.' }] },
  ],
})

export const KeysRequest = Type.Object(
  {
    keys: Type.Array(ObjectName, {
      minItems: 1,
      maxItems: 1_000,
      description: 'Keys, 1 to 1000.',
    }),
  },
  { title: 'CacheOutboxKeys', additionalProperties: false, examples: [{ keys: ['7', '8'] }] },
)

export const DueResponse = Type.Object(
  {
    due: count(
      'Keys that are due now. Others are not pending, or their origin may still apply an earlier request.',
    ),
  },
  {
    title: 'DueCacheWrites',
    description: 'They are sent as soon as may be.',
    examples: [{ due: 2 }],
  },
)

export const DiscardResponse = Type.Object(
  { discarded: count('Keys that were pending or had failed.') },
  {
    title: 'DiscardedCacheWrites',
    description: 'The cache holds nothing for them now.',
    examples: [{ discarded: 2 }],
  },
)
