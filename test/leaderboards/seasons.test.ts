import { beforeAll, describe, expect, it } from 'vitest'
import { windowsAround } from '../../src/leaderboards/seasons/windows.js'
import { type Harness, useHarness } from '../support/harness.js'
import { untilNoonMs } from '../support/noon.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = (text: string) => Date.parse(text)

describe('windows', () => {
  it.each([
    ['daily', 'UTC', '2026-03-01T00:00:00Z', '20260301T000000Z', DAY],
    ['weekly', 'UTC', '2026-11-18T12:00:00Z', '20261116T000000Z', 7 * DAY],
    ['monthly', 'UTC', '2026-02-28T23:59:59.999Z', '20260201T000000Z', 28 * DAY],
    // A day in Berlin begins at midnight; it has 23 hours in spring and 25 in autumn at the change.
    ['daily', 'Europe/Berlin', '2026-03-29T12:00:00Z', '20260328T230000Z', 23 * HOUR],
    ['daily', 'Europe/Berlin', '2026-10-25T12:00:00Z', '20261024T220000Z', 25 * HOUR],
    // Cairo skips this midnight: the day begins at the next existing instant.
    ['daily', 'Africa/Cairo', '2026-04-24T12:00:00Z', '20260423T220000Z', 23 * HOUR],
    // Havana has this midnight twice; the day begins once.
    ['daily', 'America/Havana', '2026-11-01T12:00:00Z', '20261101T040000Z', 25 * HOUR],
  ] as const)('%s in %s at %s is %s', (every, timeZone, now, id, lengthMs) => {
    const windows = windowsAround({ every, timeZone, keep: 4 }, at(now))

    const current = windows.find(({ startMs, endMs }) => startMs <= at(now) && at(now) < endMs)
    expect(current?.id).toBe(id)
    expect((current?.endMs ?? 0) - (current?.startMs ?? 0)).toBe(lengthMs)
  })

  it.each([
    'daily' as const,
    'weekly' as const,
    'monthly' as const,
    { cron: '30 2 * * *' },
    { cron: '0 */6 * * 1-5' },
  ])('has the previous, current and next season of %j side by side, at every moment', (every) => {
    for (const timeZone of ['UTC', 'Europe/Berlin', 'America/Havana']) {
      for (let now = at('2026-01-01T00:00:00Z'); now < at('2027-01-01'); now += 101 * HOUR) {
        const boundary = windowsAround({ every, timeZone, keep: 4 }, now)[1]!.endMs
        for (const moment of [now, boundary - 1, boundary]) {
          const windows = windowsAround({ every, timeZone, keep: 4 }, moment)
          expect(windows).toHaveLength(3)
          expect(windows[0]!.endMs).toBe(windows[1]!.startMs)
          expect(windows[1]!.endMs).toBe(windows[2]!.startMs)
          expect(windows[1]!.startMs).toBeLessThanOrEqual(moment)
          expect(windows[1]!.endMs).toBeGreaterThan(moment)
        }
      }
    }
  })
})

