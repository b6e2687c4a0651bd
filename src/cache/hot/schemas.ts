import Type from 'typebox'
import { ObjectName } from '../../http/names.js'

const HotKey = Type.Object(
  {
    key: { ...ObjectName, description: 'The key.' },
    reads: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Recent reads: each counts half after a minute. Never too low.',
    }),
    error: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'How much too high `reads` may be.',
    }),
  },
  { title: 'HotCacheKey' },
)

export const HotResponse = Type.Object(
  {
    items: Type.Array(HotKey, { description: 'The keys, the most read first.' }),
    halfLifeMs: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Time after which a read counts half. Milliseconds.',
    }),
  },
  {
    title: 'HotCacheKeyList',
    description: 'The keys that the process that answers was asked for most.',
    examples: [
      {
        items: [
          { key: 'user:7', reads: 1_204, error: 0 },
          { key: 'user:12', reads: 310, error: 4 },
        ],
        halfLifeMs: 60_000,
      },
    ],
  },
)
