import Type from 'typebox'

export const HotResponse = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        key: Type.String(),
        reads: Type.Integer({
          description: 'Recent reads: each counts half after a minute. Never too low.',
        }),
        error: Type.Integer({ description: 'How much too high `reads` may be.' }),
      }),
    ),
    halfLifeMs: Type.Integer({ description: 'After which a read counts half.' }),
  },
  {
    description: 'The keys that the process that answers was asked for most, the most read first.',
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
