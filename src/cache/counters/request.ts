import { toInt64 } from '../../http/int64.js'
import { invalid } from '../../http/problem.js'

/** @throws Problem invalid-request for what is no integer of 64 bits. */
export function int64(pointer: string, sent: number | string): bigint {
  const value = toInt64(sent)
  if (value === undefined) {
    throw invalid(pointer, 'must be an integer of 64 bits; beyond 2^53 as a string')
  }
  return value
}
