import { describe, expect, it, onTestFinished } from 'vitest'
import { markScript } from '../../src/cache/invalidation/scripts.js'
import { createBinder } from '../../src/redis/binder.js'
import { type Harness, startHarness, useHarness } from '../support/harness.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness()

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** The longest life of an entry: 30 days fresh, and 30 days stale. */
const LONGEST_DAYS = 60
const LONGEST = { ttlMs: 30 * DAY_MS, staleMs: 30 * DAY_MS }

const invalidate = (body: object) => cacheDriver(harness).invalidate(body).expect(204)
const invalidateMany = async (prefix: string, count: number) => {
  for (let from = 0; from < count; from += 50) {
    const length = Math.min(50, count - from)
    await invalidate({ tags: Array.from({ length }, (_, i) => `${prefix}-${from + i}`) })
  }
}
const clock = () => keysOf(harness, 'any').clock
const count = () => harness.redis.zcard(clock())

it('a clock ends some time after its last use, from its first use on', async () => {
  const namespace = `${harness.namespace}-new`
  await harness
    .request('put', '/v1/cache/users/any')
    .set('lockstep-namespace', namespace)
    .send('x')
    .expect(201)
  const { clock } = keysOf({ connections: harness.connections, namespace } as Harness, 'any')
  expect(await harness.redis.pttl(clock)).toBeGreaterThan(LONGEST_DAYS * DAY_MS)
})

it('marks that every entry outlived are removed', async () => {
  await harness.request('put', '/v1/cache/users/any').query(LONGEST).send('x').expect(201)
  const perDay = 4
  let most = 0
  for (let day = 0; day < 2 * LONGEST_DAYS; day++) {
    await invalidate({ tags: Array.from({ length: perDay }, (_, i) => `day-${day}-${i}`) })
    if (day % 10 === 0) most = Math.max(most, await count())
    harness.advance(DAY_MS)
  }
  // The set has five other members: clk, epoch, run, life and said.
  expect(most).toBeGreaterThan((LONGEST_DAYS - 10) * perDay)
  expect(most).toBeLessThanOrEqual((LONGEST_DAYS + 1) * perDay + 5)

  // A third as many marks remove an expired burst, however old it is.
  await invalidateMany('burst', 300)
  harness.advance(LONGEST_DAYS * DAY_MS + 1)
  const before = await count()
  const fresh = Math.ceil(before / 3)
  await invalidateMany('fresh', fresh)
  expect(await count()).toBeLessThanOrEqual(fresh + 5)
})

it('a mark lives as long as any older value can be served', async () => {
  const at = '/v1/cache/users/old'
  await harness.request('put', at).query(LONGEST).set('surrogate-key', 'kept').send('x').expect(201)
  await invalidate({ tags: ['kept'], mode: 'hard' })
  for (let day = 0; day < 59; day += 10) {
    harness.advance(10 * DAY_MS - 1)
    await invalidate({ tags: ['another'] })
    await harness.request('get', at).expect(404)
  }
})

