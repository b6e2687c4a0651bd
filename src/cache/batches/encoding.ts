import { isUtf8 } from 'node:buffer'
import { excessOf } from '../../http/json.js'
import { invalid } from '../../http/problem.js'

/** How bytes are encoded in JSON. */
export type Encoding = 'json' | 'text' | 'base64'

/** The bytes of a value inside a JSON text. */
export interface Encoded {
  readonly encoding: Encoding
  /** A JSON value, to be put into the answer as it is. */
  readonly json: string
}

/**
 * A stored value as JSON: stored JSON verbatim where that is wanted, so that no number is rounded;
 * else text; else base64, which holds any bytes.
 */
export function encode(payload: Buffer, wanted: Encoding): Encoded {
  if (wanted === 'base64' || !isUtf8(payload)) {
    return { encoding: 'base64', json: `"${payload.toString('base64')}"` }
  }
  const text = payload.toString('utf8')
  if (wanted === 'json' && isJson(text)) return { encoding: 'json', json: text }
  return { encoding: 'text', json: JSON.stringify(text) }
}

/** False for JSON with more levels or values than a body may have: the caller parses that. */
function isJson(text: string): boolean {
  // Most texts that are not JSON begin so, and a thrown error costs more than this test.
  if (!/^[\s]*["{[\dtfn-]/.test(text) || excessOf(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const TYPES: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  base64: 'application/octet-stream',
}

/** The content type of a value that was sent without one. */
export const defaultContentType = (encoding: Encoding): string => TYPES[encoding]

/** @throws Problem invalid-request for a value that its encoding does not allow. */
export function decode(pointer: string, value: unknown, encoding: Encoding): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify(value))
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
