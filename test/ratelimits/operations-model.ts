import type { Policy } from '../../src/ratelimits/policies/policy.js'

/**
 * The usage of one subject, and how operations other than a check change it. Times are in us since
 * 1970, by a clock that may step back. Each call may have another `limit`.
 */
export interface Account {
  fits(nowUs: number, cost: number, limit: number): boolean
  remaining(nowUs: number, limit: number): number
  take(nowUs: number, cost: number, limit: number): void
  /**
   * @param untilUs when the cost stops counting, as far as the caller knows
   * @returns the refunded amount
   */
  refund(
    nowUs: number,
    cost: number,
    takenUs: number,
    untilUs: number | undefined,
    limit: number,
  ): number
  reset(): void
  /** When the consumed cost stops counting; only for algorithms whose refund depends on it. */
  untilUs?(nowUs: number, limit: number): number
}

const total = (parcels: readonly number[]): number => parcels.reduce((sum, one) => sum + one, 0)

/** Removes this amount, from the first parcel on, and drops empty parcels. */
function drained(parcels: readonly number[], amount: number): number[] {
  let left = amount
  return parcels
    .map((parcel) => {
      const part = Math.min(left, parcel)
      left -= part
      return parcel - part
    })
    .filter((parcel) => parcel > 0)
}

/** Converts the parcels to another unit; their sum is rounded up. */
function scaled(parcels: readonly number[], to: number, from: number): number[] {
  let before = 0
  return parcels.map((parcel) => {
    const start = Math.ceil((before * to) / from)
    before += parcel
    return Math.ceil((before * to) / from) - start
  })
}

/**
 * The usage in 1/16 us, parcel by parcel, in the order in which it leaks: first debts, which exceed
 * the capacity, then usage, the oldest first.
 */
class Parcels {
  #debts: number[] = []
  #usage: number[] = []
  #interval = 1
  #atUs = 0
  readonly #windowUs: number
  readonly #roomOf: (limit: number) => number

  constructor(windowUs: number, roomOf: (limit: number, interval: number) => number) {
    this.#windowUs = windowUs
    this.#roomOf = (limit) => roomOf(limit, this.intervalOf(limit))
  }

