import { invalid, type Problem, problem } from './problem.js'

const MAX_DEPTH = 64
/**
 * A body of 64 KiB cannot hold more; of the larger ones, a hundred thousand small objects would stop
 * the event loop for a tenth of a second before their schema is asked.
 */
const MAX_VALUES = 50_000

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const BYTE_ORDER_MARK = 0xfeff

/**
 * A body as JSON, `__proto__` being a name like any other: objects made of bodies are copied by
 * their own fields, never merged by assignment.
 * @throws Problem for text that is no JSON, that nests too deep or holds too many values
 */
export function parseJson(text: string): unknown {
  if (text.length > MAX_DEPTH) assertBounded(text)
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text)
  } catch (error) {
    throw invalid('body', `is not valid JSON: ${(error as Error).message}`)
  }
}

/** Before it is parsed: what follows walks the value by recursion, and costs by its values. */
function assertBounded(text: string): void {
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        break
      case COMMA:
        if (++values > MAX_VALUES) throw tooMany()
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > MAX_DEPTH) throw invalid('body', `nests deeper than ${MAX_DEPTH} levels`)
        if (++values > MAX_VALUES) throw tooMany()
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--
    }
  }
}

/** Where the closing quote stands, or the end of text that has none. */
function endOfString(text: string, start: number): number {
  let end = start
  do {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
  } while (isEscaped(text, end))
  return end
}

function isEscaped(text: string, at: number): boolean {
  let before = at
  while (text.charCodeAt(before - 1) === BACKSLASH) before--
  return (at - before) % 2 === 1
}

const tooMany = (): Problem =>
  problem('too-large', `The body holds more than ${MAX_VALUES} values.`)
