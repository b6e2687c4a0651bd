import { Deadline } from '../../redis/deadline.js'
import { StoreError } from '../../redis/errors.js'

/**
 * Bounds how long a read may wait: whoever asks a cache has a slower way to the value, and wants to
 * know soon. After a read that was given up, one at a time tries whether Redis answers again; the
 * others are refused at once, until one gets through.
 */
export class ReadGuard {
  readonly #deadline: Deadline
  #isSilent = false
  #isTrying = false

  /** @param timeoutMs after which a read is given up; its script may still run, and changes no value. */
  constructor(timeoutMs: number) {
    this.#deadline = new Deadline({
      timeoutMs,
      onMissed: () => {
        this.#isSilent = true
        return silent()
      },
      onAnswer: () => {
        this.#isSilent = false
      },
    })
  }

  /** @throws StoreError store-unavailable, or what `read` throws. */
  run<T>(read: () => Promise<T>): Promise<T> {
    if (!this.#isSilent) return this.#deadline.bound(read())
    if (this.#isTrying) return Promise.reject(silent())
    this.#isTrying = true
    const trial = read()
    const over = () => {
      this.#isTrying = false
    }
    trial.then(over, over)
    return this.#deadline.bound(trial)
  }
}

const silent = (): StoreError =>
  new StoreError('store-unavailable', 'Redis does not answer in time; nothing was read.')

/** A guard per server, which is few; see `Reach`. */
export class ReadGuards {
  readonly #timeoutMs: number
  readonly #guards = new Map<string, ReadGuard>()

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  of(server: string): ReadGuard {
    const known = this.#guards.get(server)
    if (known) return known
    const made = new ReadGuard(this.#timeoutMs)
    this.#guards.set(server, made)
    return made
  }
}
