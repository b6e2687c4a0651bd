export interface Decision {
  readonly allowed: boolean
  readonly remaining: number
  /** leaky-bucket: us until the call may start; 0 for the others. */
  readonly delayUs: number
}

/** An algorithm without Redis; the tests compare the scripts with it. */
export interface Model {
  check(nowUs: number, cost: number): Decision
}

/** 2025-01-01: relative to it, 1/16 us are exact in a double. */
const EPOCH_US = 1_735_689_600_000_000

/** GCRA as a draining bucket; its debt is in units of 1/16 us, as in the script. */
export function gcraModel(limit: number, windowMs: number, burst: number): Model {
  const interval = Math.ceil((16_000 * windowMs) / limit)
  let tat = 0
  return {
    check(nowUs, cost) {
      const now = (nowUs - EPOCH_US) * 16
      const debt = Math.max(0, tat - now)
      const allowed = debt + cost * interval <= burst * interval
      if (allowed) tat = now + debt + cost * interval
      const after = Math.max(0, tat - now)
      const remaining = Math.max(0, Math.floor((burst * interval - after) / interval))
      return { allowed, remaining, delayUs: 0 }
    },
  }
}

/** A queue of jobs with the time at which each ends: a call starts when the last one ends. */
export function leakyModel(limit: number, windowMs: number, maxDelayMs: number): Model {
  const interval = Math.ceil((16_000 * windowMs) / limit)
  const done: number[] = []
  return {
    check(nowUs, cost) {
      const now = (nowUs - EPOCH_US) * 16
      const start = Math.max(now, ...done)
      const mayStart = (at: number) => at - now <= maxDelayMs * 16_000
      const allowed = cost <= limit && mayStart(start)
      if (allowed) done.push(start + cost * interval)
      let remaining = 0
      for (let at = Math.max(now, ...done); mayStart(at); at += interval) remaining++
      return { allowed, remaining, delayUs: allowed ? Math.ceil((start - now) / 16) : 0 }
    },
  }
}

/** Keeps every admitted call, and sums over the window at each check. */
export function logModel(limit: number, windowMs: number): Model {
  const calls: { atUs: number; cost: number }[] = []
  return {
    check(nowUs, cost) {
      const used = () =>
        calls
          .filter(({ atUs }) => nowUs - atUs < windowMs * 1_000)
          .reduce((sum, call) => sum + call.cost, 0)
      const allowed = used() + cost <= limit
      if (allowed) calls.push({ atUs: nowUs, cost })
      return { allowed, remaining: limit - used(), delayUs: 0 }
    },
  }
}

export function windowModel(limit: number, windowMs: number, fromFirstHit: boolean): Model {
  const length = windowMs * 1_000
  let start = Number.NEGATIVE_INFINITY
  let count = 0
  return {
    check(nowUs, cost) {
      if (nowUs >= start + length) {
        start = fromFirstHit ? nowUs : nowUs - (nowUs % length)
        count = 0
      }
      const allowed = count + cost <= limit
      if (allowed) count += cost
      return { allowed, remaining: Math.max(0, limit - count), delayUs: 0 }
    },
  }
}

/** Keeps every call with its bucket, packs nothing and forgets nothing. */
export function slidingModel(
  limit: number,
  windowMs: number,
  buckets: number,
  strict: boolean,
): Model {
  const width = Math.ceil((windowMs * 1_000) / buckets)
  const calls: { bucket: number; cost: number }[] = []
  return {
    check(nowUs, cost) {
      const newest = Math.floor(nowUs / width)
      const share = strict ? 1 : (width - (nowUs - newest * width)) / width
      const within = (from: number, to: number) =>
        calls
          .filter(({ bucket }) => bucket >= from && bucket <= to)
          .reduce((sum, call) => sum + call.cost, 0)
      const oldest = newest - buckets
      const used = () => within(oldest + 1, newest) + Math.ceil(within(oldest, oldest) * share)
      const allowed = used() + cost <= limit
      if (allowed) calls.push({ bucket: newest, cost })
      return { allowed, remaining: Math.max(0, limit - used()), delayUs: 0 }
    },
  }
}
