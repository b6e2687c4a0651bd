import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
const { path, put, submit } = boardDriver(harness)

const query = (board: string, body: object) =>
  harness.request('post', path(board, '/query')).send(body)
const fill = async (board: string, scores: number[], config: object = {}) => {
  await put(board, config).expect(201)
  const entries = scores.map((score, at) => ({ member: `m${at}`, score }))
  await submit(board, ...entries).expect(200)
}

it('returns the places of members in the list, and names those without an entry', async () => {
  await fill('friends', [10, 30, 20])

  const { body } = await query('friends', { members: ['m0', 'x', 'm1', 'm0'] }).expect(200)

  expect(body.items).toMatchObject([
    { member: 'm1', rank: 1, place: 1 },
    { member: 'm0', rank: 3, place: 2 },
  ])
  expect(body.notFound).toEqual(['x'])
})

it('finds none of a thousand members on a board without entries', async () => {
  await put('empty').expect(201)
  const members = Array.from({ length: 1_000 }, (_, i) => `m${i}`)

  const { body } = await query('empty', { members }).expect(200)

  expect(body).toEqual({ items: [], notFound: members, total: 0, seasonId: 'all' })
})

it.each([
  ['competition', 2],
  ['modified', 4],
  ['dense', 2],
  ['ordinal', 4],
])('says where a score would land, with %s ranks', async (ranking, expected) => {
  await fill(`landing-${ranking}`, [50, 40, 40, 30], { ranking })

  const { body } = await query(`landing-${ranking}`, { score: 40 }).expect(200)

  expect(body).toMatchObject({ rank: expected, position: 4, percentile: 50, total: 4 })
  const { body: real } = await harness
    .request('post', path(`landing-${ranking}`, '/scores'))
    .send({ entries: [{ member: 'new', score: 40 }] })
  const { percentile, position } = real.results[0]
  expect({ percentile, position, rank: real.results[0].rank }).toEqual({
    percentile: body.percentile,
    position: body.position,
    rank: body.rank,
  })
})

it('finds the worst entry whose percentile is high enough', async () => {
  const scores = [9, 8, 8, 7, 6, 6, 6, 5, 4, 1]
  await fill('percent', scores)
  const percentile = (score: number) =>
    100 *
    ((scores.filter((other) => other < score).length +
      scores.filter((other) => other === score).length / 2) /
      scores.length)

  for (const wanted of [0, 5, 30, 45, 45.1, 60, 80, 95]) {
    const { body } = await query('percent', { percentile: wanted }).expect(200)
    const enough = scores.filter((score) => percentile(score) >= wanted - 1e-9)
    expect(body.entry.score, `${wanted}`).toBe(Math.min(...enough))
  }
  const { body } = await query('percent', { percentile: 99 }).expect(200)
  expect(body).toEqual({ total: 10, seasonId: 'all' })
})

it('refuses a query for nothing, for two things, and for a score of another kind', async () => {
  await fill('refusals', [1])
  for (const body of [{}, { score: 1, percentile: 2 }, { scores: [1, 2] }, { score: 'x' }]) {
    const answer = await query('refusals', body).expect(400)
    expect(placeOf(answer.body.errors[0])).toMatch(/^body/)
  }
  await query('nowhere', { percentile: 1 }).expect(404)
})
