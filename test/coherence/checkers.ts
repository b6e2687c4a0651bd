import type { History, Value } from './history.js'

/** How long after an acknowledged change a process may still serve the older value. */
const BOUND_MS = 1_000
/** Redis decides in microseconds; a run measures in milliseconds. */
const ROUNDING_MS = 5

/** The lifetimes of the values of a space. */
export interface Life {
  readonly ttlMs: number
  readonly staleMs: number
}

export interface Findings {
  readonly reads: number
  readonly fromMemory: number
  readonly stale: number
  readonly fillsTaken: number
  readonly fillsRefused: number
  /** Reads older than an acknowledged change, within the bound; `latestMs` is the worst. */
  readonly late: number
  readonly latestMs: number
  /** Reads older than an acknowledged hard change, beyond the bound. */
  readonly old: number
  /** The part of `old` that a read of Redis for this request alone returned. */
  readonly oldDirect: number
  /** Fills accepted although a hard change was acknowledged after the load and before the fill. */
  readonly lateFills: number
  /** Reads reported fresh after an acknowledged soft change. */
  readonly wronglyFresh: number
  /** Reads served after the end of the stale window. */
  readonly beyondWindow: number
}

/** The findings of a service that keeps its promises under all faults. */
export const CLEAN = {
  old: 0,
  lateFills: 0,
  wronglyFresh: 0,
  beyondWindow: 0,
} satisfies Partial<Findings>

/** Whether a run saw each kind of event that it checks. */
export const isLively = (soFar: Findings): boolean =>
  soFar.fromMemory > 30 && soFar.stale > 20 && soFar.fillsTaken > 20 && soFar.fillsRefused > 5

export function judge(history: History, lifeOf: (key: string) => Life): Findings {
  const count = {
    fromMemory: 0,
    stale: 0,
    late: 0,
    latestMs: 0,
    old: 0,
    oldDirect: 0,
    wronglyFresh: 0,
    beyondWindow: 0,
  }
  for (const { id, state, fromMemory, isDirect, beganAt } of history.reads) {
    if (fromMemory) count.fromMemory += 1
    if (state === 'stale') count.stale += 1
    const value = history.values.get(id) as Value
    // A PUT with a lost answer may apply at any time.
    if (value.isPlain && value.storedAt === undefined) continue
    const boundMs = isDirect ? 0 : BOUND_MS

    const lateMs = beganAt - history.outOfDateAt('hard', value)
    if (lateMs > boundMs) {
      count.old += 1
      if (isDirect) count.oldDirect += 1
    } else if (lateMs > 0) {
      count.late += 1
      count.latestMs = Math.max(count.latestMs, Math.round(lateMs))
    }

    const { ttlMs, staleMs } = lifeOf(value.key)
    const staleAt = history.outOfDateAt('soft', value)
    if (state === 'fresh' && beganAt > staleAt + boundMs) count.wronglyFresh += 1
    const endsAt = Math.min(staleAt, (value.storedAt ?? Number.POSITIVE_INFINITY) + ttlMs) + staleMs
    if (beganAt > endsAt + boundMs + ROUNDING_MS) count.beyondWindow += 1
  }
  const lateFills = history.takenFills.filter(
    ({ id, beganAt }) => beganAt > history.outOfDateAt('hard', history.values.get(id) as Value),
  )
  return {
    reads: history.reads.length,
    fillsTaken: history.takenFills.length,
    fillsRefused: history.refusedFills,
    lateFills: lateFills.length,
    ...count,
  }
}
