import Type from 'typebox'

/** The JSON of protobuf writes 64-bit integers as text, and reads text and numbers. */
const Int64 = (description: string) =>
  Type.Optional(
    Type.Union([Type.Integer(), Type.String({ pattern: '^-?\\d{1,19}$' })], { description }),
  )

const Name = (description: string) => Type.Optional(Type.String({ maxLength: 4_096, description }))

/** Unknown fields are ignored, as gubernator does. */
const RateLimitReq = Type.Object({
  name: Name('Of the limit; counted with the key.'),
  unique_key: Name('Who is limited.'),
  uniqueKey: Name('The same.'),
  hits: Int64('Requested cost; 0 only peeks.'),
  limit: Int64('Hits per duration.'),
  duration: Int64('Milliseconds; with DURATION_IS_GREGORIAN 0 minute to 5 year.'),
  algorithm: Type.Optional(
    Type.Union([Type.Integer(), Type.String()], {
      description:
        'TOKEN_BUCKET or 0: a window from the first hit; LEAKY_BUCKET or 1: gcra. Default TOKEN_BUCKET.',
    }),
  ),
  behavior: Type.Optional(
    Type.Union([Type.Integer(), Type.String()], {
      description:
        'DURATION_IS_GREGORIAN (4), RESET_REMAINING (8), DRAIN_OVER_LIMIT (32) or their sum; BATCHING and NO_BATCHING change nothing. Others are answered with an error.',
    }),
  ),
  burst: Int64('LEAKY_BUCKET: what may come at once. Default: limit.'),
})

export const GetRateLimitsRequest = Type.Object({
  requests: Type.Array(RateLimitReq, { maxItems: 1_000, description: 'Up to 1000 limits.' }),
})

export const GetRateLimitsResponse = Type.Object(
  {
    responses: Type.Array(
      Type.Object({
        status: Type.Enum(['UNDER_LIMIT', 'OVER_LIMIT']),
        limit: Type.String(),
        remaining: Type.String(),
        reset_time: Type.String({ description: 'Milliseconds since 1970.' }),
        error: Type.String({ description: 'If not empty, the other fields mean nothing.' }),
        metadata: Type.Record(Type.String(), Type.String()),
      }),
      { description: 'In the order of the request.' },
    ),
  },
  {
    description: 'The decision of each limit alone.',
  },
)
