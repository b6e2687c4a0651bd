export interface DeadlineOptions {
  readonly timeoutMs: number
  /** Called for each answer that is late; the caller gets its error. */
  readonly onMissed: () => Error
  /** Called for each answer, late ones included. */
  readonly onAnswer: () => void
}

interface Pending {
  readonly missedAt: number
  readonly reject: (error: Error) => void
}

export const CHECK_EVERY_MS = 25

/**
 * Bounds how long callers wait for Redis; what was sent may still run. All calls share one timer: a
 * timer per call would cost more than the call.
 */
export class Deadline {
  readonly #options: DeadlineOptions
  /** In the order of their deadlines. */
  readonly #pending = new Set<Pending>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: DeadlineOptions) {
    this.#options = options
  }

  bound<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { timeoutMs, onAnswer } = this.#options
      const pending = { missedAt: performance.now() + timeoutMs, reject }
      this.#pending.add(pending)
      this.#timer ??= this.#later()
      reply.then(
        (value) => {
          this.#pending.delete(pending)
          onAnswer()
          resolve(value)
        },
        (error: unknown) => {
          this.#pending.delete(pending)
          reject(error)
        },
      )
    })
  }

  /** Answers that arrived while this process was busy are handled first: they are not late. */
  #later(): NodeJS.Timeout {
    return setTimeout(() => setImmediate(() => this.#giveUp()), CHECK_EVERY_MS).unref()
  }

  #giveUp(): void {
    const now = performance.now()
    for (const pending of this.#pending) {
      if (pending.missedAt > now) break
      this.#pending.delete(pending)
      pending.reject(this.#options.onMissed())
    }
    this.#timer = this.#pending.size > 0 ? this.#later() : undefined
  }
}
