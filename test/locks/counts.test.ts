import { beforeAll, describe, expect, it } from 'vitest'
import { BucketCounts, type Counts } from '../../src/locks/buckets/counts.js'
import { BUCKETS_KEY } from '../../src/locks/keys.js'
import { createCountMetrics } from '../../src/locks/metrics.js'
import { countScript } from '../../src/locks/queue/scripts.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { useRedis } from '../support/managed.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

describe('the numbers of a bucket', () => {
  const harness = useHarness()
  let scripts: ReturnType<typeof lockScripts>
  beforeAll(() => {
    scripts = lockScripts(harness)
  })
  // Of one bucket, also on a Cluster.
  const wait = (name: string, options: object = {}) =>
    scripts.acquire(name, { waitMs: 60_000, ...options })

  it('are those of locks and semaphores that are held, or have a stored capacity', async () => {
    await scripts.acquire('listed@a')
    await scripts.acquire('listed@b', { kind: 'semaphore', capacity: 2, permits: 1 })
    await scripts.resize('listed@c', 3)
    expect(await scripts.count('listed@a')).toMatchObject({ locks: 1, semaphores: 2, queued: 0 })
  })

  it('are those of the queues, however a waiter leaves', async () => {
    const { token } = await scripts.acquire('queues@a')
    const first = await wait('queues@a')
    const second = await wait('queues@a')
    await scripts.acquire('queues@b')
    await wait('queues@b')
    const counted = () => scripts.count('queues@a')
    const before = (await counted()).queued
    await scripts.leave('queues@a', second.token, 'timeout')
    expect(await counted()).toMatchObject({ queued: before })
    await scripts.handOver('queues@a', token, 'queues@a', first.token)
    expect(await counted()).toMatchObject({ queued: before - 1 })
  })

  it('count a queue until the last of its places is over', async () => {
    await scripts.acquire('places', { ttlMs: 600_000 })
    await wait('places', { waitMs: 200_000 })
    await wait('places', { waitMs: 30_000 })
    harness.advance(100_000)
    expect(await scripts.count('places')).toMatchObject({ queued: 1 })
    harness.advance(100_000)
    expect(await scripts.count('places')).toMatchObject({ queued: 0 })
    expect(await harness.redis.pttl(scripts.key('queued', 'places', ''))).toBeGreaterThan(0)
  })

  it('are how late the sweep is', async () => {
    await scripts.acquire('late', { ttlMs: 1_000_000 })
    harness.advance(1_003_000)
    expect((await scripts.count('late')).lateMs).toBeGreaterThanOrEqual(3_000)
    await until('nothing is due', async () => (await scripts.sweep('late')).nextMs !== 1)
    expect(await scripts.count('late')).toMatchObject({ lateMs: 0 })
  })

  it('have 0 for what is not there', async () => {
    const of = (part: string) => `ls:{${harness.namespace}-empty:l0}:${part}`
    const keys = {
      timers: of('timers'),
      locks: of('locks'),
      semaphores: of('semaphores'),
      queued: of('queued'),
    }
    const none = { locks: 0, semaphores: 0, queued: 0, lateMs: 0 }
    expect(await harness.binder.bind(countScript)(keys, {})).toEqual(none)
  })
})

describe('the gauges of locks', () => {
  const server = useRedis()
  const harness = useHarness(() => ({ redisUrl: server.url }))
  const { acquire, held, post, release, waits, queued } = lockDriver(harness)
  const shown = (...lines: string[]) => {
    // Values may be 5 s old.
    harness.advance(5_000)
    return until(lines.join(', '), async () => {
      const { text } = await harness.request('get', '/metrics')
      return lines.every((line) => text.includes(`lockstep_locks_${line}\n`))
    })
  }

  it('have the locks and semaphores of every namespace', async () => {
    const ttlMs = 86_400_000
    const { token } = await held('a', { ttlMs })
    await held('b', { ttlMs })
    await acquire('c', { ttlMs }).set('lockstep-namespace', 'another').expect(200)
    await post('semaphores/s/acquire', { capacity: 2, ttlMs }).expect(200)
    const waiting = waits('a', { ttlMs, waitMs: 240_000 })
    await queued('a', 1)
    await until('both are listed', async () => (await harness.redis.zcard(BUCKETS_KEY)) === 2)

    await shown('held 3', 'semaphores 1', 'queued 1', 'sweep_lag_seconds 0')
    await release('a', token).expect(200)
    expect((await waiting).status).toBe(200)
    await shown('held 3', 'queued 0')
  })
})

describe('counts of all buckets', () => {
  const one: Counts = { locks: 1, semaphores: 2, queued: 3, lateMs: 4 }
  const two: Counts = { locks: 10, semaphores: 20, queued: 30, lateMs: 2 }
  const buckets = ['one', 'two'].map((namespace) => ({ namespace, tag: 'l0' }))

  it('are sums, and the longest lag, of a bounded number of buckets', async () => {
    let asked = 0
    const counts = new BucketCounts({
      list: async (max) => {
        asked = max
        return buckets
      },
      count: async (namespace) => (namespace === 'one' ? one : two),
    })
    expect(await counts.read()).toEqual({ locks: 11, semaphores: 22, queued: 33, lateMs: 4 })
    expect(asked).toBe(1_024)
  })

  it('are read again after five seconds', async () => {
    let clockMs = 0
    let reads = 0
    const counts = new BucketCounts({
      list: async () => {
        reads++
        return buckets
      },
      count: async () => one,
      clockOffsetUs: () => clockMs * 1_000,
    })
    await counts.read()
    await counts.read()
    expect(reads).toBe(1)
    clockMs = 5_000
    await counts.read()
    expect(reads).toBe(2)
  })

  it('are not shown while Redis does not answer', async () => {
    const counts = new BucketCounts({
      list: async () => buckets,
      count: async () => Promise.reject(new Error('away')),
    })
    const metrics = createMetrics('test')
    let known: Counts | undefined = one
    createCountMetrics(metrics, async () => known)
    expect(await metrics.registry.metrics()).toContain('\nlockstep_locks_sweep_lag_seconds 0.004\n')
    known = await counts.read()
    expect(known).toBeUndefined()
    expect(await metrics.registry.metrics()).not.toMatch(/^lockstep_locks_sweep_lag_seconds /m)
  })
})
