/**
 * The clock of Redis, as far as this process knows it: its own, until a script told another time.
 * Good enough to compute the periods of a calendar around now; which of them it is, a script decides.
 */
export class RedisClock {
  #aheadMs = 0

  /** Since 1970, in milliseconds. */
  nowMs(): number {
    return Date.now() + this.#aheadMs
  }

  /** @param atMs the time a script just told */
  learn(atMs: number): void {
    this.#aheadMs = atMs - Date.now()
  }
}
