import { Cron } from 'croner'
import { firstInstant } from './periods.js'
import { zoneOf } from './zone.js'

const HOUR_MS = 3_600_000
/** Longest gap between two occurrences: 29 February on a given weekday recurs within 40 years. */
const MAX_GAP_MS = 64 * 365.25 * 24 * HOUR_MS

/**
 * The two occurrences of a pattern up to `atMs` and the two after it. An occurrence is the first instant
 * at which the clocks of the zone show the time, or a later one if a clock change skips it; a time that
 * comes twice occurs once. Occurrences do not depend on `atMs`.
 *
 * @param pattern five fields as in crontab(5)
 * @throws RangeError for a pattern that does not recur
 */
export function cronAround(
  pattern: string,
  timeZone: string,
  atMs: number,
): [number, number, number, number] {
  const zone = zoneOf(timeZone)
  // Local times are handled as if they were UTC, so that clock changes do not shift them.
  const clock = new Cron(pattern, { utcOffset: 0, paused: true, mode: '5-part' })
  for (let span = 2 * HOUR_MS; span < MAX_GAP_MS; span *= 4) {
    const before: number[] = []
    const after: number[] = []
    let local = clock.nextRun(new Date(zone.localMs(atMs) - span))
    while (local && after.length < 2) {
      const instant = firstInstant(zone, local.getTime())
      // Several times may be skipped by the same clock change: they are one occurrence.
      const list = instant <= atMs ? before : after
      if (list.at(-1) !== instant) list.push(instant)
      local = clock.nextRun(local)
    }
    const [previous, current] = before.slice(-2)
    const [next, last] = after
    if (last === undefined) break
    if (current !== undefined) {
      return [previous as number, current, next as number, last]
    }
  }
  throw new RangeError(`${pattern} does not recur`)
}
