import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.close())

const path = (board: string, rest = '') => `/v1/leaderboards/${board}${rest}`
const put = (board: string, config: object = {}) => harness.request('put', path(board)).send(config)
const submit = (board: string, member: string, score: number) =>
  harness.request('post', path(board, '/scores')).send({ entries: [{ member, score }] })

describe('boards', () => {
  it('changes what may change, also where entries exist', async () => {
    await put('open').expect(200, { name: 'open', created: true })
    await submit('open', 'a', 1)

    await put('open', { rank: 'ordinal', maxMembers: 10, season: { keep: 1 } }).expect(200, {
      name: 'open',
      created: false,
    })
  })

  it.each([
    ['columns', { columns: [{ name: 'score', order: 'asc' }] }],
    ['op', { op: 'set' }],
    ['ties', { ties: 'last' }],
    ['rank to dense', { rank: 'dense' }],
    ['season', { season: { every: 'daily' } }],
  ])('refuses another %s once entries exist', async (what, config) => {
    const board = `fixed-${what.replaceAll(' ', '-')}`
    await put(board).expect(200)
    await put(board, config).expect(200)
    await put(board).expect(200)
    await submit(board, 'a', 1).expect(200)

    const { body } = await put(board, config).expect(409)

    expect(body.code).toBe('config-immutable')
  })

  it('honours If-Match and answers an ETag', async () => {
    const { body } = await put('tagged').set('if-match', '*').expect(412)
    expect(body.code).toBe('precondition-failed')
    const { headers } = await put('tagged').expect(200)

    await put('tagged', { maxMembers: 5 }).set('if-match', headers.etag!).expect(200)

    await put('tagged', { maxMembers: 6 }).set('if-match', headers.etag!).expect(412)
    const now = await harness.request('get', path('tagged')).expect(200)
    expect(now.headers.etag).not.toBe(headers.etag)
    expect(now.body.config.maxMembers).toBe(5)
  })

  it.each([
    ['two columns of one name', { columns: [{ name: 'a' }, { name: 'a' }] }, 'body/columns/1/name'],
    ['bounds of no column', { bounds: { x: { min: 1 } } }, 'body/bounds/x'],
    ['a bound that is no number', { bounds: { score: { max: 'x' } } }, 'body/bounds/score/max'],
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

    expect(body.errors[0].pointer).toBe(pointer)
  })

  it('deletes a board with everything it had, and can make it anew', async () => {
    await put('gone', { rank: 'dense', memberTtlMs: 60_000 }).expect(200)
    await submit('gone', 'a', 1)

    await harness.request('delete', path('gone')).expect(200, { deleted: true })

    expect(await harness.redis.keys(`ls:{${harness.namespace}:b:gone}:*`)).toEqual([])
    await harness.request('get', path('gone')).expect(404)
    await harness.request('delete', path('gone')).expect(200, { deleted: false })
    await submit('gone', 'b', 2).expect(200)
    const { body } = await harness.request('get', path('gone')).expect(200)
    expect(body).toMatchObject({ total: 1, config: { rank: 'competition' } })
  })

  it('lists names by prefix and cursor', async () => {
    for (const name of ['list-c', 'list-a', 'list-b', 'other']) await submit(name, 'a', 1)
    const list = async (query: string) =>
      (await harness.request('get', `/v1/leaderboards?${query}`).expect(200)).body

    const first = await list('prefix=list-&limit=2')
    expect(first.leaderboards).toEqual([{ name: 'list-a' }, { name: 'list-b' }])
    const second = await list(`prefix=list-&limit=2&cursor=${first.nextCursor}`)
    expect(second).toEqual({ leaderboards: [{ name: 'list-c' }], nextCursor: null })
  })
})
