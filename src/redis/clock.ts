/**
 * An estimate of the time of Redis: the clock of this process, corrected by the last time a script
 * returned. It picks the calendar windows that a script is given; the script decides which one is
 * the current one.
 */
export class RedisClock {
  #aheadMs = 0

  /** Since 1970, in milliseconds. */
  nowMs(): number {
    return Date.now() + this.#aheadMs
  }

  /** @param atMs the time that a script just returned */
  learn(atMs: number): void {
    this.#aheadMs = atMs - Date.now()
  }
}

/** The calendar windows that a script was given do not include its time. */
export interface StaleWindow {
  readonly kind: 'stale-window'
  /** The time of Redis, since 1970. */
  readonly nowMs: number
}

/** @param nowUs as the script returned it */
export const staleWindow = (nowUs: number): StaleWindow => ({
  kind: 'stale-window',
  nowMs: Math.floor(nowUs / 1_000),
})

/** A clock that jumps at the border of two windows may need more than one retry. */
const MAX_ATTEMPTS = 4

/** Calls a script with the windows around now, and again if Redis has another time. */
export async function atTimeOfRedis<R extends { readonly kind: string }>(
  clock: RedisClock,
  ask: (nowMs: number) => Promise<R | StaleWindow>,
): Promise<Exclude<R, StaleWindow>> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const reply = await ask(clock.nowMs())
    if (reply.kind !== 'stale-window') return reply as Exclude<R, StaleWindow>
    clock.learn((reply as StaleWindow).nowMs)
  }
  throw new Error(`the time of Redis changed ${MAX_ATTEMPTS} times during one call`)
}
