import { escapePointer } from '../schema/faults.js'
import { invalid, problem } from './problem.js'

const MAX_DEPTH = 64
/**
 * More than a body of 64 KiB can hold. In a larger one, a hundred thousand small objects would block
 * the event loop for a tenth of a second before validation.
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
 * Parses a body. `__proto__` is an ordinary name: bodies are copied by their own fields, never merged
 * by assignment.
 * @throws Problem for invalid JSON, deep nesting or too many values
 */
export function parseJson(text: string): unknown {
  switch (excessOf(text)) {
    case 'levels':
      throw invalid('body', `nests deeper than ${MAX_DEPTH} levels`)
    case 'values':
      throw problem('too-large', `The body holds more than ${MAX_VALUES} values.`)
  }
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text)
  } catch (error) {
    throw invalid('body', `is not valid JSON: ${(error as Error).message}`)
  }
}

/**
 * The text of a parsed value, to be stored.
 * @throws Problem for a number that JSON.parse reads as infinite: its text would be null
 */
export function toJson(value: unknown, pointer: string): string {
  const text = JSON.stringify(value)
  const infinite = text.includes('null') ? wrongNumber(value, pointer, isInfinite) : undefined
  if (infinite) throw invalid(infinite, 'is beyond the range of a double: send it as a string')
  return text
}

/** @returns the pointer of the first number that is wrong */
export function wrongNumber(
  value: unknown,
  pointer: string,
  isWrong: (number: number) => boolean,
): string | undefined {
  if (typeof value === 'number') return isWrong(value) ? pointer : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, inner] of Object.entries(value)) {
    const found = wrongNumber(inner, `${pointer}/${escapePointer(name)}`, isWrong)
    if (found) return found
  }
  return undefined
}

const isInfinite = (number: number): boolean => !Number.isFinite(number)

/** Checked before parsing: later steps recurse into the value and cost by its values. */
export function excessOf(text: string): 'levels' | 'values' | undefined {
  if (text.length <= MAX_DEPTH) return undefined
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        break
      case COMMA:
        if (++values > MAX_VALUES) return 'values'
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > MAX_DEPTH) return 'levels'
        if (++values > MAX_VALUES) return 'values'
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--
    }
  }
  return undefined
}

/** Index of the closing quote; the end of the text without one. */
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
