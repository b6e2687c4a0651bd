import Type from 'typebox'

export const TopResponse = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        key: Type.String(),
        denials: Type.Integer({
          description: 'Recent denials: each counts half after a minute. Never too low.',
        }),
        error: Type.Integer({ description: 'How much too high `denials` may be.' }),
      }),
    ),
    halfLifeMs: Type.Integer({ description: 'A denial counts half after this time.' }),
  },
  {
    description: 'The subjects that this process denied most often, the most denied first.',
    examples: [
      {
        keys: [
          { key: '203.0.113.7', denials: 4_211, error: 0 },
          { key: '198.51.100.23', denials: 96, error: 2 },
        ],
        halfLifeMs: 60_000,
      },
    ],
  },
)
