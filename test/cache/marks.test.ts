import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { keysOf } from './keys.js'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.close())

const DAY_MS = 86_400_000
/** An entry lives at most 30 days and is then stale for 30: no mark matters longer. */
const MARK_LIFE_DAYS = 61

const invalidate = (body: object) =>
  harness.request('post', '/v1/cache/users/invalidate').send(body).expect(204)
const invalidateMany = async (prefix: string, count: number) => {
  for (let from = 0; from < count; from += 50) {
    const length = Math.min(50, count - from)
    await invalidate({ tags: Array.from({ length }, (_, i) => `${prefix}-${from + i}`) })
  }
}
const clock = () => keysOf(harness, 'any').clock
const count = () => harness.redis.zcard(clock())

it('marks do not grow for ever: those that no entry is old enough for go', async () => {
  const perDay = 4
  let most = 0
  for (let day = 0; day < 2 * MARK_LIFE_DAYS; day++) {
    await invalidate({ tags: Array.from({ length: perDay }, (_, i) => `day-${day}-${i}`) })
    if (day % 10 === 0) most = Math.max(most, await count())
    harness.advance(DAY_MS)
  }
  // Beside them: clk, epoch and run.
  expect(most).toBeGreaterThan((MARK_LIFE_DAYS - 10) * perDay)
  expect(most).toBeLessThanOrEqual((MARK_LIFE_DAYS + 1) * perDay + 3)

  // A burst is gone after a quarter as many marks, however long ago it was.
  await invalidateMany('burst', 300)
  harness.advance(MARK_LIFE_DAYS * DAY_MS + 1)
  const before = await count()
  const fresh = Math.ceil(before / 3)
  await invalidateMany('fresh', fresh)
  expect(await count()).toBeLessThanOrEqual(fresh + 3)
})

it('a mark is kept for as long as anything older can be served', async () => {
  const at = '/v1/cache/users/old'
  const lives = { ttlMs: 30 * DAY_MS, staleMs: 30 * DAY_MS }
  await harness.request('put', at).query(lives).set('surrogate-key', 'kept').send('x').expect(201)
  await invalidate({ tags: ['kept'], mode: 'hard' })
  for (let day = 0; day < 59; day += 10) {
    harness.advance(10 * DAY_MS - 1)
    await invalidate({ tags: ['another'] })
    await harness.request('get', at).expect(404)
  }
})

it('the same tag again takes no more room', async () => {
  await invalidate({ tags: ['same'] })
  const before = await count()
  for (let i = 0; i < 10; i++) await invalidate({ tags: ['same'] })
  expect(await count()).toBeLessThanOrEqual(before)
})

it('the epoch and the run outlive every mark', async () => {
  const [epoch, run] = await harness.redis.zmscore(clock(), 'epoch', 'run')
  harness.advance(2 * MARK_LIFE_DAYS * DAY_MS)
  await invalidate({ tags: ['much-later'] })
  expect(await harness.redis.zmscore(clock(), 'epoch', 'run')).toEqual([epoch, run])
  expect(Number(epoch)).toBeGreaterThan(0)
})
