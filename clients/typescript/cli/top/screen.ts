const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

const CTRL_C = '\u0003'
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The other screen of a terminal, which is restored at the end. */
export class Screen {
  readonly #quit = new AbortController()
  #lines: readonly string[] = []
  readonly #fit: (lines: readonly string[], width: number, height: number) => string[]

  constructor(fit: (lines: readonly string[], width: number, height: number) => string[]) {
    this.#fit = fit
  }

  /** Aborts at `q`, Ctrl-C or a signal. */
  get signal(): AbortSignal {
    return this.#quit.signal
  }

  /** Keys are read only from a terminal. */
  open(): void {
    process.stdout.write(ENTER)
    process.stdout.on('resize', this.#draw)
    for (const signal of ENDS) process.on(signal, this.#end)
    if (!process.stdin.isTTY) return
    process.stdin.setRawMode(true)
    process.stdin.on('data', this.#key)
  }

  close(): void {
    if (process.stdin.isTTY) {
      process.stdin.off('data', this.#key)
      process.stdin.setRawMode(false)
      process.stdin.pause()
    }
    for (const signal of ENDS) process.off(signal, this.#end)
    process.stdout.off('resize', this.#draw)
    process.stdout.write(LEAVE)
  }

  show(lines: readonly string[]): void {
    this.#lines = lines
    this.#draw()
  }

  readonly #end = (): void => this.#quit.abort()

  readonly #key = (typed: Buffer): void => {
    if (['q', 'Q', CTRL_C].includes(typed.toString())) this.#quit.abort()
  }

  readonly #draw = (): void => {
    const { columns = 80, rows = 24 } = process.stdout
    const lines = this.#fit(this.#lines, columns, rows - 1)
    const text = lines.map((line) => `${line}${REST_OF_LINE}\r\n`).join('')
    process.stdout.write(`${HOME}${text}${REST_OF_SCREEN}`)
  }
}
