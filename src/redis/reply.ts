/** Decoders for the flat arrays that scripts return. Each throws on a shape it does not know. */

/** One value that must be an integer, exact in a double. */
export function integer(value: unknown): number {
  if (!Number.isSafeInteger(value)) {
    throw new TypeError(`expected an integer from Lua, got ${typeof value}`)
  }
  return value as number
}

/** A reply that must be exactly `length` integers, each exact in a double. */
export function integers(reply: unknown, length: number): number[] {
  if (!Array.isArray(reply) || reply.length !== length || !reply.every(Number.isSafeInteger)) {
    throw new TypeError(`expected ${length} integers from Lua, got ${shape(reply)}`)
  }
  return reply
}

/** A reply that must be an array of integers, strings and Buffers. */
export function list(reply: unknown, atLeast = 0): (string | number | Buffer)[] {
  if (!Array.isArray(reply) || reply.length < atLeast || !reply.every(isFlat)) {
    throw new TypeError(`expected a flat array of ${atLeast} or more from Lua, got ${shape(reply)}`)
  }
  return reply
}

const isFlat = (value: unknown): boolean =>
  typeof value === 'string' || Number.isSafeInteger(value) || Buffer.isBuffer(value)

/** Types only: the values may be tokens. */
const shape = (reply: unknown): string =>
  Array.isArray(reply) ? `[${reply.map((value) => typeof value).join(', ')}]` : typeof reply
