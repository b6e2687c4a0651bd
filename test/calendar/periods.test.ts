import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Calendar, type Period, periodsAround } from '../../src/calendar/periods.js'
import { isTimeZone, zoneOf } from '../../src/calendar/zone.js'

const calendar = (period: Period, timeZone: string, anchorDay = 1, anchorMonth = 1): Calendar => ({
  period,
  timeZone,
  anchorDay,
  anchorMonth,
})

/** The period around an instant, in UTC. */
function around(of: Calendar, at: string): [string, string] {
  const [, start, end] = periodsAround(of, Date.parse(at))
  return [new Date(start).toISOString().slice(0, 16), new Date(end).toISOString().slice(0, 16)]
}

const hours = (of: Calendar, at: string): number => {
  const [, start, end] = periodsAround(of, Date.parse(at))
  return (end - start) / 3_600_000
}

describe('a day', () => {
  it.each([
    ['of the year', 'Europe/Berlin', '2026-01-15T12:00Z', '2026-01-14T23:00', 24],
    ['in which clocks go forward', 'Europe/Berlin', '2026-03-29T12:00Z', '2026-03-28T23:00', 23],
    ['in which they go back', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-10-24T22:00', 25],
    ['in which clocks go forward', 'America/New_York', '2026-03-08T12:00Z', '2026-03-08T05:00', 23],
    ['in which they go back', 'America/New_York', '2026-11-01T12:00Z', '2026-11-01T04:00', 25],
    ['half an hour shorter', 'Australia/Lord_Howe', '2026-10-04T00:00Z', '2026-10-03T13:30', 23.5],
    ['half an hour longer', 'Australia/Lord_Howe', '2026-04-05T00:00Z', '2026-04-04T13:00', 24.5],
    ['before one that was skipped', 'Pacific/Apia', '2011-12-30T09:59Z', '2011-12-29T10:00', 24],
    ['after one that was skipped', 'Pacific/Apia', '2011-12-30T10:00Z', '2011-12-30T10:00', 24],
    ['without midnight', 'America/Havana', '2026-03-08T12:00Z', '2026-03-08T05:00', 23],
    ['with midnight twice', 'America/Havana', '2026-11-01T12:00Z', '2026-11-01T04:00', 25],
    ['that ends twice', 'Africa/Cairo', '2026-10-29T12:00Z', '2026-10-28T21:00', 25],
    ['east of the date line', 'Pacific/Kiritimati', '2026-01-01T09:59Z', '2025-12-31T10:00', 24],
  ])('%s in %s', (_what, timeZone, at, start, length) => {
    expect(around(calendar('day', timeZone), at)[0]).toBe(start)
    expect(hours(calendar('day', timeZone), at)).toBe(length)
  })

  it('knows the one before and the one after, and skips what the zone skipped', () => {
    const starts = periodsAround(calendar('day', 'Pacific/Apia'), Date.parse('2011-12-30T09:00Z'))
    expect(starts.map((ms) => new Date(ms).toISOString().slice(0, 16))).toEqual([
      '2011-12-28T10:00',
      '2011-12-29T10:00',
      '2011-12-30T10:00',
      '2011-12-31T10:00',
    ])
  })
})

describe('an hour', () => {
  it.each([
    ['that is skipped', 'Europe/Berlin', '2026-03-29T00:59Z', '2026-03-29T00:00', 1],
    ['after it', 'Europe/Berlin', '2026-03-29T01:00Z', '2026-03-29T01:00', 1],
    ['seen for the first time', 'Europe/Berlin', '2026-10-25T00:30Z', '2026-10-25T00:00', 1],
    ['seen again', 'Europe/Berlin', '2026-10-25T01:30Z', '2026-10-25T01:00', 1],
    ['of a zone at half past', 'Asia/Kolkata', '2026-05-05T05:29Z', '2026-05-05T04:30', 1],
    ['cut short', 'Australia/Lord_Howe', '2026-10-03T15:45Z', '2026-10-03T15:30', 0.5],
    ['before it', 'Australia/Lord_Howe', '2026-10-03T15:29Z', '2026-10-03T14:30', 1],
    ['drawn out', 'Australia/Lord_Howe', '2026-04-04T15:15Z', '2026-04-04T14:00', 1.5],
    ['drawn out, before', 'Australia/Lord_Howe', '2026-04-04T14:59Z', '2026-04-04T14:00', 1.5],
  ])('%s in %s', (_what, timeZone, at, start, length) => {
    expect(around(calendar('hour', timeZone), at)[0]).toBe(start)
    expect(hours(calendar('hour', timeZone), at)).toBe(length)
  })
})

describe('a week', () => {
  it.each([
    [1, '2026-11-15T23:00', '2026-11-22T23:00'],
    [7, '2026-11-14T23:00', '2026-11-21T23:00'],
    [6, '2026-11-20T23:00', '2026-11-27T23:00'],
  ])('begins on day %i', (anchorDay, start, end) => {
    const berlin = calendar('week', 'Europe/Berlin', anchorDay)
    expect(around(berlin, '2026-11-21T12:00Z')).toEqual([start, end])
  })
})

describe('a month', () => {
  it.each([
    ['from the first', 1, '2028-02-29T12:00Z', '2028-02-01T00:00', '2028-03-01T00:00'],
    ['from the 15th', 15, '2028-02-14T23:59Z', '2028-01-15T00:00', '2028-02-15T00:00'],
    ['from its last day', 31, '2026-02-27T12:00Z', '2026-01-31T00:00', '2026-02-28T00:00'],
    ['from its last day', 31, '2026-02-28T12:00Z', '2026-02-28T00:00', '2026-03-31T00:00'],
    ['from its last day, leap', 31, '2028-02-28T12:00Z', '2028-01-31T00:00', '2028-02-29T00:00'],
    ['from the 30th', 30, '2028-02-29T12:00Z', '2028-02-29T00:00', '2028-03-30T00:00'],
    ['from its last day', 31, '2026-04-30T00:00Z', '2026-04-30T00:00', '2026-05-31T00:00'],
    ['at the turn of the year', 31, '2026-12-31T00:00Z', '2026-12-31T00:00', '2027-01-31T00:00'],
  ])('%s (%i) around %s', (_what, anchorDay, at, start, end) => {
    expect(around(calendar('month', 'UTC', anchorDay), at)).toEqual([start, end])
  })
})

describe('a year', () => {
  it.each([
    ['January', 1, 1, '2026-11-21T12:00Z', '2026-01-01T00:00', '2027-01-01T00:00'],
    ['April', 6, 4, '2026-04-05T12:00Z', '2025-04-06T00:00', '2026-04-06T00:00'],
    ['29 February', 29, 2, '2027-06-01T12:00Z', '2027-02-28T00:00', '2028-02-29T00:00'],
    ['29 February', 29, 2, '2028-02-29T00:00Z', '2028-02-29T00:00', '2029-02-28T00:00'],
  ])('from %s', (_what, anchorDay, anchorMonth, at, start, end) => {
    expect(around(calendar('year', 'UTC', anchorDay, anchorMonth), at)).toEqual([start, end])
  })
})

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Havana',
  'Africa/Cairo',
  'Asia/Kathmandu',
  'Africa/Casablanca',
]

