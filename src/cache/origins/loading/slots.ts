/** Bounds the requests to an origin at a time. Those that wait for a slot get it in their order. */
export class Slots {
  readonly #max: number
  #used = 0
  #inBackground = 0
  #isClosed = false
  readonly #waiting = new Set<(hasSlot: boolean) => void>()

  constructor(max: number) {
    this.#max = max
  }

  /** Requests that hold a slot. */
  get used(): number {
    return this.#used
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** @returns whether a slot became free in time; then `release` it */
  take(waitMs: number): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    if (this.#used < this.#max) {
      this.#used += 1
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const end = (hasSlot: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(end)
        resolve(hasSlot)
      }
      const timer = setTimeout(end, waitMs, false)
      this.#waiting.add(end)
    })
  }

  /** Loads in the background wait for no slot, and use half of them at most. */
  takeInBackground(): boolean {
    const most = Math.ceil(this.#max / 2)
    if (this.#isClosed || this.#used >= this.#max || this.#inBackground >= most) return false
    this.#used += 1
    this.#inBackground += 1
    return true
  }

  release(isInBackground: boolean): void {
    if (isInBackground) this.#inBackground -= 1
    const [next] = this.#waiting
    if (next) next(true)
    else this.#used -= 1
  }

  /** Answers those that wait, and gives no more slots. */
  close(): void {
    this.#isClosed = true
    for (const end of [...this.#waiting]) end(false)
  }
}
