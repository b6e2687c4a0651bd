import { describe, expect, it } from 'vitest'
import type { Season } from '../../src/leaderboards/config.js'
import { type SeasonWindow, windowsAround } from '../../src/leaderboards/seasons/windows.js'
import { clockChanges, watchSeasons } from './season-model.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Zones with changes at midnight, of half an hour, around Ramadan, abolished ones, and none. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'Europe/Lisbon',
  'America/New_York',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'America/Asuncion',
  'America/Sao_Paulo',
  'America/Godthab',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Tehran',
]

/** Each kind of season, with the pattern that the model watches for. */
const KINDS: [every: Season['every'], pattern: string][] = [
  [{ cron: '30 2 * * *' }, '30 2 * * *'],
  [{ cron: '20,50 0-3 * * *' }, '20,50 0-3 * * *'],
  [{ cron: '0 */3 * * 0,1,5' }, '0 */3 * * 0,1,5'],
  ['daily', '0 0 * * *'],
]

const currentOf = (windows: readonly SeasonWindow[], at: number) =>
  windows.find(({ startMs, endMs }) => startMs <= at && at < endMs)

describe.each(ZONES)('seasons of ten years in %s', (timeZone) => {
  const changes = clockChanges(timeZone, Date.parse('2020-01-01'), Date.parse('2030-01-01'))
  // A zone without clock changes gets an ordinary day.
  const moments = changes.length > 0 ? changes : [Date.parse('2026-03-29T01:00Z')]

  it('begin as an observer of a clock sees them, whenever they are computed', () => {
    for (const change of moments) {
      const [from, to] = [change - 5 * HOUR, change + 5 * HOUR]
      for (const [every, pattern] of KINDS) {
        const starts = watchSeasons(pattern, timeZone, from, to)
        const computed = new Map<number, readonly SeasonWindow[]>()
        for (const minutes of [-95, -1, 0, 29, 119]) {
          const at = change + minutes * MINUTE
          const windows = windowsAround({ every, timeZone, keep: 4 }, at)
          computed.set(at, windows)
          const where = `${pattern} ${new Date(at).toISOString()}`
          const known = windows.flatMap(({ startMs, endMs }) => [startMs, endMs])
          const seen = [...new Set(known)].filter((start) => start >= from && start <= to)
          const [first = to, last = from] = [Math.min(...known), Math.max(...known)]
          expect(seen, where).toEqual(starts.filter((start) => start >= first && start <= last))
        }
        // Instances that compute at different moments assign one moment to the same season.
        for (const at of computed.keys()) {
          const ids = [...computed.values()].flatMap((windows) => currentOf(windows, at)?.id ?? [])
          expect(new Set(ids).size, `${pattern} ${new Date(at).toISOString()}`).toBe(1)
        }
      }
    }
  })
})

describe('a cron', () => {
  const around = (cron: string, timeZone: string, at: string) =>
    windowsAround({ every: { cron }, timeZone, keep: 4 }, Date.parse(at)).map(({ id }) => id)

  it('occurs at the next existing instant if its time is skipped', () => {
    const expected = ['20260328T013000Z', '20260329T010000Z', '20260330T003000Z']
    for (const at of ['2026-03-29T01:00Z', '2026-03-29T01:10Z', '2026-03-29T01:30Z']) {
      expect(around('30 2 * * *', 'Europe/Berlin', at)).toEqual(expected)
    }
  })

  it.each([
    [
      '0 0 29 2 *',
      '2026-11-21T12:00Z',
      ['20200229T000000Z', '20240229T000000Z', '20280229T000000Z'],
    ],
    [
      '0 0 29 2 *',
      '2099-11-21T12:00Z',
      ['20920229T000000Z', '20960229T000000Z', '21040229T000000Z'],
    ],
    [
      '0 0 L 2 *',
      '2026-11-21T12:00Z',
      ['20250228T000000Z', '20260228T000000Z', '20270228T000000Z'],
    ],
    [
      '0 0 1 1 *',
      '2026-01-01T00:00Z',
      ['20250101T000000Z', '20260101T000000Z', '20270101T000000Z'],
    ],
    [
      '* * * * *',
      '2026-01-01T00:00Z',
      ['20251231T235900Z', '20260101T000000Z', '20260101T000100Z'],
    ],
  ])('that comes as rarely as %s has seasons at %s', (cron, at, ids) => {
    expect(around(cron, 'UTC', at)).toEqual(ids)
  })

  it.each(['0 0 31 2 *', '0 0 30 2 *', '60 * * * *', 'not a cron at all'])(
    'is refused: %s',
    (cron) => {
      expect(() => around(cron, 'UTC', '2026-01-01T00:00Z')).toThrow()
    },
  )
})
