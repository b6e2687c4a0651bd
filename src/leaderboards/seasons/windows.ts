import { cronAround } from '../../calendar/cron.js'
import { periodsAround } from '../../calendar/periods.js'
import type { Season } from '../config.js'

/** [startMs, endMs): each moment belongs to exactly one season. */
export interface SeasonWindow {
  /** The start in UTC, `20261116T000000Z`, or `all`. */
  readonly id: string
  readonly startMs: number
  readonly endMs: number
}

/** No end: the largest time that a Date can hold. */
export const NEVER_MS = 8.64e15

/** The end of a season in an answer; none if it never comes. */
export const endOf = (endMs: number): { readonly endsAt?: string } =>
  endMs === NEVER_MS ? {} : { endsAt: new Date(endMs).toISOString() }

const ALL: SeasonWindow = { id: 'all', startMs: 0, endMs: NEVER_MS }

const PERIODS = { daily: 'day', weekly: 'week', monthly: 'month' } as const

/**
 * The previous, current and next season. A script picks one of them by the time of Redis, so a clock
 * that is off cannot put a score into the wrong season.
 * @throws RangeError for a cron that does not recur
 */
export function windowsAround({ every, timeZone }: Season, nowMs: number): readonly SeasonWindow[] {
  if (every === 'none') return [ALL]
  const starts =
    typeof every === 'object'
      ? cronAround(every.cron, timeZone, nowMs)
      : // Weeks start on Monday.
        periodsAround({ period: PERIODS[every], timeZone, anchorDay: 1, anchorMonth: 1 }, nowMs)
  return starts.slice(0, -1).map((startMs, at) => ({
    id: seasonId(startMs),
    startMs,
    endMs: starts[at + 1] as number,
  }))
}

const seasonId = (startMs: number): string =>
  new Date(startMs).toISOString().replace(/[-:]|\.\d+/g, '')

export const windowsText = (windows: readonly SeasonWindow[]): string =>
  windows.map(({ id, startMs, endMs }) => `${id} ${startMs} ${endMs}`).join(' ')
