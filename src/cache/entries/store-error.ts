import { StoreError } from '../../redis/errors.js'

/** The error of one key of many, as its outcome. @throws any error that is no StoreError. */
export function storeErrorOrThrow(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  throw error
}
