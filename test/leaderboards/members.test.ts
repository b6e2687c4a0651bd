import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { untilNoonMs } from '../support/noon.js'
import { placeOf } from '../support/request-faults.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
const { path, put, submit, entry } = boardDriver(harness)

beforeAll(() => harness.advance(untilNoonMs()))

it('submits a member to several boards, each with an answer of its own', async () => {
  await put('int', { columns: [{ name: 'n', type: 'int64' }] })
  await put('other-int', { columns: [{ name: 'n', type: 'int64' }] })
  await put('shut', { season: { every: 'daily' } })
  await harness.request('post', path('shut', '/close'))
  const send = () =>
    harness
      .request('post', '/v1/leaderboard-submissions')
      .set('idempotency-key', 'one')
      .send({
        member: 'ada',
        boards: [
          { board: 'new', score: 5, op: 'incr' },
          { board: 'int', score: '9223372036854775807' },
          { board: 'other-int', score: 1.5 },
          { board: 'shut', score: 1 },
        ],
      })

  const { body, headers } = await send().expect(200)

  expect(headers).not.toHaveProperty('idempotent-replayed')
  expect(body.results).toMatchObject([
    { board: 'new', changed: true, score: 5, rank: 1 },
    { board: 'int', changed: true, score: '9223372036854775807' },
    { board: 'other-int', changed: false, personalBest: false, error: 'invalid-request' },
    { board: 'shut', changed: false, personalBest: false, error: 'season-closed' },
  ])
  const again = await send().expect(200)
  expect(again.body.results[0].score).toBe(5)
  expect(again.headers['idempotent-replayed']).toBe('true')
})

it('refuses a board that is named twice, because a retry could not distinguish the two', async () => {
  const boards = ['once', 'twice', 'twice'].map((board) => ({ board, score: 1, op: 'incr' }))

  const { body } = await harness
    .request('post', '/v1/leaderboard-submissions')
    .send({ member: 'ada', boards })
    .expect(400)

  expect(placeOf(body.errors[0])).toBe('body/boards/2/board')
  await harness.request('get', path('once')).expect(404)
})

it('shows a member on all boards, and erases it in every season, hidden or not', async () => {
  await put('days', { season: { every: 'daily' }, ranking: 'dense' })
  const submit = (board: string) =>
    harness
      .request('post', path(board, '/scores'))
      .send({
        entries: [
          { member: 'bob', score: 3 },
          { member: 'eve', score: 1 },
        ],
      })
      .expect(200)
  await submit('days')
  harness.advance(86_400_000)
  await submit('days')
  await submit('plain')
  await harness.request('post', path('plain', '/hide')).send({ member: 'bob' }).expect(200)

  const shown = await harness.request('get', '/v1/members/bob/leaderboards').expect(200)

  expect(shown.body).toEqual({
    items: [
      expect.objectContaining({ board: 'days', member: 'bob', rank: 1, total: 2 }),
      { board: 'plain', member: 'bob', score: 3, hidden: true, total: 1, seasonId: 'all' },
    ],
  })
  const erased = await harness.request('post', '/v1/members/bob/erase').expect(200)
  expect(erased.body).toEqual({ erasedCount: 3 })
  const again = await harness.request('post', '/v1/members/bob/erase').expect(200)
  expect(again.body).toEqual({ erasedCount: 0 })
  const after = await harness.request('get', '/v1/members/bob/leaderboards').expect(200)
  expect(after.body).toEqual({ items: [] })
  // A hidden member stays hidden after an erasure.
  await submit('plain')
  const { body } = await entry('plain', 'bob').expect(200)
  expect(body).toEqual({ member: 'bob', score: 3, hidden: true, total: 1, seasonId: 'all' })
  await harness.request('post', path('plain', '/unhide')).send({ member: 'bob' }).expect(200)
  const pardoned = await entry('plain', 'bob').expect(200)
  expect(pardoned.body.rank).toBe(1)
})

it('continues after the board that a cursor names, and refuses other text', async () => {
  const boards = ['walk-1', 'walk-2'].map((board) => ({ board, score: 1 }))
  await harness
    .request('post', '/v1/leaderboard-submissions')
    .send({ member: 'eva', boards })
    .expect(200)
  const cursor = Buffer.from('walk-1').toString('base64url')

  const { body } = await harness
    .request('get', `/v1/members/eva/leaderboards?cursor=${cursor}`)
    .expect(200)
  expect(body.items).toMatchObject([{ board: 'walk-2' }])
  const erase = (sent: object) => harness.request('post', '/v1/members/eva/erase').send(sent)
  expect((await erase({ cursor }).expect(200)).body).toEqual({ erasedCount: 1 })
  expect((await erase({}).expect(200)).body).toEqual({ erasedCount: 1 })

  for (const wrong of [{ cursor: '' }, { cursor: '!' }, { cursor: 5 }, { cursor: null }]) {
    const refused = await erase(wrong).expect(400)
    expect(refused.body.errors[0].pointer).toContain('/cursor')
  }
  const unread = await harness.request('get', '/v1/members/eva/leaderboards?cursor=!').expect(400)
  expect(unread.body.errors[0].pointer).toContain('/cursor')
})

it('exports a season as NDJSON, over several pages', async () => {
  for (let at = 0; at < 1_200; at += 200) {
    const entries = Array.from({ length: 200 }, (_, i) => ({
      member: `m${at + i}`,
      score: (at + i) % 50,
      ...(i === 0 && { metadata: { at } }),
    }))
    await submit('exported', ...entries).expect(200)
  }

  const { text, headers } = await harness
    .request('get', path('exported', '/export'))
    .buffer(true)
    .parse((response, done) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => done(null, text))
    })
    .expect(200)
    .then(({ body, headers }) => ({ text: body as string, headers }))

  expect(headers['content-type']).toMatch(/^application\/x-ndjson/)
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows).toHaveLength(1_200)
  expect(rows.map(({ position }) => position)).toEqual(rows.map((_, at) => at + 1))
  expect(rows.find(({ member }) => member === 'm200').metadata).toEqual({ at: 200 })
  await harness.request('get', path('nothing', '/export')).expect(404)
})
