import Type from 'typebox'

/** Query of a top-N route over src/metrics/frequent-keys.ts. */
export const TopQuery = Type.Object(
  {
    limit: Type.Integer({
      minimum: 1,
      maximum: 256,
      default: 20,
      description: 'Keys to list, 1 to 256. Default 20.',
    }),
  },
  { additionalProperties: false },
)