describe('a board with seasons', () => {
  const one = useHarness()
  const two = useHarness()

  let aheadMs = 0
  const advance = (ms: number) => {
    aheadMs += ms
    one.advance(ms)
    two.advance(ms)
  }
  beforeAll(() => advance(untilNoonMs()))
  const nowMs = async () => {
    const [seconds, micros] = await one.redis.time()
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) + aheadMs
  }
  const path = (board: string, rest = '') => `/v1/leaderboards/${board}${rest}`
  const put = (board: string, config: object) => one.request('put', path(board)).send(config)
  const submit = (by: Harness, board: string, member: string, score = 1) =>
    by
      .request('post', path(board, '/scores'))
      .set('lockstep-namespace', one.namespace)
      .send({ entries: [{ member, score }] })
  const seasonOf = (ms: number) =>
    new Date(Math.floor(ms / DAY) * DAY).toISOString().replace(/[-:]|\.\d+/g, '')

  it('puts nothing into the wrong season, while two instances write over the boundary', async () => {
    await put('daily', { season: { every: 'daily' } }).expect(201)
    const start = await nowMs()
    advance((Math.floor(start / DAY) + 1) * DAY - start - 60_000)
    const landed: Record<string, string[]> = {}

    for (let turn = 0; turn < 100; turn++) {
      advance(1_200)
      const before = await nowMs()
      const by = [one, two].map(async (app, which) => {
        const member = `${turn}-${which}`
        const { body } = await submit(app, 'daily', member).expect(200)
        return { member, season: body.results[0].seasonId }
      })
      const answers = await Promise.all(by)
      const after = await nowMs()
      for (const { member, season } of answers) {
        expect([seasonOf(before), seasonOf(after)]).toContain(season)
        landed[season] = [...(landed[season] ?? []), member]
      }
    }

    expect(Object.keys(landed)).toHaveLength(2)
    for (const [season, members] of Object.entries(landed)) {
      const url = path('daily', `/entries?limit=1000&season=${season}`)
      const { body } = await one.request('get', url).expect(200)
      const stored = body.items.map(({ member }: { member: string }) => member)
      expect(stored.toSorted()).toEqual(members.toSorted())
    }
  })

  it('lists seasons, keeps as many old ones as asked, and unlinks the others', async () => {
    await put('kept', { season: { every: 'daily', keep: 2 }, ranking: 'dense' }).expect(201)
    for (let day = 0; day < 5; day++) {
      await submit(one, 'kept', `m${day}`).expect(200)
      advance(DAY)
    }
    await submit(one, 'kept', 'last').expect(200)

    const { body } = await one.request('get', path('kept', '/seasons')).expect(200)

    expect(body.items.map(({ ended }: { ended: boolean }) => ended)).toEqual([true, true, false])
    const orders = await one.redis.keys(`ls:{${one.namespace}:b:kept}:*:order`)
    expect(orders).toHaveLength(3)
    const old = body.items[0].id
    const { body: page } = await one.request('get', path('kept', `/entries?season=${old}`))
    expect(page.items).toMatchObject([{ member: 'm3' }])
    const unknown = '20000101T000000Z'
    await one.request('get', path('kept', `/entries?season=${unknown}`)).expect(404)
    await one.request('get', path('kept', `/export?season=${unknown}`)).expect(404)
    const state = await one.request('get', path('kept')).expect(200)
    const { id, endsAt } = state.body.currentSeason
    expect(id).toBe(seasonOf(await nowMs()))
    expect(endsAt).toBe(new Date((Math.floor((await nowMs()) / DAY) + 1) * DAY).toISOString())
    expect(body.items[2]).toMatchObject({ id, endsAt })
  })

  it('refuses submissions to a closed season until the next one begins', async () => {
    await put('closing', { season: { every: 'daily' } }).expect(201)
    await submit(one, 'closing', 'a').expect(200)
    await one.request('post', path('closing', '/close')).expect(200)

    const { body } = await submit(two, 'closing', 'b').expect(409)

    expect(body.code).toBe('season-closed')
    const again = await one.request('post', path('closing', '/close')).expect(200)
    expect(again.body.changed).toBe(false)
    advance(DAY)
    await submit(two, 'closing', 'b').expect(200)
  })

  it('accepts submissions again once a closed season is opened', async () => {
    await put('reopened', { season: { every: 'daily' } }).expect(201)
    await one.request('post', path('reopened', '/close')).expect(200)
    await submit(two, 'reopened', 'b').expect(409)

    const { body } = await one.request('post', path('reopened', '/open')).expect(200)

    expect(body).toEqual({ seasonId: seasonOf(await nowMs()), changed: true })
    await submit(two, 'reopened', 'b').expect(200)
    const again = await one.request('post', path('reopened', '/open')).expect(200)
    expect(again.body.changed).toBe(false)
    // A close applies to one season only.
    await one.request('post', path('reopened', '/close')).expect(200)
    advance(DAY)
    await one.request('post', path('reopened', '/open')).expect(200)
    expect((await one.request('get', path('reopened'))).body.currentSeason.closed).toBe(false)
  })

  it('does not close a board without a next season', async () => {
    await submit(one, 'endless', 'a').expect(200)

    const { body } = await one.request('post', path('endless', '/close')).expect(409)

    expect(body.code).toBe('no-next-season')
    await submit(two, 'endless', 'b').expect(200)
    const state = await one.request('get', path('endless')).expect(200)
    expect(state.body.currentSeason).toEqual({ id: 'all', closed: false, total: 2 })
    await one.request('post', path('no-board', '/close')).expect(404)
  })

  it('lists the one season of a board without seasons, which never ends', async () => {
    await submit(one, 'default', 'a').expect(200)

    const { body } = await one.request('get', path('default', '/seasons')).expect(200)

    expect(body).toEqual({ items: [{ id: 'all', ended: false, total: 1 }] })
    await one.request('get', path('default', '/entries?season=all')).expect(200)
    await one.request('get', path('default', '/entries?season=20260101T000000Z')).expect(404)
    await put('empty', {}).expect(201)
    await one.request('get', path('empty', '/entries?season=20260101T000000Z')).expect(404)
  })

  it('hides a member in every season, stores what it submits, and ranks it again', async () => {
    await put('hiding', { season: { every: 'daily' }, ranking: 'dense', op: 'set' }).expect(201)
    await submit(one, 'hiding', 'cheat', 9)
    await submit(one, 'hiding', 'fair', 5)
    const { body: seasons } = await one.request('get', path('hiding', '/seasons'))
    const old = seasons.items[0].id
    advance(DAY)
    await submit(one, 'hiding', 'fair', 5)
    const hide = (verb: string) =>
      one.request('post', path('hiding', `/${verb}`)).send({ member: 'cheat' })
    await hide('hide').expect(200, { changed: true })
    await hide('hide').expect(200, { changed: false })

    const { body } = await submit(one, 'hiding', 'cheat', 10).expect(200)

    const { seasonId, ...result } = body.results[0]
    expect(result).toEqual({
      member: 'cheat',
      changed: true,
      personalBest: true,
      score: 10,
      total: 1,
    })
    const entry = await one.request('get', path('hiding', '/entries/cheat')).expect(200)
    expect(entry.body).toEqual({ member: 'cheat', score: 10, hidden: true, total: 1, seasonId })
    const first = async (season = '') => {
      const url = path('hiding', `/entries${season}`)
      return (await one.request('get', url).expect(200)).body.items[0]
    }
    expect(await first(`?season=${old}`)).toMatchObject({ member: 'fair', rank: 1 })
    await hide('unhide').expect(200, { changed: true })
    expect(await first()).toMatchObject({ member: 'cheat', score: 10 })
    expect(await first(`?season=${old}`)).toMatchObject({ member: 'cheat', score: 9 })
    // A repeated unhide does not count the member again.
    await hide('unhide').expect(200, { changed: false })
    const counts = await one.redis.hvals(`ls:{${one.namespace}:b:hiding}:${old}:counts`)
    expect(counts).toEqual(['1', '1'])
    // Submissions read the hidden members only while there are any.
    expect(await one.redis.hexists(`ls:{${one.namespace}:b:hiding}:board`, 'hides')).toBe(0)
  })

  it('records a season with its first write, and not again with every other', async () => {
    await put('recorded', { season: { every: 'daily' } }).expect(201)
    await submit(one, 'recorded', 'a').expect(200)
    const seasons = `ls:{${one.namespace}:b:recorded}:seasons`
    expect(await one.redis.zcard(seasons)).toBe(1)
    await one.redis.del(seasons)

    await submit(one, 'recorded', 'b').expect(200)

    expect(await one.redis.exists(seasons)).toBe(0)
  })
})
