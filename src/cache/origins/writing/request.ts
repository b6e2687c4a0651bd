import type { WriteOptions } from '../../entries/store.js'
import type { Change } from './writer.js'

/** Whether a write could not reach the origin: it fills the cache, or says what the origin lacks. */
export const isOwned = ({ fill, isNegative }: WriteOptions): boolean =>
  fill !== undefined || isNegative === true

export const toChange = ({ condition, idempotency, ...value }: WriteOptions): Change => ({
  value,
  condition,
  idempotency,
})
