import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Granted } from '../../src/locks/leases/outcomes.js'
import { acquireScript, releaseScript } from '../../src/locks/leases/scripts.js'
import { sweepScript } from '../../src/locks/queue/scripts.js'
import type { LockStore } from '../../src/locks/store.js'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'

const harness = useHarness()
let here: LockStore
let away: LockStore
let clockMs = 0

beforeAll(async () => {
  here = newLockStore(harness, () => clockMs)
  away = newLockStore(harness, () => clockMs)
})
afterAll(async () => {
  here.close()
  away.close()
})

const MANY = 150
const readers = (name: string, options: object, at = here) =>
  Array.from({ length: MANY }, () =>
    at.acquire(harness.namespace, [name], { ttlMs: 60_000, mode: 'shared', ...options }),
  )
const look = (name: string) => here.inspect(harness.namespace, name, 1)
const bucketKey = (part: string, name: string, ns = harness.namespace) =>
  `ls:{${ns}:${harness.lockTag(name)}}:${part}`

describe('a call that finds more to do than its 64 steps', () => {
  it('leaves the other grants to the sweep, at once, here and at other instances', async () => {
    const name = 'many'
    const writer = (await here.acquire(harness.namespace, [name], { ttlMs: 60_000 })) as Granted
    const waiting = [
      ...readers(name, { waitMs: 60_000 }),
      ...readers(name, { waitMs: 60_000 }, away),
    ]
    await until('all wait', async () => (await look(name)).queueLength === 2 * MANY)

    await here.release(harness.namespace, [name], writer.token)

    const granted = await Promise.all(waiting)
    expect(new Set(granted.map(({ kind }) => kind))).toEqual(new Set(['granted']))
    expect(await look(name)).toMatchObject({ holderCount: 2 * MANY, queueLength: 0 })
  })

  it('leaves the other ends to the sweep, at once', async () => {
    const name = 'ebb'
    await Promise.all(readers(name, { ttlMs: 60_000 }))
    const lock = `${bucketKey('lock', name)}:${name}`
    expect(await harness.redis.exists(lock)).toBe(1)

    clockMs += 60_001

    // No other request comes, so the sweep finds what is due.
    await until('nothing is left', async () => (await harness.redis.exists(lock)) === 0)
    expect(await harness.redis.zscore(bucketKey('timers', name), name)).toBeNull()
  })
})

describe('one call', () => {
  // No instance sweeps this bucket: only these calls change it.
  const ns = () => `${harness.namespace}-steps`
  const lockKey = (name: string) => `${bucketKey('lock', name, ns())}:${name}`
  const common = { floor: 0, ended_ttl_ms: 60_000 }
  const options = JSON.stringify({ mode: 'shared', instance: 'elsewhere', ttl_ms: 60_000 })
  const counts = (name: string) => harness.redis.hmget(lockKey(name), 'count', 'queued')

  const ask = (name: string, ttl_ms: number, text: string) => {
    const token = randomToken()
    const args = { ...common, token, ttl_ms, wait_ms: 60_000, options: text }
    return harness.binder
      .bind(acquireScript)({ lock: [lockKey(name)] }, args)
      .then(() => token)
  }

  it('grants to 64 waiters, and no more', async () => {
    const writer = await ask('grants', 60_000, '')
    for (let i = 0; i < 70; i++) await ask('grants', 60_000, options)

    const args = { ...common, token: writer, instance: '' }
    await harness.binder.bind(releaseScript)({ lock: [lockKey('grants')] }, args)

    expect(await counts('grants')).toEqual(['64', '6'])
  })

  it('ends 64 leases, and no more', async () => {
    for (let i = 0; i < 70; i++) await ask('ends', 60_000, options)
    harness.advance(60_001)
    const look = () =>
      harness.binder.bind(sweepScript)(
        { timers: bucketKey('timers', 'ends', ns()) },
        { ...common, max_locks: 32 },
      )

    expect(await look()).toMatchObject({ nextMs: 1, expired: 64 })
    expect(await counts('ends')).toEqual(['6', '0'])
    expect(await look()).toMatchObject({ expired: 6 })
    expect(await counts('ends')).toEqual([null, null])
  })
})

describe('the highest possible fence', () => {
  it('is never granted, because a smaller one would have to follow it', async () => {
    const ns = `${harness.namespace}-end`
    const last = bucketKey('fence', 'x', ns)
    await harness.redis.set(last, '9007199254740892')

    await expect(here.acquire(ns, ['x'], { ttlMs: 60_000 })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('fences are exhausted') },
    })

    expect((await here.inspect(ns, 'x', 1)).state).toBe('free')
    expect(await harness.redis.get(last)).toBe('9007199254740892')
  })
})

describe('a queue that lost the record of a waiter', () => {
  it('goes on with the next one', async () => {
    const name = 'orphan'
    const first = (await here.acquire(harness.namespace, [name], { ttlMs: 60_000 })) as Granted
    const queue = `${bucketKey('queue', name)}:${name}`
    const waiting = away.acquire(harness.namespace, [name], { ttlMs: 60_000, waitMs: 60_000 })
    await until('one waits', async () => (await look(name)).queueLength === 1)
    await harness.redis.zadd(queue, 1, 'nobody')
    await harness.redis.hset(`${bucketKey('lock', name)}:${name}`, 'queued', 2)

    await here.release(harness.namespace, [name], first.token)

    expect(await waiting).toMatchObject({ kind: 'granted' })
    expect(await harness.redis.exists(queue)).toBe(0)
  })

  it('or the whole queue is free again, and restores its waiters', async () => {
    const name = 'lost'
    const first = (await here.acquire(harness.namespace, [name], { ttlMs: 60_000 })) as Granted
    const waiting = away.acquire(harness.namespace, [name], { ttlMs: 60_000, waitMs: 60_000 })
    await until('one waits', async () => (await look(name)).queueLength === 1)
    await harness.redis.del(
      `${bucketKey('queue', name)}:${name}`,
      `${bucketKey('waiters', name)}:${name}`,
    )

    await here.release(harness.namespace, [name], first.token)

    expect(await waiting).toMatchObject({ kind: 'granted' })
  })
})
