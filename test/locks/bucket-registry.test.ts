import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BucketRegistry } from '../../src/locks/buckets/registry.js'
import { BUCKETS_KEY, WALKER_KEY } from '../../src/locks/keys.js'
import { forgetBucketScript } from '../../src/locks/queue/scripts.js'
import type { LockStore } from '../../src/locks/store.js'
import { useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { useRedis } from '../support/managed.js'
import { until } from '../support/until.js'

/** A Redis of its own: all namespaces share the list of buckets. */
const server = useRedis()
const harness = useHarness(() => ({ redisUrl: server.url }))
let redis: Redis
let store: LockStore
let clockMs = 0

beforeAll(async () => {
  redis = harness.redis
  store = newLockStore(harness, () => clockMs)
})
afterAll(async () => {
  store.close()
})

const score = (namespace: string) => redis.zscore(BUCKETS_KEY, `${namespace} l0`)
const registered = (namespace: string) =>
  until(`${namespace} is on the list`, () => score(namespace))
const walk = async () => {
  await redis.del(WALKER_KEY)
  await store.walk()
}
const overdue = (namespace: string) => redis.zadd(BUCKETS_KEY, 1, `${namespace} l0`)

describe('the list of buckets', () => {
  it('registers more buckets at once than a command takes arguments', async () => {
    const registry = new BucketRegistry({
      client: () => redis,
      forget: async () => undefined,
      sweep: async () => 0,
      instance: 'many',
    })
    const many = 130_000
    for (let i = 0; i < many; i++) {
      registry.register({ namespace: `n${i}`, tag: 'l0', dueAt: 0, timer: undefined })
    }
    await until('all are on the list', async () => (await redis.zcard(BUCKETS_KEY)) >= many)
    registry.close()
    await redis.del(BUCKETS_KEY)
  })

  it('lists a bucket from its first deadline on, and none that is only read', async () => {
    await store.inspect('looked', 'a', 1)
    await store.verify('looked', 'a', 1)
    await store.list('looked', 'locks', '', '', 1)
    await store.renew('looked', ['a'], 'x'.repeat(22), 1_000)
    await store.acquire('used', ['a'], { ttlMs: 60_000 })
    await registered('used')
    expect(await score('looked')).toBeNull()
  })

  it('is written at most once a minute for one bucket', async () => {
    await store.acquire('once', ['a'], { ttlMs: 60_000 })
    const first = await registered('once')
    await store.acquire('once', ['b'], { ttlMs: 60_000 })
    await store.acquire('later', ['a'], { ttlMs: 60_000 })
    await registered('later')
    expect(await score('once')).toBe(first)
  })
})

describe('the walk', () => {
  it('forgets buckets in which nothing is due any more, however many', async () => {
    for (let i = 0; i < 250; i++) await overdue(`empty${i}`)
    await walk()
    expect(await redis.zcount(BUCKETS_KEY, 1, 1)).toBe(0)
    expect(await score('empty7')).toBeNull()
  })

  it('comes again when the next lease there is due', async () => {
    await store.acquire('long', ['a'], { ttlMs: 3_600_000 })
    await registered('long')
    await overdue('long')
    await walk()
    const inMs = Number(await score('long')) - Date.now()
    expect(inMs).toBeGreaterThan(3_500_000)
    expect(inMs).toBeLessThanOrEqual(3_600_000)
  })

  it('leaves out buckets that are swept in time', async () => {
    await redis.zadd(BUCKETS_KEY, Date.now() + 30_000, 'soon l0')
    await walk()
    expect(await score('soon')).not.toBeNull()
  })

  it('is done by one instance per minute', async () => {
    await walk()
    await overdue('second')
    await store.walk()
    expect(await score('second')).toBe('1')
  })

  it('comes again for a bucket that cannot be read now', async () => {
    const key = 'ls:{broken:l0}:timers'
    await redis.set(key, 'in the way')
    await overdue('broken')
    await walk()
    expect(Number(await score('broken'))).toBeGreaterThan(Date.now())
    await redis.del(key)
  })

  it('leaves a bucket on the list that was registered during its visit', async () => {
    await redis.zadd(BUCKETS_KEY, 2, 'raced l0')
    const forget = harness.binder.bind(forgetBucketScript)
    const keys = { buckets: BUCKETS_KEY }
    expect(await forget(keys, { member: 'raced l0', score: 1 })).toBe(false)
    expect(await score('raced')).toBe('2')
    expect(await forget(keys, { member: 'raced l0', score: 2 })).toBe(true)
    expect(await score('raced')).toBeNull()
  })
})

describe('a sweep', () => {
  it('goes on until everything due has ended, and the bucket is forgotten', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `sweep-${i}`)
    await Promise.all(names.map((name) => store.acquire('sweep', [name], { ttlMs: 1_000 })))
    await registered('sweep')
    clockMs += 1_001
    await until('all are ended', async () => (await redis.exists('ls:{sweep:l0}:timers')) === 0)
    await overdue('sweep')
    await walk()
    expect(await score('sweep')).toBeNull()
  })
})
