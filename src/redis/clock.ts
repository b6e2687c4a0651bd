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

/** What a script answers when the periods it was given are not those around its time. */
export interface StaleWindow {
  readonly kind: 'stale-window'
  /** The time of Redis, since 1970. */
  readonly nowMs: number
}

/** @param nowUs as the script told it */
export const staleWindow = (nowUs: number): StaleWindow => ({
  kind: 'stale-window',
  nowMs: Math.floor(nowUs / 1_000),
})

/** A clock that steps at the border of two periods may need more than one attempt. */
const MAX_ATTEMPTS = 4

/** Asks a script with what belongs to now, and again where it is another time in Redis. */
export async function atTimeOfRedis<R extends { readonly kind: string }>(
  clock: RedisClock,
  ask: (nowMs: number) => Promise<R | StaleWindow>,
): Promise<Exclude<R, StaleWindow>> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const reply = await ask(clock.nowMs())
    if (!isStaleWindow(reply)) return reply as Exclude<R, StaleWindow>
    clock.learn(reply.nowMs)
  }
  throw new Error(`the time of Redis changed ${MAX_ATTEMPTS} times during one call`)
}

const isStaleWindow = (reply: { readonly kind: string }): reply is StaleWindow =>
  reply.kind === 'stale-window'
