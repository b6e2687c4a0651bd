import Type, { type Static, type TObjectOptions, type TSchema, type TUnsafe } from 'typebox'

/**
 * A JSON object that holds one kind of value under names of any text. `Type.Record` says it with the
 * pattern `^.*$`, whose dot knows no line separator: such a name would be let in unchecked and left
 * out of the answer.
 */
export const ByName = <T extends TSchema>(
  value: T,
  options: TObjectOptions,
): TUnsafe<Record<string, Static<T>>> =>
  Type.Unsafe<Record<string, Static<T>>>(
    Type.Object({}, { ...options, additionalProperties: value }),
  )
