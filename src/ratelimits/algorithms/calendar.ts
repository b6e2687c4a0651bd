import { type Calendar, periodsAround } from '../../calendar/periods.js'
import { isTimeZone } from '../../calendar/zone.js'
import type { Policy } from '../policies/policy.js'
import type { PolicyFault } from './algorithm.js'

export function calendarFault(policy: Policy): PolicyFault | undefined {
  const { period, timeZone, anchorDay = 1 } = policy
  if (policy.windowMs !== undefined) {
    return { field: 'windowMs', message: 'is not for windows of a calendar: see period' }
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    return { field: 'timeZone', message: 'must be an IANA time zone' }
  }
  if (policy.anchorMonth !== undefined && period !== 'year') {
    return { field: 'anchorMonth', message: 'is for years only' }
  }
  if (policy.anchorDay === undefined) return undefined
  if (period === 'week' && anchorDay > 7) {
    return { field: 'anchorDay', message: 'of a week is 1 (Monday) to 7 (Sunday)' }
  }
  if (period === 'week' || period === 'month' || period === 'year') return undefined
  return { field: 'anchorDay', message: 'is for weeks, months and years only' }
}

interface Around {
  readonly fromMs: number
  readonly untilMs: number
  readonly text: string
}

/** Time zones are slow to compute, so starts are reused while the current period lasts. */
const MAX_KNOWN = 1_000
const known = new Map<string, Around>()

/** Starts of the previous, current and next window, and the end of the next, as scripts read them. */
export function startsAround(policy: Policy, nowMs: number): string {
  const calendar = calendarOf(policy)
  const { period, timeZone, anchorDay, anchorMonth } = calendar
  const id = `${period} ${timeZone} ${anchorDay} ${anchorMonth}`
  const cached = known.get(id)
  if (cached && cached.fromMs <= nowMs && nowMs < cached.untilMs) return cached.text
  if (known.size >= MAX_KNOWN) known.clear()
  const starts = periodsAround(calendar, nowMs)
  const around = { fromMs: starts[1], untilMs: starts[2], text: starts.join(' ') }
  known.set(id, around)
  return around.text
}

const calendarOf = (policy: Policy): Calendar => ({
  period: policy.period ?? 'day',
  timeZone: policy.timeZone ?? 'UTC',
  anchorDay: policy.anchorDay ?? 1,
  anchorMonth: policy.anchorMonth ?? 1,
})
