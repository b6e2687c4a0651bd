import stringWidth from 'string-width'

export type Cell = string | number | undefined

const RESET = '\x1b[0m'
const STYLES = { bold: '\x1b[1m', dim: '\x1b[2m', red: '\x1b[31m', green: '\x1b[32m' } as const

export type Style = keyof typeof STYLES

/** Colours are for a terminal whose owner did not refuse them. */
export const wantsColour = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv) =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'

/** What a command prints: tables and lines for people, JSON for programs. */
export class Output {
  readonly isJson: boolean
  readonly #colour: boolean

  constructor(options: { json?: boolean }) {
    this.isJson = options.json === true
    this.#colour = wantsColour(process.stdout, process.env)
  }

  paint(style: Style, text: string): string {
    return this.#colour ? `${STYLES[style]}${text}${RESET}` : text
  }

  line(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** Resolves when all is written; where that fails the program ends. */
  written(): Promise<void> {
    return new Promise((resolve) => process.stdout.write('', (error) => void (error ?? resolve())))
  }

  /** The value as JSON on one line, or what `human` prints. */
  show(value: unknown, human: () => void): void {
    if (this.isJson) this.line(toJson(value))
    else human()
  }

  /** Columns under their heads; without rows one line says so. */
  table(heads: readonly string[], rows: readonly (readonly Cell[])[], empty: string): void {
    const [head = '', ...lines] = columns([heads, ...rows])
    this.line(rows.length === 0 ? this.paint('dim', empty) : this.paint('bold', head))
    for (const line of lines) this.line(line)
  }

  /** Names and values below each other, without those that are absent. */
  fields(pairs: readonly (readonly [string, Cell])[]): void {
    const present = pairs.filter(([, value]) => value !== undefined && value !== '')
    const width = Math.max(...present.map(([name]) => name.length))
    for (const [name, value] of present) {
      this.line(`${this.paint('bold', name.padEnd(width))}  ${printable(String(value))}`)
    }
  }
}

/** A remark for people that is no part of the result. */
export const note = (text: string): void => void process.stderr.write(`lockstep: ${text}\n`)

/** Integers beyond 2^53 are text, as in the API. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))

/** Text of callers cannot move the cursor or change colours. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (letter) => JSON.stringify(letter).slice(1, -1))

/** Aligned lines: numbers to the right, text to the left. */
export function columns(rows: readonly (readonly Cell[])[]): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell ?? '-'))))
  const isNumber = (rows[0] ?? []).map((_, at) => {
    const present = rows.slice(1).flatMap((row) => row[at] ?? [])
    return present.length > 0 && present.every((cell) => typeof cell === 'number')
  })
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...texts.map((row) => stringWidth(row[at] ?? ''))),
  )
  return texts.map((row) =>
    row
      .map((text, at) => {
        const space = ' '.repeat((widths[at] ?? 0) - stringWidth(text))
        return isNumber[at] ? space + text : text + space
      })
      .join('  ')
      .trimEnd(),
  )
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `1h 5m`, `29s`, `80ms`. */
export function time(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined
  if (ms < 1_000) return `${Math.round(ms)}ms`
  const at = UNITS.findIndex(([, size]) => ms >= size)
  const [unit, size] = UNITS[at] as (typeof UNITS)[number]
  const [nextUnit, nextSize] = UNITS[at + 1] ?? []
  const rest = nextSize ? Math.floor((ms % size) / nextSize) : 0
  return `${Math.floor(ms / size)}${unit}${rest > 0 ? ` ${rest}${nextUnit}` : ''}`
}

export function size(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined
  const step = bytes < 1_024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1_024 ** step
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'][step]
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`
}