it('gives every instant one period, and the clock of the zone agrees', () => {
  const anyCalendar = fc.record({
    period: fc.constantFrom<Period>('minute', 'hour', 'day', 'week', 'month', 'year'),
    timeZone: fc.constantFrom(...ZONES),
    anchorDay: fc.integer({ min: 1, max: 7 }),
    anchorMonth: fc.integer({ min: 1, max: 12 }),
  })
  const instant = fc.integer({ min: Date.parse('2011-01-01'), max: Date.parse('2030-01-01') })
  fc.assert(
    fc.property(anyCalendar, instant, (of, at) => {
      const [previous, start, next, end] = periodsAround(of, at)
      expect(previous).toBeLessThan(start)
      expect(start).toBeLessThanOrEqual(at)
      expect(at).toBeLessThan(next)
      expect(next).toBeLessThan(end)
      // Neighbouring instants give the same borders.
      expect(periodsAround(of, start - 1).slice(1, 3)).toEqual([previous, start])
      expect(periodsAround(of, next).slice(0, 3)).toEqual([start, next, end])
      // Without a clock change, the local time at the start is a full unit.
      const zone = zoneOf(of.timeZone)
      const dayBefore = start - 86_400_000
      if (zone.offsetMs(dayBefore) === zone.offsetMs(start)) {
        const unit = { minute: 60_000, hour: 3_600_000 }[of.period as string] ?? 86_400_000
        expect(Math.abs(zone.localMs(start) % unit)).toBe(0)
      }
    }),
    { numRuns: 300 },
  )
})

it('knows IANA zones only', () => {
  expect(['Europe/Berlin', 'europe/berlin', 'UTC'].map(isTimeZone)).toEqual([true, true, true])
  expect(['Mars/Base', '', '+01:00', '-05:00'].map(isTimeZone)).toEqual([
    false,
    false,
    false,
    false,
  ])
})
