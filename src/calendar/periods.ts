import { transition, type Zone, zoneOf } from './zone.js'

export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

/** Periods of a civil calendar. */
export interface Calendar {
  readonly period: Period
  /** An IANA name. */
  readonly timeZone: string
  /** week: its first day, 1 Monday to 7 Sunday; month, year: 1 to 31, at most the last of the month. */
  readonly anchorDay: number
  /** year: 1 to 12. */
  readonly anchorMonth: number
}

/** One kind of period in one zone; every instant is in exactly one period. */
interface Periods {
  /** The start of the period of an instant. */
  startOf(atMs: number): number
  /** The start of the period after the one that begins at `startMs`. */
  startAfter(startMs: number): number
}

/** The starts of the previous, current and next period, and the end of the next. */
export function periodsAround(calendar: Calendar, atMs: number): [number, number, number, number] {
  const { startOf, startAfter } = openPeriods(calendar)
  const current = startOf(atMs)
  const next = startAfter(current)
  return [startOf(current - 1), current, next, startAfter(next)]
}

function openPeriods(calendar: Calendar): Periods {
  const zone = zoneOf(calendar.timeZone)
  switch (calendar.period) {
    case 'minute':
      return clockPeriods(zone, 60_000)
    case 'hour':
      return clockPeriods(zone, 3_600_000)
    default:
      return datePeriods(zone, datesOf(calendar))
  }
}

const modulo = (value: number, divisor: number): number =>
  value - Math.floor(value / divisor) * divisor

/**
 * Minutes and hours begin when the clock shows a full one, even for the second time in a night, or
 * jumps into another one. So an hour that is shown twice, because the clock is set back by an hour, is
 * two periods; a clock set back by half an hour makes an hour of 90 minutes (Australia/Lord_Howe).
 */
function clockPeriods(zone: Zone, lengthMs: number): Periods {
  const into = (atMs: number) => modulo(zone.localMs(atMs), lengthMs)
  const count = (atMs: number) => Math.floor(zone.localMs(atMs) / lengthMs)
  const begins = (atMs: number) => into(atMs) === 0 || count(atMs) !== count(atMs - 1)

  function startOf(atMs: number): number {
    const full = atMs - into(atMs)
    const set = transition(zone, full, atMs)
    if (set === undefined) return full
    return begins(set) ? set : startOf(set - 1)
  }

  function startAfter(startMs: number): number {
    const full = startMs + lengthMs - into(startMs)
    const set = transition(zone, startMs, full)
    if (set === undefined || begins(set)) return set ?? full
    return startAfter(set)
  }

  return { startOf, startAfter }
}

const DAY_MS = 86_400_000

/** The numbered dates at which periods begin; a date is its midnight as if it were UTC. */
interface Dates {
  /** The number of a period near a date. */
  near(dateMs: number): number
  dateOf(number: number): number
}

/** Days, weeks, months and years begin at the first instant at which clocks show their first date. */
function datePeriods(zone: Zone, { near, dateOf }: Dates): Periods {
  const startOfNumber = (number: number) => firstInstant(zone, dateOf(number))

  /** The last period that has begun. A period that a zone skips is empty: it begins with the next. */
  function numberAt(atMs: number): number {
    let number = near(zone.localMs(atMs))
    while (startOfNumber(number) > atMs) number--
    while (startOfNumber(number + 1) <= atMs) number++
    return number
  }

  return {
    startOf: (atMs) => startOfNumber(numberAt(atMs)),
    startAfter: (startMs) => startOfNumber(numberAt(startMs) + 1),
  }
}

/**
 * The first instant at which clocks show this local time or a later one: midnight may not exist
 * (America/Havana), nor the whole day (Pacific/Apia, 2011-12-30), and it may come twice.
 */
export function firstInstant(zone: Zone, localMs: number): number {
  const { setMs, beforeMs, afterMs } = zone.changeNear(localMs)
  const early = localMs - beforeMs
  if (setMs === undefined || early < setMs) return early
  return Math.max(setMs, localMs - afterMs)
}

function datesOf({ period, anchorDay, anchorMonth }: Calendar): Dates {
  switch (period) {
    case 'week': {
      // 1970-01-01 was a Thursday, the fourth day.
      const firstMs = (anchorDay - 4) * DAY_MS
      const weekMs = 7 * DAY_MS
      return {
        near: (dateMs) => Math.floor((dateMs - firstMs) / weekMs),
        dateOf: (number) => firstMs + number * weekMs,
      }
    }
    case 'month':
      return {
        near(dateMs) {
          const date = new Date(dateMs)
          return date.getUTCFullYear() * 12 + date.getUTCMonth()
        },
        dateOf: (number) => dayOfMonth(0, number, anchorDay),
      }
    case 'year':
      return {
        near: (dateMs) => new Date(dateMs).getUTCFullYear(),
        dateOf: (number) => dayOfMonth(number, anchorMonth - 1, anchorDay),
      }
    default:
      return {
        near: (dateMs) => Math.floor(dateMs / DAY_MS),
        dateOf: (number) => number * DAY_MS,
      }
  }
}

/** That day, or the last of a shorter month. `month` counts from 0 and may exceed 11. */
function dayOfMonth(year: number, month: number, day: number): number {
  const [inYear, inMonth] = [year + Math.floor(month / 12), month % 12]
  const last = new Date(Date.UTC(inYear, inMonth + 1, 0)).getUTCDate()
  return Date.UTC(inYear, inMonth, Math.min(day, last))
}
