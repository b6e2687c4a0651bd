import { LeaseLostError, RevokeRequestedError } from './errors.js'

/** Stops the work under a lease. */
export class Watch {
  readonly #stop = new AbortController()
  #lost: LeaseLostError | undefined

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get lost(): LeaseLostError | undefined {
    return this.#lost
  }

  lose(why: string, cause?: unknown): void {
    this.#lost ??= new LeaseLostError(`the lease is lost: ${why}`, cause)
    this.#stop.abort(this.#lost)
  }

  giveWay(reason: string): void {
    this.#stop.abort(new RevokeRequestedError(reason))
  }

  throwIfLost(): void {
    if (this.#lost) throw this.#lost
  }

  /** The work is done. */
  end(): void {}
}
