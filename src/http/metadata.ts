import { toJson } from './json.js'
import { invalid } from './problem.js'

const MAX_METADATA_BYTES = 1_024

/**
 * An object of the caller, stored unchanged as JSON.
 * @throws Problem invalid-request if it is too large, or has a number that is
 */
export function toMetadata(metadata: object, pointer: string): string {
  const text = toJson(metadata, pointer)
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) {
    throw invalid(pointer, `must be at most ${MAX_METADATA_BYTES} bytes of JSON`)
  }
  return text
}
