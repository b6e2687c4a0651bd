import { Cron } from 'croner'
import { periodsAround } from '../calendar/periods.js'
import type { Season } from './config.js'

/** [startMs, endMs): a moment belongs to exactly one season. */
export interface SeasonWindow {
  /** The start in UTC, `20261116T000000Z`, or `all`. */
  readonly id: string
  readonly startMs: number
  readonly endMs: number
}

/** No end: the largest time that a Date can hold. */
export const NEVER_MS = 8.64e15

const ALL: SeasonWindow = { id: 'all', startMs: 0, endMs: NEVER_MS }

const PERIODS = { daily: 'day', weekly: 'week', monthly: 'month' } as const

/** Minutes at the finest; five fields as in crontab(5). */
export const cronClock = (pattern: string, timeZone: string): Cron =>
  new Cron(pattern, { timezone: timeZone, paused: true, mode: '5-part' })

/**
 * The previous, current and next season around a moment; a script picks among them by the time of
 * Redis, so a clock that differs from that of Redis cannot put a score into the wrong season.
 */
export function windowsAround({ every, timeZone }: Season, nowMs: number): readonly SeasonWindow[] {
  if (every === 'none') return [ALL]
  const starts =
    typeof every === 'object'
      ? startsOfCron(every.cron, timeZone, nowMs)
      : // Weeks start on Monday.
        periodsAround({ period: PERIODS[every], timeZone, anchorDay: 1, anchorMonth: 1 }, nowMs)
  return starts.slice(0, -1).map((startMs, at) => ({
    id: seasonId(startMs),
    startMs,
    endMs: starts[at + 1] as number,
  }))
}

function startsOfCron(pattern: string, timeZone: string, nowMs: number): number[] {
  const clock = cronClock(pattern, timeZone)
  const past = clock
    .previousRuns(3, new Date(nowMs + 1_000))
    .map(Number)
    .filter((start) => start <= nowMs)
    .slice(0, 2)
    .reverse()
  return [...past, ...clock.nextRuns(2, new Date(nowMs)).map(Number)]
}

const seasonId = (startMs: number): string =>
  new Date(startMs).toISOString().replace(/[-:]|\.\d+/g, '')

export const windowsText = (windows: readonly SeasonWindow[]): string =>
  windows.map(({ id, startMs, endMs }) => `${id} ${startMs} ${endMs}`).join(' ')
