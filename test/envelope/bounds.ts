/** Something that was admitted, at the time that the script itself read. */
export interface Admission {
  readonly atUs: number
  readonly cost: number
}

/**
 * How near the fullest of all spans came to what is guaranteed for it: above 1 the guarantee is
 * broken. Admissions are in the order of their times.
 */
export type Bound = (admissions: readonly Admission[]) => number

/** What may be lost in a sum of fractions. */
export const FULL = 1 + 1e-9

/** In any span D: burst + limit * D / window. Source: the definition of a token bucket. */
export function steadyBound(burst: number, limit: number, windowUs: number): Bound {
  const rate = limit / windowUs
  return (admissions) => {
    let most = 0
    let total = 0
    // What was admitted above the rate, where that is least: the fullest span up to here starts there.
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

/** The most cost in a span of this length that takes in its start and not its end. */
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
 * The starts that a queue grants: each has its time before the next one. So in any span D: limit *
 * D / window, and the cost of the last.
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

/** A lease, from when it lived for sure until when. */
export interface Held {
  readonly fromUs: number
  readonly untilUs: number
  readonly weight: number
}

/** The most weight that was held at one moment, over the limit. */
export function fullestMoment(held: readonly Held[], limit: number): number {
  const changes = held.flatMap(({ fromUs, untilUs, weight }) => [
    { atUs: fromUs, by: weight },
    { atUs: untilUs, by: -weight },
  ])
  // What ends at a moment ends before another begins.
  changes.sort((a, b) => a.atUs - b.atUs || a.by - b.by)
  let weight = 0
  let most = 0
  for (const { by } of changes) {
    weight += by
    most = Math.max(most, weight)
  }
  return most / limit
}
