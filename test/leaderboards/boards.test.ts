import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
const { path, put, submit } = boardDriver(harness)

describe('boards', () => {
  it('changes the settings that may change while entries exist', async () => {
    await put('open').expect(201)
    await submit('open', { member: 'a', score: 1 })

    const settings = { ranking: 'ordinal', maxMembers: 10, season: { keep: 1 } }
    const { body } = await put('open', settings).expect(200)

    expect(body).toMatchObject({ ...settings, currentSeason: { total: 1 } })
  })

  it.each([
    ['columns', { columns: [{ name: 'score', order: 'asc' }] }],
    ['op', { op: 'set' }],
    ['ties', { ties: 'last' }],
    ['ranking to dense', { ranking: 'dense' }],
    ['season', { season: { every: 'daily' } }],
  ])('refuses another %s once entries exist', async (what, config) => {
    const board = `fixed-${what.replaceAll(' ', '-')}`
    await put(board).expect(201)
    await put(board, config).expect(200)
    await put(board).expect(200)
    await submit(board, { member: 'a', score: 1 }).expect(200)

    const { body } = await put(board, config).expect(409)

    expect(body.code).toBe('config-immutable')
  })

  it('honours If-Match and answers an ETag', async () => {
    const { body } = await put('tagged').set('if-match', '*').expect(412)
    expect(body.code).toBe('precondition-failed')
    const { headers } = await put('tagged').expect(201)
    const { headers: same } = await put('tagged').expect(200)
    expect(same.etag).toBe(headers.etag)

    await put('tagged', { maxMembers: 5 }).set('if-match', headers.etag!).expect(200)

    await put('tagged', { maxMembers: 6 }).set('if-match', headers.etag!).expect(412)
    const now = await harness.request('get', path('tagged')).expect(200)
    expect(now.headers.etag).not.toBe(headers.etag)
    expect(now.body.maxMembers).toBe(5)
  })

  it.each([
    ['two columns of one name', { columns: [{ name: 'a' }, { name: 'a' }] }, 'body/columns/1/name'],
    ['bounds of no column', { bounds: { x: { min: 1 } } }, 'body/bounds/x'],
    ['a bound that is no number', { bounds: { score: { max: 'x' } } }, 'body/bounds/score/max'],
    [
      'bounds that nothing fits',
      { bounds: { score: { min: 10, max: 5 } } },
      'body/bounds/score/max',
    ],
    [
      'int64 bounds that nothing fits',
      {
        columns: [{ name: 'n', type: 'int64' }],
        bounds: { n: { min: '9007199254740993', max: '9007199254740992' } },
      },
      'body/bounds/n/max',
    ],
    ['bounds of no column', { bounds: { 'a/b~': { min: 1 } } }, 'body/bounds/a~1b~0'],
    ['a time zone of no place', { season: { timeZone: 'Mars/X' } }, 'body/season/timeZone'],
    [
      'a cron that never comes',
      { season: { every: { cron: '0 0 31 2 *' } } },
      'body/season/every/cron',
    ],
    ['maxMembers with incr', { op: 'incr', maxMembers: 5 }, 'body/maxMembers'],
    ['a tier of no score', { tiers: [{ name: 'x', minScore: 'y' }] }, 'body/tiers/0/minScore'],
  ])('refuses %s', async (_what, config, pointer) => {
    const { body } = await put('refused', config).expect(400)

    expect(placeOf(body.errors[0])).toBe(pointer)
  })

  it('deletes a board with all its data, and creates it again', async () => {
    await put('gone', { ranking: 'dense', memberTtlMs: 60_000 }).expect(201)
    await submit('gone', { member: 'a', score: 1 })
    await harness.request('post', path('gone', '/hide')).send({ member: 'a' }).expect(200)

    const { body: nothing } = await harness.request('delete', path('gone')).expect(204)
    expect(nothing).toEqual({})

    expect(await harness.redis.keys(`ls:{${harness.namespace}:b:gone}:*`)).toEqual([])
    const { body: problem } = await harness.request('get', path('gone')).expect(404)
    expect(problem.code).toBe('board-not-found')
    await harness.request('delete', path('gone')).expect(204)
    await submit('gone', { member: 'b', score: 2 }).expect(200)
    const { body } = await harness.request('get', path('gone')).expect(200)
    expect(body).toMatchObject({ ranking: 'competition', currentSeason: { total: 1 } })
  })

  it('creates a board by a submission after another instance has deleted it', async () => {
    await put('behind', { ranking: 'dense' }).expect(201)
    await submit('behind', { member: 'a', score: 1 }).expect(200)
    const keys = await harness.redis.keys(`ls:{${harness.namespace}:b:behind}:*`)
    await harness.redis.del(...keys)

    await submit('behind', { member: 'b', score: 2 }).expect(200)
    const { body } = await harness.request('get', path('behind')).expect(200)
    expect(body).toMatchObject({ ranking: 'competition', currentSeason: { total: 1 } })
  })

  describe('with ttlMs', () => {
    const keysOf = (board: string) => harness.redis.keys(`ls:{${harness.namespace}:b:${board}}:*`)
    const livesOf = async (board: string) =>
      Promise.all((await keysOf(board)).map((key) => harness.redis.pttl(key)))

    it('expires without a submission, and lives on with every submission', async () => {
      const settings = { ttlMs: 60_000, ranking: 'dense', memberTtlMs: 60_000 }
      await put('mortal', settings).expect(201)
      const [life, ...others] = await livesOf('mortal')
      expect(life).toBeGreaterThan(30_000)
      expect(life).toBeLessThanOrEqual(60_000)
      expect(others).toEqual([])
      await submit('mortal', { member: 'a', score: 1 })
      await harness.request('post', path('mortal', '/hide')).send({ member: 'a' }).expect(200)
      const keys = await keysOf('mortal')
      expect(keys.length).toBeGreaterThanOrEqual(5)
      for (const key of keys) await harness.redis.pexpire(key, 20_000)
      await submit('mortal', { member: 'b', score: 1 })
      expect(Math.min(...(await livesOf('mortal')))).toBeGreaterThan(30_000)

      // Simulates the expiry of the board.
      for (const key of await keysOf('mortal')) await harness.redis.del(key)
      await harness.request('get', path('mortal')).expect(404)
      await submit('mortal', { member: 'c', score: 1 }).expect(200)
    })

    it('does not expire any more without ttlMs, in any of its seasons', async () => {
      const season = { every: 'daily' }
      await put('pardoned', { ttlMs: 86_400_000 * 3, season }).expect(201)
      await submit('pardoned', { member: 'a', score: 1 })
      harness.advance(86_400_000)
      await submit('pardoned', { member: 'a', score: 1 })
      await harness.request('post', path('pardoned', '/hide')).send({ member: 'a' }).expect(200)
      expect(await livesOf('pardoned')).not.toContain(-1)

      await put('pardoned', { season }).expect(200)
      expect(new Set(await livesOf('pardoned'))).toEqual(new Set([-1]))
      await put('pardoned', { ttlMs: 86_400_000, season }).expect(200)
      expect(await livesOf('pardoned')).not.toContain(-1)
      harness.advance(-86_400_000)
    })
  })

  it('lists exactly the boards that exist after concurrent deletions and creations', async () => {
    for (let round = 0; round < 30; round++) {
      const board = `torn-${round % 3}`
      await Promise.all([
        submit(board, { member: 'a', score: 1 }).then(() => undefined),
        harness.request('delete', path(board)).then(() => undefined),
        put(board, {}).then(() => undefined),
        harness.request('delete', path(board)).then(() => undefined),
        submit(board, { member: 'b', score: 1 }).then(() => undefined),
      ])
      const { status } = await harness.request('get', path(board))
      const { body } = await harness.request('get', `/v1/leaderboards?prefix=${board}`).expect(200)
      expect([round, body.items.length]).toEqual([round, status === 200 ? 1 : 0])
    }
  })

  it('lists names by prefix and cursor', async () => {
    for (const name of ['list-c', 'list-a', 'list-b', 'other'])
      await submit(name, { member: 'a', score: 1 })
    const list = async (query: string) =>
      (await harness.request('get', `/v1/leaderboards?${query}`).expect(200)).body

    const first = await list('prefix=list-&limit=2')
    expect(first.items).toEqual([{ name: 'list-a' }, { name: 'list-b' }])
    const second = await list(`prefix=list-&limit=2&cursor=${first.nextCursor}`)
    expect(second).toEqual({ items: [{ name: 'list-c' }] })
    expect(await list('prefix=list-&limit=3')).toEqual({
      items: [{ name: 'list-a' }, { name: 'list-b' }, { name: 'list-c' }],
    })
    expect(await list('prefix=none')).toEqual({ items: [] })
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['cursor=', 'cursor'],
    ['cursor=!', 'cursor'],
    [`prefix=list-&cursor=${Buffer.from('other').toString('base64url')}`, 'cursor'],
    ['unknown=1', 'unknown'],
  ])('refuses the list %s', async (query, field) => {
    const { body } = await harness.request('get', `/v1/leaderboards?${query}`).expect(400)
    expect(body.errors[0].pointer).toContain(field)
  })
})
