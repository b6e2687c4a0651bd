import Type from 'typebox'

/** Text or number: the JSON of protobuf has both. */
const Hits = (description: string) =>
  Type.Optional(
    Type.Union(
      [Type.Integer({ minimum: 0, maximum: 999_999_999 }), Type.String({ pattern: '^\\d{1,9}$' })],
      { description },
    ),
  )

const Descriptor = Type.Object(
  {
    entries: Type.Array(
      Type.Object(
        {
          key: Type.String({ minLength: 1, description: 'A part of the name of the policy.' }),
          value: Type.Optional(Type.String({ description: 'A part of the key.' })),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 32, description: 'Keys and values, in order.' },
    ),
    hitsAddend: Hits('For this descriptor; 0 only peeks.'),
    hits_addend: Hits('The same.'),
  },
  { additionalProperties: false },
)

export const ShouldRateLimitRequest = Type.Object(
  {
    domain: Type.String({ minLength: 1, description: 'The first part of the name of the policy.' }),
    descriptors: Type.Array(Descriptor, {
      minItems: 1,
      maxItems: 256,
      description: 'Each is checked alone; one that is over its limit decides.',
    }),
    hitsAddend: Hits('For every descriptor. Default 1.'),
    hits_addend: Hits('The same.'),
  },
  {
    additionalProperties: false,
  },
)

const Code = Type.Enum(['OK', 'OVER_LIMIT'])

export const ShouldRateLimitResponse = Type.Object(
  {
    overallCode: Code,
    statuses: Type.Array(
      Type.Object({
        code: Code,
        currentLimit: Type.Optional(
          Type.Object({
            requestsPerUnit: Type.Integer(),
            unit: Type.Optional(
              Type.Enum(['SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR'], {
                description: 'Absent for a window of another length.',
              }),
            ),
          }),
        ),
        limitRemaining: Type.Optional(Type.Integer({ description: 'Absent if it is 0.' })),
        durationUntilReset: Type.Optional(
          Type.String({
            description: 'Seconds, as `1.500s`; in a denial the time to the next try.',
          }),
        ),
      }),
      { description: 'In the order of the request; only `code` if no policy has the name.' },
    ),
  },
  {
    description: 'Within all limits (200), or over one (429).',
  },
)
