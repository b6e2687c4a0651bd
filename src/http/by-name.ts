import Type, { type Static, type TObjectOptions, type TSchema, type TUnsafe } from 'typebox'

/**
 * A JSON object with values of one kind under any names. `Type.Record` uses the pattern `^.*$`, whose
 * dot matches no line separator: such a name would pass unchecked and be missing from the answer.
 */
export const ByName = <T extends TSchema>(
  value: T,
  options: TObjectOptions,
): TUnsafe<Record<string, Static<T>>> =>
  Type.Unsafe<Record<string, Static<T>>>(
    Type.Object({}, { ...options, additionalProperties: value }),
  )