  intervalOf = (limit: number) => Math.ceil((16 * this.#windowUs) / limit)

  /** The usage now. Another limit, or a clock that stepped back, changes the stored parcels. */
  sum(nowUs: number, limit: number): number {
    const { debts, usage } = this.#leaked(nowUs)
    const interval = this.intervalOf(limit)
    const most = this.#roomOf(limit)
    if (interval === this.#interval && total(usage) <= most && nowUs >= this.#atUs) {
      return total(debts) + total(usage)
    }
    const kept = scaled(usage, interval, this.#interval)
    this.#debts = scaled(debts, interval, this.#interval)
    // The oldest usage that exceeds the capacity of the new limit is dropped.
    this.#usage = drained(kept, Math.max(0, total(kept) - most))
    this.#atUs = nowUs
    this.#interval = interval
    return total(this.#debts) + total(this.#usage)
  }

  #leaked(nowUs: number) {
    const amount = 16 * Math.max(0, nowUs - this.#atUs)
    const paid = Math.min(amount, total(this.#debts))
    return { debts: drained(this.#debts, paid), usage: drained(this.#usage, amount - paid) }
  }

  #settle(nowUs: number, limit: number): void {
    this.sum(nowUs, limit)
    const { debts, usage } = this.#leaked(nowUs)
    this.#debts = debts
    this.#usage = usage
    this.#atUs = nowUs
    this.#interval = this.intervalOf(limit)
  }

  take(nowUs: number, cost: number, limit: number): void {
    this.#settle(nowUs, limit)
    this.#usage.push(cost * this.intervalOf(limit))
    const surplus = Math.max(0, total(this.#usage) - this.#roomOf(limit))
    if (surplus === 0) return
    this.#usage = drained(this.#usage.reverse(), surplus).reverse()
    this.#debts.push(surplus)
  }

  refund(
    nowUs: number,
    cost: number,
    takenUs: number,
    untilUs: number | undefined,
    limit: number,
  ): number {
    this.#settle(nowUs, limit)
    const interval = this.intervalOf(limit)
    const endUs = untilUs ?? takenUs + Math.ceil((cost * interval) / 16)
    const owed = total(this.#debts)
    const given = Math.min(
      cost * interval,
      Math.max(0, 16 * (endUs - nowUs)),
      owed + total(this.#usage),
    )
    this.#debts = drained(this.#debts, given)
    this.#usage = drained(this.#usage.reverse(), given - Math.min(given, owed)).reverse()
    return Math.ceil(given / interval)
  }

  untilUs(nowUs: number, limit: number): number {
    return nowUs + Math.ceil(this.sum(nowUs, limit) / 16)
  }

  reset(): void {
    this.#debts = []
    this.#usage = []
  }
}

/** The operations that all kinds of buckets share. */
const changesOf = (parcels: Parcels) => ({
  take: parcels.take.bind(parcels),
  refund: parcels.refund.bind(parcels),
  untilUs: parcels.untilUs.bind(parcels),
  reset: parcels.reset.bind(parcels),
})

/** @param burstOf the burst that a limit allows */
export function gcraAccount(windowMs: number, burstOf: (limit: number) => number): Account {
  const roomOf = (limit: number, interval: number) => burstOf(limit) * interval
  const parcels = new Parcels(windowMs * 1_000, roomOf)
  const left = (now: number, limit: number) =>
    roomOf(limit, parcels.intervalOf(limit)) - parcels.sum(now, limit)
  return {
    ...changesOf(parcels),
    fits: (now, cost, limit) =>
      cost <= burstOf(limit) && cost * parcels.intervalOf(limit) <= left(now, limit),
    remaining: (now, limit) =>
      Math.max(0, Math.floor(left(now, limit) / parcels.intervalOf(limit))),
  }
}

export function leakyAccount(windowMs: number, maxDelayMs: number): Account {
  const longest = maxDelayMs * 16_000
  const parcels = new Parcels(windowMs * 1_000, (limit, interval) => longest + limit * interval)
  const free = (now: number, limit: number) => longest - parcels.sum(now, limit)
  return {
    ...changesOf(parcels),
    fits: (now, cost, limit) => cost <= limit && free(now, limit) >= 0,
    remaining: (now, limit) =>
      free(now, limit) < 0 ? 0 : Math.floor(free(now, limit) / parcels.intervalOf(limit)) + 1,
  }
}

interface Call {
  readonly atUs: number
  readonly cost: number
}

/** How an algorithm counts calls. */
interface Counting {
  /** The usage now. */
  used(calls: readonly Call[], nowUs: number): number
  /** Whether a call of that time still counts, so that a refund may take from it. */
  counts(atUs: number, nowUs: number, calls: readonly Call[]): boolean
  /**
   * Moves calls that are later than now, because the clock has stepped back since.
   * @param writtenUs the time of the last change
   */
  rewind(calls: readonly Call[], nowUs: number, writtenUs: number): readonly Call[]
}

function callsAccount({ used, counts, rewind }: Counting): Account {
  let calls: readonly Call[] = []
  let writtenUs = 0
  const at = (nowUs: number) => {
    calls = rewind(calls, nowUs, writtenUs)
    writtenUs = Math.min(writtenUs, nowUs)
    return calls
  }
  /** A change drops the calls that no longer count. */
  const write = (nowUs: number, changed: readonly Call[]) => {
    calls = changed
    writtenUs = nowUs
  }
  const counting = (nowUs: number) => calls.filter(({ atUs }) => counts(atUs, nowUs, calls))
  return {
    fits: (now, cost, limit) => used(at(now), now) + cost <= limit,
    remaining: (now, limit) => Math.max(0, limit - used(at(now), now)),
    take(now, cost) {
      at(now)
      write(now, [...counting(now), { atUs: now, cost }])
    },
    refund(now, cost, taken) {
      at(now)
      if (!counts(taken, now, calls)) return 0
      let left = cost
      const newestFirst = counting(now).reverse()
      const kept = newestFirst.map(({ atUs, cost }) => {
        const part = Math.min(left, cost)
        left -= part
        return { atUs, cost: cost - part }
      })
      write(now, kept.filter((call) => call.cost > 0).reverse())
      return cost - left
    },
    reset() {
      calls = []
    },
  }
}

const sum = (calls: readonly Call[], holds: (call: Call) => boolean): number =>
  calls.filter(holds).reduce((total, { cost }) => total + cost, 0)

const all = (calls: readonly Call[], atUs: number): Call[] =>
  calls.map(({ cost }) => ({ atUs, cost }))

export function logAccount(windowMs: number): Account {
  const counts = (atUs: number, now: number) => atUs > now - windowMs * 1_000
  return callsAccount({
    counts,
    used: (calls, now) => sum(calls, ({ atUs }) => counts(atUs, now)),
    rewind: (calls, now) => calls.map(({ atUs, cost }) => ({ atUs: Math.min(atUs, now), cost })),
  })
}

export function windowAccount(windowMs: number): Account {
  const length = windowMs * 1_000
  const startOf = (us: number) => us - (us % length)
  const counts = (atUs: number, now: number) => atUs >= startOf(now)
  return callsAccount({
    counts,
    used: (calls, now) => sum(calls, ({ atUs }) => counts(atUs, now)),
    rewind: (calls, now) => (startOf(calls.at(-1)?.atUs ?? 0) > now ? all(calls, now) : calls),
  })
}

/** The window begins with the first call that finds none. */
export function firstHitAccount(windowMs: number): Account {
  const length = windowMs * 1_000
  const startOf = (calls: readonly Call[]) => calls[0]?.atUs ?? Number.POSITIVE_INFINITY
  const counts = (_atUs: number, now: number, calls: readonly Call[]) =>
    now < startOf(calls) + length
  return callsAccount({
    counts: (atUs, now, calls) => counts(atUs, now, calls) && atUs >= startOf(calls),
    used: (calls, now) => sum(calls, ({ atUs }) => counts(atUs, now, calls)),
    rewind: (calls, now) => (startOf(calls) > now ? all(calls, now) : calls),
  })
}

export function slidingAccount(windowMs: number, buckets: number, strict: boolean): Account {
  const width = Math.ceil((windowMs * 1_000) / buckets)
  const bucketOf = (us: number) => Math.floor(us / width)
  return callsAccount({
    counts: (atUs, now) => bucketOf(atUs) >= bucketOf(now) - buckets,
    used(calls, now) {
      const oldest = bucketOf(now) - buckets
      const part = sum(calls, ({ atUs }) => bucketOf(atUs) === oldest)
      const full = sum(calls, ({ atUs }) => bucketOf(atUs) > oldest)
      const share = strict ? width : width - (now - bucketOf(now) * width)
      return full + Math.ceil((part * share) / width)
    },
    rewind(calls, now, written) {
      const newest = bucketOf(written)
      const steps = newest - bucketOf(now)
      if (steps <= 0) return calls
      // All calls except those of the newest bucket move one bucket closer to now.
      return calls.map(({ atUs, cost }) => {
        const nearer = bucketOf(atUs) < newest ? 1 : 0
        return { atUs: atUs - (steps - nearer) * width, cost }
      })
    },
  })
}

export const ACCOUNTS: [string, Policy, () => Account][] = [
  [
    'gcra',
    { algorithm: 'gcra', limit: 7, windowMs: 78_000_000 },
    () => gcraAccount(78_000_000, (limit) => limit),
  ],
  [
    'fixed-window',
    { algorithm: 'fixed-window', limit: 7, windowMs: 78_000_000 },
    () => windowAccount(78_000_000),
  ],
  [
    'fixed-window from the first hit',
    { algorithm: 'fixed-window', align: 'first-hit', limit: 7, windowMs: 78_000_000 },
    () => firstHitAccount(78_000_000),
  ],
  [
    'fixed-window of a calendar',
    { algorithm: 'fixed-window', align: 'calendar', period: 'day', limit: 7 },
    () => windowAccount(86_400_000),
  ],
  [
    'sliding-window of several buckets',
    { algorithm: 'sliding-window', buckets: 6, limit: 7, windowMs: 78_000_000 },
    () => slidingAccount(78_000_000, 6, false),
  ],
  [
    'sliding-window, strict',
    { algorithm: 'sliding-window', buckets: 4, mode: 'strict', limit: 7, windowMs: 78_000_000 },
    () => slidingAccount(78_000_000, 4, true),
  ],
  [
    'sliding-log',
    { algorithm: 'sliding-log', limit: 7, windowMs: 78_000_000 },
    () => logAccount(78_000_000),
  ],
  [
    'leaky-bucket',
    { algorithm: 'leaky-bucket', limit: 7, windowMs: 78_000_000, maxDelayMs: 54_000_000 },
    () => leakyAccount(78_000_000, 54_000_000),
  ],
]