describe('where every value is short-lived, a mark', () => {
  const at = (key: string) => `/v1/cache/s/${key}`

  async function start() {
    const own = await startHarness({ configFile: 'spaces: { s: { jitter: 0, ttlMs: 60000 } }' })
    onTestFinished(() => own.close())
    const mark = (body: object) =>
      own.request('post', '/v1/cache/s/invalidate').send(body).expect(204)
    /** Each mark removes up to four expired ones. */
    const pass = async (ms: number) => {
      own.advance(ms)
      for (let i = 0; i < 5; i++) await mark({ tags: ['another'] })
    }
    const put = (key: string, tag: string) =>
      own.request('put', at(key)).set('surrogate-key', tag).send('x')
    return { own, mark, pass, put }
  }

  /** Gets a lease and renews it for longer than the minimum life of a mark. */
  async function load({ own, mark, pass }: Awaited<ReturnType<typeof start>>, mode: string) {
    const { headers } = await own.request('get', at('k')).query({ lease: true }).expect(404)
    const token = headers['lockstep-lease'] as string
    await mark({ tags: ['t'], mode })
    for (let i = 0; i < 8; i++) {
      own.advance(590_000)
      const renewal = { token, leaseMs: 600_000 }
      await own
        .request('post', `${at('k')}/lease/renew`)
        .send(renewal)
        .expect(200)
    }
    await pass(0)
    return token
  }

  it('is removed after an hour', async () => {
    const { own, mark, pass, put } = await start()
    await put('k', 't').expect(201)
    await mark({ tags: ['t'], mode: 'hard' })
    const isThere = async () =>
      (await own.redis.zscore(keysOf(own, 'k', 's').clock, 'T:s:t')) !== null
    await pass(HOUR_MS - 120_000)
    expect(await isThere()).toBe(true)
    await pass(120_000)
    expect(await isThere()).toBe(false)
  })

  it('is kept for a load that is renewed for longer', async () => {
    const started = await start()
    const token = await load(started, 'hard')
    await started.put('k', 't').set('lockstep-lease', token).expect(412)
  })

  it('is kept for the value of such a load', async () => {
    const started = await start()
    const token = await load(started, 'soft')
    await started.put('k', 't').query({ ttlMs: HOUR_MS }).set('lockstep-lease', token).expect(201)
    await started.pass(HOUR_MS - 120_000)
    await started.own.request('get', at('k')).expect(404)
  })

  it('is kept for a value that was touched', async () => {
    const { own, mark, pass, put } = await start()
    await put('k', 't').expect(201)
    const touch = own.request('post', `${at('k')}/touch`)
    await touch.send({ ttlMs: 3 * HOUR_MS }).expect(204)
    await mark({ tags: ['t'], mode: 'hard' })
    await pass(2 * HOUR_MS)
    await own.request('get', at('k')).expect(404)
  })

  it('is kept for a counter', async () => {
    const { own, mark, pass } = await start()
    await own
      .request('post', `${at('k')}/incr`)
      .send({ ttlMs: 3 * HOUR_MS })
      .expect(200)
    await mark({ all: true, mode: 'hard' })
    await pass(2 * HOUR_MS)
    await own.request('get', `${at('k')}/counter`).expect(404)
  })
})

it('the same tag again takes little more memory, and none after the fifth time', async () => {
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) await invalidate({ tags: ['same'] })
    return count()
  }
  const once = await repeat(1)
  const often = await repeat(4)
  expect(often).toBeLessThanOrEqual(once + 8)
  expect(await repeat(20)).toBeLessThanOrEqual(often)
})

describe('of soft marks of one tag', () => {
  /** More seconds than the test takes in real time. */
  const PASSED = 90
  const at = (key: string) => `/v1/cache/soft/${key}`
  const put = (key: string, tag: string) =>
    harness
      .request('put', at(key))
      .query({ ttlMs: DAY_MS, staleMs: DAY_MS })
      .set('surrogate-key', tag)
      .send('x')
      .expect(201)
  const soften = (tag: string) =>
    harness
      .request('post', '/v1/cache/soft/invalidate')
      .send({ tags: [tag] })
      .expect(204)
  const staleFor = async (key: string) => {
    const { status, headers } = await harness.request('get', at(key))
    if (status === 404) return undefined
    expect(headers['lockstep-state']).toBe('stale')
    return -Number(/ttl=(-?\d+)/.exec(headers['cache-status'] as string)?.[1])
  }

  it('the first one after a value counts, and never a later one', async () => {
    const seconds = [100, 10, 1, 1, 1, 20, 200, 20, 2, 2, 1].map((gap) => gap * 100)
    await put('before', 'spans')
    let now = 0
    const stored = []
    for (const [i, gap] of seconds.entries()) {
      harness.advance(gap * 1_000)
      now += gap
      await soften('spans')
      await put(`after-${i}`, 'spans')
      stored.push(now)
    }
    harness.advance(5_000_000)
    now += 5_000
    await soften('spans')

    expect(await staleFor('before')).toBeGreaterThanOrEqual(now - 10_000)
    expect(await staleFor('before')).toBeLessThan(now - 10_000 + PASSED)
    for (const [i, since] of stored.entries()) {
      const first = stored[i + 1] ?? now
      const stale = (await staleFor(`after-${i}`)) as number
      expect(stale, `after-${i}`).toBeGreaterThanOrEqual(now - first)
      // If marks are close together, staleness may count from the time of storing.
      expect(stale, `after-${i}`).toBeLessThanOrEqual(now - since + PASSED)
    }
    // No other mark is near, so the time is exact.
    expect(await staleFor('after-10')).toBeLessThan(PASSED)
    expect(await staleFor('after-5')).toBeLessThan(now - (stored[6] as number) + PASSED)
  })

  it('the others keep their order when the oldest are removed', async () => {
    const own = await startHarness()
    const days = (count: number) => own.advance(count * DAY_MS)
    const mark = (tag: string) =>
      own
        .request('post', '/v1/cache/soft/invalidate')
        .send({ tags: [tag] })
        .expect(204)
    await own.request('put', at('first')).query(LONGEST).send('x').expect(201)
    await mark('aged')
    for (const gap of [1, 29, 2]) {
      days(gap)
      await mark('aged')
    }
    days(1)
    await own
      .request('put', at('aging'))
      .query({ ttlMs: 30 * DAY_MS, staleMs: 10 * DAY_MS })
      .set('surrogate-key', 'aged')
      .send('x')
      .expect(201)
    days(2)
    await mark('aged')
    days(27.5)
    // This mark removes the expired marks of the first two days.
    await mark('another')
    await mark('aged')
    days(0.2)
    await mark('aged')
    // The mark of day 35 makes it stale for 10 days; later marks do not extend that.
    await own.request('get', at('aging')).expect(404)
    await own.close()
  })
})

