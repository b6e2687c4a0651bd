/**
 * Finds seasons by watching a clock, minute by minute. A season begins when clocks first show a time
 * that the pattern names, or a later one. The model shares no code with the service, not even for
 * reading a clock or a pattern.
 */

const MINUTE = 60_000
/** Longer than any clock is set back. */
const WARM_UP = 3 * 60 * MINUTE

const clocks = new Map<string, Intl.DateTimeFormat>()

/** The local time of a zone, as if it were UTC. */
export function shown(timeZone: string, atMs: number): number {
  let clock = clocks.get(timeZone)
  if (!clock) {
    clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
    clocks.set(timeZone, clock)
  }
  return Date.parse(`${clock.format(atMs).replace(' ', 'T')}Z`)
}

/** Matches `*`, numbers, ranges, lists and steps. */
function matcher(field: string, least: number, most: number): (value: number) => boolean {
  const allowed = new Set<number>()
  for (const part of field.split(',')) {
    const [range = '*', step = '1'] = part.split('/')
    const [first, last = first] = range === '*' ? [least, most] : range.split('-').map(Number)
    for (let value = first as number; value <= (last as number); value += Number(step)) {
      allowed.add(value)
    }
  }
  return (value) => allowed.has(value)
}

function named(pattern: string): (localMs: number) => boolean {
  const [minute, hour, day, month, weekday] = pattern.split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ]
  const isMinute = matcher(minute, 0, 59)
  const isHour = matcher(hour, 0, 23)
  const isDay = matcher(day, 1, 31)
  const isMonth = matcher(month, 1, 12)
  const isWeekday = matcher(weekday, 0, 6)
  return (localMs) => {
    const local = new Date(localMs)
    return (
      isMinute(local.getUTCMinutes()) &&
      isHour(local.getUTCHours()) &&
      isDay(local.getUTCDate()) &&
      isMonth(local.getUTCMonth() + 1) &&
      isWeekday(local.getUTCDay())
    )
  }
}

/** The starts of all seasons between two moments, both full minutes. */
export function watchSeasons(
  pattern: string,
  timeZone: string,
  fromMs: number,
  toMs: number,
): number[] {
  const isNamed = named(pattern)
  const starts: number[] = []
  let latest = Number.NEGATIVE_INFINITY
  for (let at = fromMs - WARM_UP; at <= toMs; at += MINUTE) {
    const local = shown(timeZone, at)
    let begins = false
    for (let time = Math.max(latest + MINUTE, local - 2 * WARM_UP); time <= local; time += MINUTE) {
      begins ||= isNamed(time)
    }
    if (begins && at >= fromMs) starts.push(at)
    latest = Math.max(latest, local)
  }
  return starts
}

/** The moments at which a zone changes its clocks. */
export function clockChanges(timeZone: string, fromMs: number, toMs: number): number[] {
  const offset = (at: number) => shown(timeZone, at) - at
  const DAY = 24 * 60 * MINUTE
  const changes: number[] = []
  for (let day = fromMs; day < toMs; day += DAY) {
    if (offset(day) === offset(day + DAY)) continue
    let [low, high] = [day, day + DAY]
    while (high - low > MINUTE) {
      const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE
      if (offset(middle) === offset(day)) low = middle
      else high = middle
    }
    changes.push(high)
  }
  return changes
}
