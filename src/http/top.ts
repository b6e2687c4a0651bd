import Type from 'typebox'

/** Of a route that tells the most frequent of something, as src/metrics/frequent-keys.ts counts it. */
export const TopQuery = Type.Object(
  {
    limit: Type.Integer({
      minimum: 1,
      maximum: 256,
      default: 20,
      description: 'Keys to tell, 1 to 256. Default 20.',
    }),
  },
  { additionalProperties: false },
)
