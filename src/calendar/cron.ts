import { Cron } from 'croner'
import { firstInstant } from './periods.js'
import { zoneOf } from './zone.js'

const HOUR_MS = 3_600_000
/** The longest that a pattern may keep one waiting: 29 February on a given weekday needs 40 years. */
const MAX_GAP_MS = 64 * 365.25 * 24 * HOUR_MS

/**
 * The two instants up to `atMs` and the two after it at which clocks of a zone first show a time that
 * a pattern names, or a later one where that time is skipped; one that comes twice counts once. They
 * follow from the calendar alone, so whoever asks at whatever moment sees the same instants.
 *
 * @param pattern five fields as in crontab(5)
 * @throws RangeError for a pattern that no such instants follow from
 */
export function cronAround(
  pattern: string,
  timeZone: string,
  atMs: number,
): [number, number, number, number] {
  const zone = zoneOf(timeZone)
  // Local times are computed with as if they were UTC, so that no clock change disturbs them.
  const clock = new Cron(pattern, { utcOffset: 0, paused: true, mode: '5-part' })
  for (let span = 2 * HOUR_MS; span < MAX_GAP_MS; span *= 4) {
    const before: number[] = []
    const after: number[] = []
    let local = clock.nextRun(new Date(zone.localMs(atMs) - span))
    while (local && after.length < 2) {
      const instant = firstInstant(zone, local.getTime())
      // Of all times that one clock change skips, one begins with it.
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
  throw new RangeError(`${pattern} does not occur again and again`)
}
