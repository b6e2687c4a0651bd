/** Decoders for the flat arrays that scripts return. Each throws on a shape it does not know. */

/** The largest integer that a script may return: the parser of ioredis reads 2^53 - 1 as 2^53. */
export const MAX_INTEGER = 2 ** 53 - 100

const isInteger = (value: unknown): boolean =>
  Number.isInteger(value) && Math.abs(value as number) <= MAX_INTEGER

/** One value that must be an integer, exact in a double. */
export function integer(value: unknown): number {
  if (!isInteger(value)) {
    throw new TypeError(`expected an integer from Lua, got ${typeof value}`)
  }
  return value as number
}

/** A tuple of N numbers; an array if N is not a literal. */
type Numbers<N extends number, T extends number[] = []> = number extends N
  ? number[]
  : T['length'] extends N
    ? T
    : Numbers<N, [...T, number]>

/** A reply that must be exactly `length` integers, each exact in a double. */
export function integers<N extends number>(reply: unknown, length: N): Numbers<N> {
  if (!Array.isArray(reply) || reply.length !== length || !reply.every(isInteger)) {
    throw new TypeError(`expected ${length} integers from Lua, got ${shape(reply)}`)
  }
  return reply as Numbers<N>
}

/** The word for a number of a reply: its index in `words`. For fields other than the outcome. */
export function wordOf<const W extends readonly string[]>(words: W, number: unknown): W[number] {
  const word = typeof number === 'number' ? words[number] : undefined
  if (word === undefined) throw new TypeError(`expected one of "${words.join(' ')}" from Lua`)
  return word
}

/** A reply that must be an array of integers, strings and Buffers. */
export function list(reply: unknown, atLeast = 0): (string | number | Buffer)[] {
  if (!Array.isArray(reply) || reply.length < atLeast || !reply.every(isFlat)) {
    throw new TypeError(`expected a flat array of ${atLeast} or more from Lua, got ${shape(reply)}`)
  }
  return reply
}

const isFlat = (value: unknown): boolean =>
  typeof value === 'string' || isInteger(value) || Buffer.isBuffer(value)

/** Types only: the values may be tokens. */
const shape = (reply: unknown): string =>
  Array.isArray(reply) ? `[${reply.map((value) => typeof value).join(', ')}]` : typeof reply
