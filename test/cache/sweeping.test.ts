import { describe, expect, it } from 'vitest'
import { sweepScript } from '../../src/cache/sweeping/scripts.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness()
const cache = cacheDriver(harness)
const { at } = cache

const put = (key: string, space = 'users') =>
  harness.request('put', at(key, space)).set('surrogate-key', 't').send('value').expect(201)
const incr = (key: string, space?: string) => cache.incr(key, {}, space).expect(200)
const invalidate = (body: object, space?: string) => cache.invalidate(body, space).expect(204)
const left = async (key: string, space = 'users') => {
  const { entry, values } = keysOf(harness, key, space)
  return (await harness.redis.exists(entry)) + (await harness.redis.exists(values))
}
const loseClock = (key: string) => harness.redis.del(keysOf(harness, key).clock)

describe('a dead entry is dropped when it is read', () => {
  it.each([
    ['a GET', (key: string) => harness.request('get', at(key)).expect(404)],
    [
      'a GET with a lease',
      (key: string) => harness.request('get', at(key)).query({ lease: true }).expect(404),
    ],
    [
      'a get-many',
      (key: string) =>
        harness
          .request('post', '/v1/cache/users/get-many')
          .send({ keys: [key] })
          .expect(200),
    ],
  ])('by %s', async (_, meet) => {
    for (const [key, end] of [
      ['by-tag', () => invalidate({ tags: ['t'], mode: 'hard' })],
      ['lost', () => loseClock('lost')],
    ] as const) {
      await put(key)
      await end()
      expect(await left(key)).toBe(1)
      await meet(key)
      expect(await left(key)).toBe(0)
    }
  })

  it('with the values of a counter or an object', async () => {
    await incr('count')
    await loseClock('count')
    await harness.request('get', `${at('count')}/counter`).expect(404)
    expect(await left('count')).toBe(0)
  })

  it('but not a stale one, or one of another kind', async () => {
    await harness.request('put', at('stale')).query({ staleMs: 60_000 }).send('x').expect(201)
    await invalidate({ keys: ['stale'] })
    await harness.request('get', at('stale')).expect(200)
    await harness.request('get', `${at('stale')}/counter`).expect(409)
    expect(await left('stale')).toBe(1)
  })
})

describe('a hard invalidation of a space', () => {
  it('frees its memory without any read, and leaves other spaces alone', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
    for (const key of keys) {
      await put(key, 'ended')
      await put(key, 'ended2')
    }
    await incr('n', 'ended')
    await invalidate({ all: true, mode: 'hard' }, 'ended')
    await until('nothing left of the space', async () => {
      const counts = await Promise.all([...keys, 'n'].map((key) => left(key, 'ended')))
      return counts.every((count) => count === 0)
    })
    for (const key of keys) expect(await left(key, 'ended2')).toBe(1)
  })

  it('keeps what was stored since', async () => {
    for (let round = 0; round < 2; round++) {
      await harness.request('put', at('again', 'ended')).send('x')
      await invalidate({ all: true, mode: 'hard' }, 'ended')
      await put('again', 'ended')
      await until('the end of the sweep', async () =>
        /lockstep_cache_sweeps_pending 0/.test(await harness.app.metrics.registry.metrics()),
      )
      await harness.request('get', at('again', 'ended')).expect(200)
    }
  })

  it('is swept by a script that says how much it dropped', async () => {
    const sweep = harness.binder.bind(sweepScript)
    const { clock, entry } = keysOf(harness, 'counted')
    const dropped = () => sweep({ clock, entry: [entry] }, { on_restart: 'keep 1', space: 'users' })
    await put('counted')
    expect(await dropped()).toBe(0)
    await loseClock('counted')
    expect(await dropped()).toBe(1)
    expect(await dropped()).toBe(0)
  })

  it('in soft mode frees nothing', async () => {
    await put('soft', 'softly')
    await invalidate({ all: true }, 'softly')
    const noted = await harness.redis.zrange('ls:{sweeps}:cache', '0', '-1')
    expect(noted).not.toContain(`space ${harness.namespace} softly`)
    expect(await left('soft', 'softly')).toBe(1)
  })
})
