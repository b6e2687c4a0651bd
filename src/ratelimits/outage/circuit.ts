import { Deadline } from '../../redis/deadline.js'
import { StoreError } from '../../redis/errors.js'
import type { Servers } from '../../redis/servers.js'

export interface CircuitOptions {
  readonly servers: Servers
  /** How long a check may wait for Redis. */
  readonly timeoutMs: number
  readonly onChange: (open: number) => void
}

/** The first PING follows soon, in case of a hiccup; a dead server gets four a second. */
const FIRST_PING_MS = 50
const PING_EVERY_MS = 250

/**
 * A circuit breaker for one server of Redis. It opens at the first call without an answer; then only
 * PINGs are sent, so that later callers do not wait for a time-out. Any answer closes it, even a late one.
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

/** A refusal by Redis is an answer, so it does not open the circuit. */
const isSilence = (error: unknown): boolean =>
  error instanceof StoreError &&
  (error.code === 'store-unavailable' || error.code === 'outcome-unknown') &&
  error.reason === undefined

/** A circuit per server: on a Cluster the other servers are still asked. */
export class Circuits {
  readonly #options: CircuitOptions
  readonly #circuits = new Map<string, Circuit>()
  #open = 0

  constructor(options: CircuitOptions) {
    this.#options = options
  }

  of(key: string): Circuit {
    const { servers, timeoutMs } = this.#options
    const server = servers.serverOf(key)
    let circuit = this.#circuits.get(server)
    if (!circuit) {
      circuit = new Circuit(timeoutMs, () => servers.ping(server), this.#count)
      this.#circuits.set(server, circuit)
    }
    return circuit
  }

  readonly #count = (isOpen: boolean): void => {
    this.#open += isOpen ? 1 : -1
    this.#options.onChange(this.#open)
  }
}
