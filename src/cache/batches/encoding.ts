import { isUtf8 } from 'node:buffer'
import type { Encoding } from '../../http/encoding.js'
import { excessOf } from '../../http/json.js'

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
