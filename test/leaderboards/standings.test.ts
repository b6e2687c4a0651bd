import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { boardDriver } from './driver.js'

const DAY = 86_400_000
const MINUTE = 60_000

const harness = useHarness()
/** An instance that learns of the boards from Redis. */
const other = useHarness()
/** How far the clock of the scripts is ahead. */
let aheadMs = 0

const boards = boardDriver(harness)
const { path, page } = boards
const put = (board: string, settings: object) =>
  boards.put(board, settings).expect(({ status }) => expect(status).toBeLessThan(300))
const submit = (board: string, ...entries: object[]) => boards.submit(board, ...entries).expect(200)
const membersOf = (board: string, query = '') => boards.order(board, query)
const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => ({ member: `m${from + at}`, score: from + at }))

function advance(ms: number) {
  aheadMs += ms
  harness.advance(ms)
}

/** Advances the clock to this long before the next midnight. */
const toMidnight = (leftMs: number) => {
  const now = Date.now() + aheadMs
  advance((Math.floor(now / DAY) + 1) * DAY - leftMs - now)
}

describe('a reader over the end of a season', () => {
  const DAILY = { season: { every: 'daily' } }

  it('stays in the season of its first page, by its cursor', async () => {
    await put('paged', DAILY)
    toMidnight(30 * MINUTE)
    await submit('paged', ...many(6))
    const first = await page('paged', '?limit=2')

    advance(60 * MINUTE)
    await submit('paged', ...many(6, 100))

    const second = await page('paged', `?limit=10&cursor=${first.nextCursor}`)
    expect(second.seasonId).toBe(first.seasonId)
    expect(second.items.map(({ member }: { member: string }) => member)).toEqual([
      'm3',
      'm2',
      'm1',
      'm0',
    ])
    const { body } = await harness
      .request('get', path('paged', `/entries?cursor=${first.nextCursor}&season=20200101T000000Z`))
      .expect(400)
    expect(placeOf(body.errors[0])).toBe('query/season')
  })

  it('reads the previous season as `previous`, at every moment of the next one', async () => {
    await put('before', DAILY)
    toMidnight(30 * MINUTE)
    await submit('before', ...many(4))
    const { seasonId } = await page('before')

    const none = await harness
      .request('get', path('before', '/entries?season=previous'))
      .expect(404)
    expect(none.body.code).toBe('season-not-found')
    advance(31 * MINUTE)
    for (let hours = 0; hours < 3; hours++) {
      const previous = await page('before', '?season=previous&limit=2')
      expect(previous).toMatchObject({ seasonId, total: 4 })
      const rest = await page('before', `?season=previous&cursor=${previous.nextCursor}`)
      expect(rest.items).toHaveLength(2)
      const entry = await harness
        .request('get', path('before', '/entries/m3?season=previous'))
        .expect(200)
      expect(entry.body).toMatchObject({ rank: 1, seasonId })
      advance(8 * 60 * MINUTE - MINUTE)
    }
    await put('no-seasons', {})
    await harness.request('get', path('no-seasons', '/entries?season=previous')).expect(404)
  })

  /** The lines of an export whose reader pauses after the first bytes until `meanwhile` is done. */
  const exported = async (board: string, meanwhile: () => Promise<unknown>) => {
    const { port } = harness.app.server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}${path(board, '/export')}`, {
      headers: { 'lockstep-namespace': harness.namespace },
    })
    expect(response.status).toBe(200)
    const reader = response.body!.getReader()
    const chunks = [(await reader.read()).value!]
    await meanwhile()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value)
    }
    return Buffer.concat(chunks)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  /** Fills a board with more than the buffers between the service and a paused reader hold. */
  const heavy = async (board: string) => {
    const metadata = { text: 'x'.repeat(1_000) }
    for (let at = 0; at < 8_000; at += 200) {
      await submit(board, ...many(200, at).map((entry) => ({ ...entry, metadata })))
    }
  }

  it('receives all of the season in which its export began, and nothing of the next', async () => {
    await put('exported', DAILY)
    toMidnight(12 * 60 * MINUTE)
    await heavy('exported')

    const rows = await exported('exported', async () => {
      toMidnight(-MINUTE)
      await submit('exported', { member: 'next', score: 1e9 })
    })

    expect(rows.map(({ member }) => member)).toEqual(
      many(8_000)
        .map(({ member }) => member)
        .toReversed(),
    )
  })

  it('receives nothing of another board of the same name', async () => {
    await heavy('replaced')

    const rows = await exported('replaced', async () => {
      await harness.request('delete', path('replaced')).expect(204)
      await submit('replaced', ...many(200))
    })

    expect(rows.length).toBeLessThan(8_000)
    expect(rows.at(-1)).toMatchObject({ error: { code: 'season-not-found' } })
    expect(rows.at(-2)).toHaveProperty('metadata')
  })

  const two = { columns: [{ name: 'a' }, { name: 'b' }] }
  it.each([
    ['that submissions make', () => undefined, () => submit('again', ...many(3))],
    ['that PUT makes', () => put('again', {}), () => put('again', {})],
    ['of other columns', () => undefined, () => put('again', two)],
  ])(
    'finds nothing by a cursor on another board of the same name, %s',
    async (_what, one, other) => {
      const remove = () => harness.request('delete', path('again')).expect(204)
      await remove()
      await one()
      await submit('again', ...many(3))
      const { nextCursor } = await page('again', '?limit=1')
      await remove()
      await other()
      const { body } = await harness
        .request('get', path('again', `/entries?cursor=${nextCursor}`))
        .expect(404)
      expect(body.code).toBe('season-not-found')
    },
  )

  it.each([
    ['a submission', () => undefined],
    ['PUT', () => put('reconfigured', {})],
  ])('goes on by a cursor on a board of %s that is changed', async (_what, create) => {
    const remove = () => harness.request('delete', path('reconfigured')).expect(204)
    await remove()
    await create()
    await submit('reconfigured', ...many(3))
    const { nextCursor } = await page('reconfigured', '?limit=1')
    await put('reconfigured', { maxMembers: 100 })
    const query = `?cursor=${nextCursor}`
    expect(await membersOf('reconfigured', query)).toEqual(['m1', 'm0'])
    const { body } = await other
      .request('get', path('reconfigured', `/entries${query}`))
      .set('lockstep-namespace', harness.namespace)
      .expect(200)
    expect(body.items).toHaveLength(2)
  })

  it('receives an error line when the board is deleted meanwhile', async () => {
    await heavy('cut')

    const rows = await exported('cut', () =>
      harness
        .request('delete', path('cut'))
        .expect(204)
        .then(() => undefined),
    )

    expect(rows.length).toBeLessThan(8_000)
    expect(rows.at(-1)).toMatchObject({ error: { code: 'season-not-found' } })
    expect(rows.at(-2)).toHaveProperty('member')
  })
})

describe('memberTtlMs', () => {
  it('does not apply to submissions from before it was switched off, once it is on again', async () => {
    await put('again', { memberTtlMs: 10 * MINUTE })
    await submit('again', ...many(2))
    advance(9 * MINUTE)
    await put('again', {})
    await submit('again', { member: 'm1', score: 5 })
    await put('again', { memberTtlMs: 10 * MINUTE })
    advance(5 * MINUTE)

    expect(await membersOf('again')).toEqual(['m1', 'm0'])
    advance(5 * MINUTE)
    expect(await membersOf('again')).toEqual([])
  })

  it('applies to older members from the moment it is switched on', async () => {
    await submit('late', ...many(200))
    await put('late', { memberTtlMs: 10 * MINUTE })
    advance(9 * MINUTE)
    await submit('late', { member: 'm7', score: 7 })
    expect((await page('late')).total).toBe(200)

    advance(MINUTE)

    expect(await membersOf('late', '?limit=1000')).toEqual(['m7'])
  })

  it('applies with its present length', async () => {
    await put('longer', { memberTtlMs: 10 * MINUTE })
    await submit('longer', { member: 'a', score: 1 })
    await put('longer', { memberTtlMs: 60 * MINUTE })
    advance(59 * MINUTE)
    expect(await membersOf('longer')).toEqual(['a'])

    await put('longer', { memberTtlMs: 30 * MINUTE })

    expect(await membersOf('longer')).toEqual([])
  })

  it('leaves the standings of an ended season as they were at its end', async () => {
    await put('final', { season: { every: 'daily' }, memberTtlMs: 75 * MINUTE })
    toMidnight(90 * MINUTE)
    await submit('final', { member: 'gone', score: 9 })
    advance(60 * MINUTE)
    await submit('final', { member: 'winner', score: 5 }, { member: 'second', score: 4 })
    const { currentSeason } = (await harness.request('get', path('final')).expect(200)).body
    // No call comes until long after the end of the season.
    advance(3 * 60 * MINUTE)
    await submit('final', { member: 'x', score: 1 })
    await put('final', { season: { every: 'daily' }, memberTtlMs: MINUTE, maxMembers: 1 })
    expect(await membersOf('final', '?season=previous')).toEqual(['winner', 'second'])
    expect(await membersOf('final', `?season=${currentSeason.id}`)).toEqual(['winner', 'second'])
    await put('final', { season: { every: 'daily' } })
    expect(await membersOf('final', '?season=previous')).toEqual(['winner', 'second'])
  })
})

it('stores nothing in a board about a season that never began or was dropped', async () => {
  const config = { season: { every: 'daily', keep: 0 }, memberTtlMs: 3 * DAY }
  const fields = async () =>
    (await harness.redis.hkeys(`ls:{${harness.namespace}:b:record}:board`)).filter((field) =>
      field.includes(':'),
    )
  await put('record', { ...config, memberTtlMs: DAY })
  await put('record', config)
  expect(await fields()).toEqual([])

  for (let day = 0; day < 3; day++) {
    await submit('record', { member: 'a', score: 1 })
    advance(DAY)
  }

  expect(await fields()).toHaveLength(1)
})

it('visits all boards, and names the one that fails', async () => {
  await submit('good-1', { member: 'ada', score: 1 })
  await submit('bad', { member: 'ada', score: 1 })
  await submit('good-2', { member: 'ada', score: 1 })
  const key = `ls:{${harness.namespace}:b:bad}:board`
  const config = JSON.parse((await harness.redis.hget(key, 'config'))!)
  config.season.every = { cron: 'never' }
  await harness.redis.hset(key, 'config', JSON.stringify(config), 'version', '1')

  const { body } = await harness.request('get', '/v1/members/ada/leaderboards').expect(200)
  expect(body.items.map(({ board }: { board: string }) => board)).toEqual(['good-1', 'good-2'])
  expect(body.failed).toEqual(['bad'])

  const erased = await harness.request('post', '/v1/members/ada/erase').expect(200)
  expect(erased.body).toEqual({ erasedCount: 2, failed: ['bad'] })
})
