import { Deadline } from '../../redis/deadline.js'
import { StoreError } from '../../redis/errors.js'
import type { Reach } from '../../redis/reach.js'

export interface CircuitOptions {
  readonly reach: Reach
  /** How long a check may wait for Redis. */
  readonly timeoutMs: number
  readonly onChange: (open: number) => void
}

/** The first question after a hiccup comes soon; a dead server is not worth more than four a second. */
const FIRST_PING_MS = 50
const PING_EVERY_MS = 250

/**
 * Whether one server answers. Once it has not, nothing more is sent to it but a PING now and then,
 * so that an outage costs no caller a time-out. Any answer closes the circuit again, also one that
 * came too late for its caller.
 */
export class Circuit {
  #isOpen = false
  readonly #deadline: Deadline
  readonly #ping: () => Promise<unknown>
  readonly #onChange: (isOpen: boolean) => void

  constructor(
    timeoutMs: number,
    ping: () => Promise<unknown>,
    onChange: (isOpen: boolean) => void,
  ) {
    this.#ping = ping
    this.#onChange = onChange
    this.#deadline = new Deadline({
      timeoutMs,
      onMissed: () => {
        this.#open()
        return new StoreError('outcome-unknown', 'Redis did not answer in time.')
      },
      onAnswer: () => this.#close(),
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** @throws StoreError outcome-unknown after the time-out, or what `call` throws. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#deadline.bound(call())
    } catch (error) {
      if (isSilence(error)) this.#open()
      throw error
    }
  }

  #open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#onChange(true)
    this.#askAfter(FIRST_PING_MS)
  }

  #close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#onChange(false)
  }

  #askAfter(ms: number): void {
    setTimeout(() => {
      if (!this.#isOpen) return
      this.#ping().then(
        () => this.#close(),
        () => this.#askAfter(PING_EVERY_MS),
      )
    }, ms).unref()
  }
}

/** What Redis itself refused was answered within a round trip, and costs nobody a time-out. */
const isSilence = (error: unknown): boolean =>
  error instanceof StoreError &&
  (error.code === 'store-unavailable' || error.code === 'outcome-unknown') &&
  error.reason === undefined

/** A circuit per server: on a Cluster the others go on while one is away. */
export class Circuits {
  readonly #options: CircuitOptions
  readonly #circuits = new Map<string, Circuit>()
  #open = 0

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  of(key: string): Circuit {
    const { reach, timeoutMs } = this.#options
    const server = reach.serverOf(key)
    let circuit = this.#circuits.get(server)
    if (!circuit) {
      circuit = new Circuit(timeoutMs, () => reach.ping(server), this.#count)
      this.#circuits.set(server, circuit)
    }
    return circuit
  }

  readonly #count = (isOpen: boolean): void => {
    this.#open += isOpen ? 1 : -1
    this.#options.onChange(this.#open)
  }
}
