import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { boardDriver } from './driver.js'

const FILE = `
leaderboards:
  - pattern: 'by-template-*'
    board:
      season: { timeZone: UTC, every: none, keep: 4 }
      columns: [{ type: number, order: desc, name: score }]
`

const harness = useHarness({ configFile: FILE })
const { path, put, submitOne } = boardDriver(harness)

const get = (board: string) => harness.request('get', path(board))
const submit = (board: string) => submitOne(board).expect(200)

/** The three ways to create a board; each ends with an entry. */
const BIRTHS: [how: string, create: (board: string) => Promise<unknown>][] = [
  ['by-submission', (board) => submit(board)],
  ['by-template', (board) => submit(board)],
  [
    'by-put',
    (board) =>
      put(board)
        .expect(201)
        .then(() => submit(board)),
  ],
]

describe.each(BIRTHS)('a board created %s', (how, create) => {
  it.each([
    ['tiers', { tiers: [{ name: 'gold', top: 3 }] }],
    ['bounds', { bounds: { score: { min: 0 } } }],
    ['ranking', { ranking: 'ordinal' }],
    ['maxMembers', { maxMembers: 10 }],
    ['memberTtlMs', { memberTtlMs: 60_000 }],
    ['ttlMs', { ttlMs: 60_000 }],
    ['keep', { season: { keep: 1 } }],
  ])('can change its %s', async (what, settings) => {
    const board = `${how}-${what}`
    await create(board)

    const { body } = await put(board, settings).expect(200)

    expect(body).toMatchObject(settings)
    expect((await get(board)).body).toEqual(body)
  })

  it('accepts its own settings without a new version', async () => {
    const board = `${how}-same`
    await create(board)
    const before = await get(board).expect(200)
    const { name: _n, version: _v, source: _s, currentSeason: _c, ...settings } = before.body

    const { headers, body } = await put(board, settings).expect(200)

    expect(headers.etag).toBe(before.headers.etag)
    expect(body).toEqual(before.body)
  })

  it('names every setting that cannot change, with its present and its wanted value', async () => {
    const board = `${how}-fixed`
    await create(board)
    const columns = [{ name: 'score', order: 'asc', type: 'int64' }]

    const { body } = await put(board, {
      columns,
      season: { every: 'weekly', keep: 2 },
      ranking: 'dense',
    }).expect(409)

    expect(body.code).toBe('config-immutable')
    expect(body.changes).toEqual([
      {
        setting: 'columns',
        present: [{ name: 'score', order: 'desc', type: 'number' }],
        wanted: columns,
      },
      { setting: 'ranking', present: 'competition', wanted: 'dense' },
      { setting: 'season.every', present: 'none', wanted: 'weekly' },
    ])
    expect(body.detail).toContain('columns')
    expect(body.detail).toContain('"weekly"')
  })
})

it('compares columns as values, in any order of their fields', async () => {
  await put('spelled', { columns: [{ name: 'n', op: 'incr' }], op: 'set' }).expect(201)
  await submit('spelled')

  await put('spelled', { op: 'set', columns: [{ op: 'incr', type: 'number', name: 'n' }] }).expect(
    200,
  )
})

describe('preconditions', () => {
  it('creates only where there is none with If-None-Match: *', async () => {
    await put('once').set('if-none-match', '*').expect(201)

    const { body } = await put('once', { ranking: 'ordinal' }).set('if-none-match', '*').expect(412)

    expect(body.code).toBe('precondition-failed')
    expect((await get('once')).body.ranking).toBe('competition')
  })

  it('deletes only the version that If-Match names', async () => {
    const { headers } = await put('matched').expect(201)
    const remove = (tag: string) => harness.request('delete', path('matched')).set('if-match', tag)
    await put('matched', { maxMembers: 5 }).expect(200)

    await remove(headers.etag!).expect(412)
    await remove('nonsense').expect(400)
    await get('matched').expect(200)

    await remove((await get('matched')).headers.etag!).expect(204)
    await get('matched').expect(404)
    await remove('*').expect(412)
  })

  it('deletes no existing board with If-None-Match: *', async () => {
    await put('present').expect(201)
    const remove = (board: string) =>
      harness.request('delete', path(board)).set('if-none-match', '*')
    await remove('present').expect(412)
    await remove('absent').expect(204)
  })

  it('is checked before the settings that cannot change', async () => {
    await submit('guarded')
    await put('guarded', { ranking: 'dense' }).set('if-match', '"stale"').expect(412)
  })
})
