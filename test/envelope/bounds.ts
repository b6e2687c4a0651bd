/** One admitted cost, at the time that the script read. */
export interface Admission {
  readonly atUs: number
  readonly cost: number
}

/**
 * The largest ratio of admitted to guaranteed cost over all spans: above 1 the guarantee is broken.
 * Admissions are in the order of their times.
 */
export type Bound = (admissions: readonly Admission[]) => number

/** 1, plus a margin for rounding in sums of fractions. */
export const FULL = 1 + 1e-9

/** In any span D: burst + limit * D / window. Source: the definition of a token bucket. */
export function steadyBound(burst: number, limit: number, windowUs: number): Bound {
  const rate = limit / windowUs
  return (admissions) => {
    let most = 0
    let total = 0
    // The fullest span up to now starts where total cost minus rate * time was least.
    let least = Number.POSITIVE_INFINITY
    for (const { atUs, cost } of admissions) {
      least = Math.min(least, total - rate * atUs)
      total += cost
      most = Math.max(most, total - rate * atUs - least)
    }
    return most / burst
  }
}

/** In any span D: limit * (ceil(D / window) + extra). */
export function windowBound(limit: number, windowUs: number, extra: 0 | 1): Bound {
  return (admissions) => {
    const lengthUs = (admissions.at(-1)?.atUs ?? 0) - (admissions[0]?.atUs ?? 0)
    let most = 0
    for (let windows = 1; (windows - 1) * windowUs <= lengthUs; windows++) {
      const fullest = fullestSpan(admissions, windows * windowUs)
      most = Math.max(most, fullest / (limit * (windows + extra)))
    }
    return most
  }
}

/** The most cost in a half-open span of this length: with its start, without its end. */
function fullestSpan(admissions: readonly Admission[], lengthUs: number): number {
  let most = 0
  let cost = 0
  let first = 0
  for (const admission of admissions) {
    cost += admission.cost
    while (admissions[first]!.atUs <= admission.atUs - lengthUs) {
      cost -= admissions[first]!.cost
      first++
    }
    most = Math.max(most, cost)
  }
  return most
}

/**
 * For starts that a queue grants, each with its time before the next: in any span D at most limit *
 * D / window, plus the cost of the last.
 */
export function queueBound(limit: number, windowUs: number): Bound {
  const rate = limit / windowUs
  return (starts) => {
    let most = 0
    for (const [i, { atUs }] of starts.entries()) {
      const before = starts[i - 1]
      // Starts are whole microseconds, rounded up.
      if (before) most = Math.max(most, before.cost / (rate * (atUs - before.atUs + 1)))
    }
    return most
  }
}

/** A lease, and the time for which it was certainly alive. */
export interface Held {
  readonly fromUs: number
  readonly untilUs: number
  readonly weight: number
}

/** The most weight held at one moment, divided by the limit. */
export function fullestMoment(held: readonly Held[], limit: number): number {
  const changes = held.flatMap(({ fromUs, untilUs, weight }) => [
    { atUs: fromUs, by: weight },
    { atUs: untilUs, by: -weight },
  ])
  // At equal times, ends come before starts.
  changes.sort((a, b) => a.atUs - b.atUs || a.by - b.by)
  let weight = 0
  let most = 0
  for (const { by } of changes) {
    weight += by
    most = Math.max(most, weight)
  }
  return most / limit
}
