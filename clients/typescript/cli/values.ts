import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { InvalidArgumentError } from 'commander'
import { EXIT, Failure } from './failures.js'

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  '': 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A time within bounds, in milliseconds: `30` and `30s` are the same. */
export const duration =
  (min: number, max: number) =>
  (text: string): number => {
    const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? []
    if (digits === undefined) {
      throw new InvalidArgumentError('Write seconds, or a number with ms, s, m, h or d.')
    }
    const ms = Number(digits) * (UNITS[unit] as number)
    if (ms < min || ms > max) {
      throw new InvalidArgumentError(`It is from ${shortTime(min)} to ${shortTime(max)}.`)
    }
    return ms
  }

const shortTime = (ms: number) => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`)

/** An integer within bounds. */
export const count =
  (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`
    throw new InvalidArgumentError(`It is an integer ${bounds}.`)
  }

/** An option that may be given several times. */
export const several = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
]

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure(EXIT.usage, `this is no JSON: ${text.slice(0, 60)}`)
  }
}

/** The bytes of a file, or of standard input for `-`. */
export async function read(file: string): Promise<Buffer> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file)
  } catch (error) {
    throw new Failure(EXIT.usage, `${file} cannot be read: ${(error as Error).message}`)
  }
}
