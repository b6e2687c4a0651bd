import { toJson } from './json.js'
import { invalid } from './problem.js'

/** How bytes are encoded in JSON. */
export type Encoding = 'json' | 'text' | 'base64'

/** @throws Problem invalid-request for a value that its encoding does not allow. */
export function decode(pointer: string, value: unknown, encoding: Encoding): Buffer {
  if (encoding === 'json') return Buffer.from(toJson(value, pointer))
  if (typeof value !== 'string') throw invalid(pointer, `must be a string, to be ${encoding}`)
  if (encoding === 'base64') {
    const bytes = Buffer.from(value, 'base64')
    // Node skips what is not base64. A pattern would overflow its stack on a value of 8 MiB.
    if (bytes.toString('base64') !== value) {
      throw invalid(pointer, 'must be base64 with its padding')
    }
    return bytes
  }
  if (!value.isWellFormed()) throw invalid(pointer, 'must be well-formed Unicode')
  return Buffer.from(value)
}
