/** The clocks of one IANA time zone. */
export interface Zone {
  /** The local time at an instant, as if it were UTC. Milliseconds. */
  localMs(atMs: number): number
  /** Local time minus UTC at an instant. Milliseconds. */
  offsetMs(atMs: number): number
  /** The clock change of the days around a local time. */
  changeNear(localMs: number): ClockChange
}

interface ClockChange {
  /** The instant of the change; undefined without one. */
  readonly setMs: number | undefined
  /** Local time minus UTC before and after. */
  readonly beforeMs: number
  readonly afterMs: number
}

const DAY_MS = 86_400_000
/** Days whose clock change is cached: the search for one computes dozens of offsets. */
const MAX_DAYS = 64

/** Above the number of zones and aliases; callers may spell them in any case. */
const MAX_ZONES = 2_000
const zones = new Map<string, Zone>()

/** @throws RangeError for a name that is not IANA, such as the offset `+01:00` */
export function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone)
  if (known) return known
  if (zones.size >= MAX_ZONES) zones.clear()
  const zone = openZone(timeZone)
  zones.set(timeZone, zone)
  return zone
}

export function isTimeZone(timeZone: string): boolean {
  try {
    zoneOf(timeZone)
    return true
  } catch {
    return false
  }
}

function openZone(timeZone: string): Zone {
  if (/^[+-]/.test(timeZone)) throw new RangeError(`${timeZone} is not an IANA time zone`)
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const offsetMs = (atMs: number): number => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value)
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
    const wholeMs = Math.floor(atMs / 1_000) * 1_000
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs
  }
  const changes = new Map<number, ClockChange>()
  const zone: Zone = {
    offsetMs,
    localMs: (atMs) => atMs + offsetMs(atMs),
    changeNear(localMs) {
      const day = Math.floor(localMs / DAY_MS)
      const known = changes.get(day)
      if (known) return known
      if (changes.size >= MAX_DAYS) changes.clear()
      // No local time is further from UTC than a day.
      const [from, to] = [(day - 1) * DAY_MS, (day + 2) * DAY_MS]
      const change = {
        setMs: transition(zone, from, to),
        beforeMs: offsetMs(from),
        afterMs: offsetMs(to),
      }
      changes.set(day, change)
      return change
    },
  }
  return zone
}

/** The first instant after `fromMs`, up to `toMs`, whose offset differs from that at `fromMs`. */
export function transition(zone: Zone, fromMs: number, toMs: number): number | undefined {
  const before = zone.offsetMs(fromMs)
  if (zone.offsetMs(toMs) === before) return undefined
  let [low, high] = [fromMs, toMs]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (zone.offsetMs(middle) === before) low = middle
    else high = middle
  }
  return high
}
