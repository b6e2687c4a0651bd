import { expect, it } from 'vitest'
import { fencesKey } from '../../src/leaderboards/keys.js'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { boardDriver } from './driver.js'

const harness = useHarness()
const { path, entry, submit } = boardDriver(harness)
const under = (fence: number, name = 'lock') => ({ 'if-fence': `${name}=${fence}` })
const submitToBoards = (boards: string[], score: number) =>
  harness
    .request('post', '/v1/leaderboard-submissions')
    .send({ member: 'ada', boards: boards.map((board) => ({ board, score })) })
const scoreOf = async (board: string) => (await entry(board, 'ada').expect(200)).body.score

it('a submission with an outdated fence is refused', async () => {
  await submit('late', { member: 'ada', score: 1 }).set(under(7)).expect(200)
  const { body } = await submit('late', { member: 'ada', score: 2 }).set(under(6)).expect(412)
  expect(body).toMatchObject({ code: 'fence-outdated', name: 'lock', fence: 6, highest: 7 })
  expect(await scoreOf('late')).toBe(1)
  await submit('late', { member: 'ada', score: 3 }).set(under(7)).expect(200)
  await submit('late', { member: 'ada', score: 4 }).set(under(6, 'other')).expect(200)
  await submit('late', { member: 'ada', score: 5 }).expect(200)
  expect(await scoreOf('late')).toBe(5)
})

it('a board that refuses a fence stops no other board', async () => {
  await submit('one', { member: 'ada', score: 1 }).set(under(7)).expect(200)
  const { body } = await submitToBoards(['one', 'two'], 9).set(under(6)).expect(200)
  expect(body.results).toMatchObject([
    { board: 'one', error: 'fence-outdated', changed: false },
    { board: 'two', score: 9, changed: true },
  ])
  expect(await scoreOf('one')).toBe(1)
})

it('a board that was deleted remembers its fences', async () => {
  await submit('deleted', { member: 'ada', score: 1 }).set(under(7)).expect(200)
  await harness.request('delete', path('deleted')).expect(204)
  await submit('deleted', { member: 'ada', score: 2 }).set(under(6)).expect(412)
  await entry('deleted', 'ada').expect(404)
  const leftMs = await harness.redis.pttl(fencesKey(harness.namespace, 'deleted'))
  expect(leftMs).toBeGreaterThan(6 * 86_400_000)
})

it('the repeat of a submission that was applied is not refused', async () => {
  const keyed = { 'idempotency-key': 'once', ...under(6) }
  await submit('repeat', { member: 'ada', score: 1 }).set(keyed).expect(200)
  await submit('repeat', { member: 'ada', score: 2 }).set(under(7)).expect(200)
  const repeat = await submit('repeat', { member: 'ada', score: 1 }).set(keyed).expect(200)
  expect(repeat.headers['idempotent-replayed']).toBe('true')
  await submit('repeat', { member: 'ada', score: 3 })
    .set({ ...keyed, 'idempotency-key': 'late' })
    .expect(412)
})

it('many entries are applied in parts, each of which compares the fence', async () => {
  const entries = Array.from({ length: 100 }, (_, i) => ({ member: `m${i}`, score: i }))
  await submit('parts', ...entries)
    .set(under(7))
    .expect(200)
  await submit('parts', ...entries)
    .set(under(6))
    .expect(412)
})

it('what is no fence is refused by name', async () => {
  for (const request of [submit('bad', { member: 'a', score: 1 }), submitToBoards(['bad'], 1)]) {
    const { body } = await request.set('if-fence', 'lock').expect(400)
    expect(body.errors.map(placeOf)).toEqual(['header/if-fence'])
  }
})