it('the epoch and the run outlive every mark', async () => {
  const [epoch, run] = await harness.redis.zmscore(clock(), 'epoch', 'run')
  harness.advance(2 * LONGEST_DAYS * DAY_MS)
  await invalidate({ tags: ['much-later'] })
  expect(await harness.redis.zmscore(clock(), 'epoch', 'run')).toEqual([epoch, run])
  expect(Number(epoch)).toBeGreaterThan(0)
})

it('a clock finds its server also where the caller does not know it', async () => {
  const before = await harness.redis.zmscore(clock(), 'epoch', 'run')
  const connection = { ...harness.connections.cache, runId: () => '' }
  const observer = { batch() {}, failure() {} }
  const binder = createBinder({ connection, observer, clockOffsetUs: () => 0 })
  await binder.bind(markScript)(
    { clock: clock(), absent: `${clock()}-absent` },
    { on_restart: 'flush 1', space: 'users', hard: 0, max_marks: 10_000, tight: 0, tags: ['t'] },
  )
  expect(await harness.redis.zmscore(clock(), 'epoch', 'run')).toEqual(before)
})

describe('marks beyond the bound of a partition', () => {
  /** Sets marks in a partition that holds 20 at most. */
  const mark = (space: string, tags: readonly string[], hard: number) =>
    markAt(keysOf(harness, 'k', space).clock, { space, hard, tags, max_marks: 20, tight: 0 })
  const markAt = (
    clock: string,
    args: {
      space: string
      hard: number
      tags: readonly string[]
      max_marks: number
      tight: number
    },
  ) =>
    harness.binder.bind(markScript)(
      { clock, absent: `${clock}-absent` },
      { on_restart: 'keep 7', ...args },
    )
  const put = (space: string, key: string, tag?: string) => {
    const request = harness.request('put', `/v1/cache/${space}/${key}`).query({ staleMs: DAY_MS })
    if (tag) request.set('surrogate-key', tag)
    return request.send('x').expect(201)
  }
  const stateOf = async (space: string, key: string) => {
    const { status, headers } = await harness.request('get', `/v1/cache/${space}/${key}`)
    return status === 200 ? headers['lockstep-state'] : 'miss'
  }
  /** Finds a key in the partition of "k": a Cluster has 64 partitions. */
  const inPartition = (space: string, prefix: string): string => {
    for (let i = 0; ; i++) {
      const key = `${prefix}-${i}`
      if (keysOf(harness, key, space).clock === keysOf(harness, 'k', space).clock) return key
    }
  }
  const fill = async (space: string, prefix: string, hard: number, times = 30) => {
    for (let i = 0; i < times; i++) await mark(space, [`${prefix}${i}`], hard)
  }

  it('are folded, the oldest first', async () => {
    await put('folded', 'k', 't')
    await fill('folded', 'a', 1)
    const { marks, folded } = await mark('folded', ['last'], 1)
    // The floors of folded marks count too.
    expect(marks).toBeLessThanOrEqual(20 + 2)
    expect(folded).toBeGreaterThan(0)
    const { clock } = keysOf(harness, 'k', 'folded')
    expect(await harness.redis.zscore(clock, 'T:folded:last')).not.toBeNull()
    expect(await harness.redis.zscore(clock, 'T:folded:a0')).toBeNull()
  })

  it('count for all older entries with tags: hard ones end them, soft ones make them stale', async () => {
    for (const [hard, state] of [
      [1, 'miss'],
      [0, 'stale'],
    ] as const) {
      const space = `for-all-${hard}`
      const [victim, other, plain, later] = ['victim', 'other', 'plain', 'later'].map((name) =>
        inPartition(space, name),
      ) as [string, string, string, string]
      await put(space, victim, 'gone')
      await put(space, other, 'unrelated')
      await put(space, plain)
      await mark(space, ['gone'], hard)
      expect(await stateOf(space, other)).toBe('fresh')
      await fill(space, 'x', hard)
      await put(space, later, 'unrelated')
      await fill(space, 'x', hard, 5)
      expect(await stateOf(space, victim)).toBe(state)
      expect(await stateOf(space, other)).toBe(state)
      expect(await stateOf(space, plain)).toBe('fresh')
      expect(await stateOf(space, later)).toBe('fresh')
    }
  })

  it('of spaces count for every older value of all spaces', async () => {
    for (const [hard, state] of [
      [1, 'miss'],
      [0, 'stale'],
    ] as const) {
      const key = `k${hard}`
      await harness
        .request('put', `/v1/cache/bystander/${key}`)
        .query({ staleMs: DAY_MS })
        .send('x')
      expect(await stateOf('bystander', key)).toBe('fresh')
      const { clock } = keysOf(harness, key, 'bystander')
      for (let i = 0; i < 60; i++) {
        await markAt(clock, { space: `s${i}`, hard, tags: [], max_marks: 20, tight: 0 })
      }
      expect(await stateOf('bystander', key)).toBe(state)
    }
  })

  it('a floor refuses the fill of a load that began before it', async () => {
    const path = '/v1/cache/late/k'
    const { headers } = await harness.request('get', path).query({ lease: true }).expect(404)
    await fill('late', 'x', 1)
    const { body } = await harness
      .request('put', path)
      .set({ 'lockstep-lease': headers['lockstep-lease'] as string, 'surrogate-key': 'any' })
      .send('old')
      .expect(412)
    expect(body.code).toBe('lease-lost')
  })

  it('do not grow on a tight Redis, which keeps the newest 100 apart', async () => {
    const { clock } = keysOf(harness, 'k', 'tight')
    await put('tight', 'k')
    const tightly = (tag: string) =>
      markAt(clock, { space: 'tight', hard: 1, tags: [tag], max_marks: 10_000, tight: 1 })
    for (let i = 0; i < 150; i++) await tightly(`t${i}`)
    const before = await harness.redis.zcard(clock)
    for (let i = 150; i < 200; i++) await tightly(`t${i}`)
    expect(await harness.redis.zcard(clock)).toBeLessThanOrEqual(before)
    expect(await harness.redis.zscore(clock, 'T:tight:t199')).not.toBeNull()
    expect(await harness.redis.zscore(clock, 'T:tight:t120')).not.toBeNull()
  })
})

it.each([
  ['a tag', { tags: ['t'] }],
  ['a hard tag', { tags: ['t'], mode: 'hard' }],
  ['a space', { all: true }],
  ['a key', { keys: ['k'] }],
  ['a hard key', { keys: ['k'], mode: 'hard' }],
])('%s leaves nothing behind in a namespace that holds nothing', async (_, body) => {
  const namespace = `${harness.namespace}-empty`
  await harness
    .request('post', '/v1/cache/users/invalidate')
    .set('lockstep-namespace', namespace)
    .send(body)
    .expect(204)
  expect(await harness.redis.keys(`ls:{${namespace}:*`)).toEqual([])
})
