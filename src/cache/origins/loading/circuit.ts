/** Failures in a row that open the circuit. */
const MOST_FAILURES = 5
const FIRST_MS = 1_000
const LONGEST_MS = 30_000

/**
 * Keeps loads from an origin that is away, as this process sees it: after 5 failures in a row none is
 * tried for a second, then one at a time, after each further failure for twice as long, at most 30 s.
 */
export class Circuit {
  readonly #now: () => number
  #failures = 0
  #openings = 0
  #closesAt = 0
  #isProbing = false

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get isOpen(): boolean {
    return this.#openings > 0
  }

  /** How long no request should be sent, 0 where one may. */
  get refusesMs(): number {
    if (!this.isOpen) return 0
    if (this.#isProbing) return FIRST_MS
    return Math.max(0, this.#closesAt - this.#now())
  }

  /** @returns what to call with the result of the request, or undefined where none may be sent */
  begin(): ((isUp: boolean) => void) | undefined {
    if (this.refusesMs > 0) return undefined
    const isProbe = this.isOpen
    this.#isProbing = isProbe
    return (isUp) => {
      if (isProbe) this.#isProbing = false
      if (isUp) this.#close()
      else if (isProbe || (!this.isOpen && ++this.#failures >= MOST_FAILURES)) this.#open()
    }
  }

  #open(): void {
    this.#closesAt = this.#now() + Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#openings)
    this.#openings += 1
  }

  #close(): void {
    this.#failures = 0
    this.#openings = 0
  }
}
