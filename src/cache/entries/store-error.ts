import { StoreError } from '../../redis/errors.js'

/** What one key of many met: its error is its outcome. @throws any error that is no StoreError. */
export function storeErrorOrThrow(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  throw error
}
