import { StoreError } from '../../redis/errors.js'

interface Pending {
  readonly givenUpAt: number
  readonly reject: (error: StoreError) => void
}

const CHECK_EVERY_MS = 25

/**
 * Bounds how long a read may wait: whoever asks a cache has a slower way to the value, and wants to
 * know soon. After a read that was given up, one at a time tries whether Redis answers again; the
 * others are refused at once, until one gets through.
 */
export class ReadGuard {
  readonly #timeoutMs: number
  /** In the order in which they are given up. */
  readonly #pending = new Set<Pending>()
  #timer: NodeJS.Timeout | undefined
  #isSilent = false
  #isTrying = false

  /** @param timeoutMs after which a read is given up; its script may still run, and changes no value. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** @throws StoreError store-unavailable, or what `read` throws. */
  run<T>(read: () => Promise<T>): Promise<T> {
    if (!this.#isSilent) return this.#bounded(read())
    if (this.#isTrying) return Promise.reject(silent())
    this.#isTrying = true
    const trial = read()
    const over = () => {
      this.#isTrying = false
    }
    trial.then(over, over)
    return this.#bounded(trial)
  }

  #bounded<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending = { givenUpAt: performance.now() + this.#timeoutMs, reject }
      this.#pending.add(pending)
      this.#timer ??= this.#later()
      reply.then(
        (value) => {
          this.#pending.delete(pending)
          this.#isSilent = false
          resolve(value)
        },
        (error: unknown) => {
          this.#pending.delete(pending)
          reject(error)
        },
      )
    })
  }

  /** Answers that came while this process was busy are taken up first: it was us who kept silent. */
  #later(): NodeJS.Timeout {
    return setTimeout(() => setImmediate(() => this.#giveUp()), CHECK_EVERY_MS).unref()
  }

  #giveUp(): void {
    const now = performance.now()
    for (const pending of this.#pending) {
      if (pending.givenUpAt > now) break
      this.#pending.delete(pending)
      this.#isSilent = true
      pending.reject(silent())
    }
    this.#timer = this.#pending.size > 0 ? this.#later() : undefined
  }
}

const silent = (): StoreError =>
  new StoreError('store-unavailable', 'Redis does not answer in time; nothing was read.')
