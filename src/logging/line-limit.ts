export interface LineLimitOptions {
  /** Lines of one kind that may be written in a period. */
  readonly max: number
  readonly periodMs: number
  /** Called at the end of a period, with the number of lines that were left out. */
  readonly onRest: (kind: string, count: number) => void
}

/** Bounds the lines about something that happens all the time. */
export class LineLimit {
  readonly #options: LineLimitOptions
  readonly #taken = new Map<string, number>()

  constructor(options: LineLimitOptions) {
    this.#options = options
  }

  /** Whether a line of this kind may be written now. Kinds come from a closed set. */
  take(kind: string): boolean {
    const taken = this.#taken.get(kind) ?? 0
    if (taken === 0) setTimeout(() => this.#end(kind), this.#options.periodMs).unref()
    this.#taken.set(kind, taken + 1)
    return taken < this.#options.max
  }

  #end(kind: string): void {
    const rest = (this.#taken.get(kind) ?? 0) - this.#options.max
    this.#taken.delete(kind)
    if (rest > 0) this.#options.onRest(kind, rest)
  }
}
