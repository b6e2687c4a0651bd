import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { newLockStore } from '../support/lock-store.js'

/** More leases than one call ends, in a bucket that no instance sweeps. */
const MANY = 150

const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const shared = { mode: 'shared' }
/** Acquires leases of readers that end at the same time. */
const readers = (name: string, count: number, options: object = {}) =>
  Promise.all(
    Array.from({ length: count }, () =>
      scripts.acquire(name, { ...shared, ttlMs: 60_000, ...options }),
    ),
  )
const fenceOf = (lease: unknown) => (lease as { fences: [number] }).fences[0]
/** The last token in the order of deadlines. */
const lastOf = async (name: string) =>
  (await harness.redis.zrange(scripts.key('holders', name), '-1', '-1'))[0] as string

describe('an expired lease behind more of them than one call ends', () => {
  it('is not renewed', async () => {
    await readers('renew', MANY)
    harness.advance(60_001)
    const token = await lastOf('renew')
    expect(await scripts.renew('renew', token, 30_000)).toMatchObject({
      kind: 'ended',
      how: 'expired',
    })
  })

  it('is not released', async () => {
    await readers('release', MANY)
    harness.advance(60_001)
    const token = await lastOf('release')
    expect(await scripts.release('release', token)).toMatchObject({
      kind: 'ended',
      how: 'expired',
    })
  })

  it('is not claimed, and its waiter is restored', async () => {
    const { token: writer } = await scripts.acquire('claim')
    await readers('claim', MANY, { waitMs: 60_000 })
    await scripts.load('claim')
    await Promise.all([
      scripts.release('claim', writer),
      scripts.sweep('claim'),
      scripts.sweep('claim'),
    ])
    harness.advance(2_001)
    const token = await lastOf('claim')
    expect(await scripts.claim('claim', token)).toMatchObject({ kind: 'nothing' })
  })

  it('is not joined by its owner, who waits', async () => {
    const owned = { owner: 'o', caller: '', reentrant: true }
    await readers('join', 2 * MANY)
    const writer = await scripts.acquire('join', { waitMs: 600_000 })
    await scripts.acquire('join', { ...shared, ...owned, waitMs: 600_000 })
    const [first] = await readers('join', 1, { ...owned, priority: 1, ttlMs: 90_000 })
    harness.advance(90_001)

    await scripts.load('join')
    const [, { holders }] = await Promise.all([
      scripts.leave('join', writer.token, 'cancel'),
      scripts.inspect('join'),
    ])

    expect(holders).toHaveLength(1)
    expect(holders[0]?.fence).toBeGreaterThan(fenceOf(first))
  })

  it('is not current, and not shown', async () => {
    const [first] = await readers('shown', MANY)
    harness.advance(60_001)
    expect(await scripts.verify('shown', fenceOf(first))).toEqual({ current: false, fence: 0 })
    expect(await scripts.inspect('shown')).toMatchObject({
      state: 'free',
      holderCount: 0,
      holders: [],
      lastEnd: { how: 'expired' },
    })
  })

  it('hides no live lease', async () => {
    await readers('lasts', MANY)
    const [live] = await readers('lasts', 1, { ttlMs: 600_000 })
    harness.advance(60_001)
    const seen = await scripts.inspect('lasts')
    expect(seen).toMatchObject({
      state: 'held',
      holderCount: 1,
      holders: [{ fence: fenceOf(live) }],
    })
    expect(seen.leftMs).toBeLessThanOrEqual(540_000)
  })

  it('blocks nobody: an acquire is answered `again` until all are ended', async () => {
    await readers('again', MANY)
    harness.advance(60_001)
    const seen = []
    for (let i = 0; i < 3; i++) seen.push((await scripts.acquire('again')).kind)
    expect(seen).toEqual(['again', 'again', 'granted'])
  })

  it('refuses no request to the service', async () => {
    let clockMs = 0
    const store = newLockStore(harness, () => clockMs)
    const ask = (mode: 'shared' | 'exclusive') =>
      store.acquire(harness.namespace, ['service'], { ttlMs: 60_000, mode })
    await Promise.all(Array.from({ length: MANY }, () => ask('shared')))
    clockMs += 60_001
    expect(await ask('exclusive')).toMatchObject({ kind: 'granted' })
    store.close()
  })

  it('is harmless when its client disconnects', async () => {
    await readers('leave', MANY)
    harness.advance(60_001)
    const token = await lastOf('leave')
    expect(await scripts.leave('leave', token, 'cancel')).toMatchObject({ kind: 'nothing' })
  })
})

describe('an expired lease that no call has ended yet', () => {
  it('does not keep its name from becoming a semaphore', async () => {
    await scripts.acquire('resized', { ttlMs: 1_000 })
    harness.advance(1_001)
    expect(await scripts.resize('resized', 5)).toMatchObject({
      kind: 'created',
      semaphore: { state: 'free', capacity: 5 },
    })
  })

  it('lets in all waiters, each with a fence of its own', async () => {
    await scripts.acquire('fences', { ttlMs: 1_000 })
    for (let i = 0; i < 2; i++) await scripts.acquire('fences', { ...shared, waitMs: 60_000 })
    harness.advance(1_001)
    await scripts.acquire('fences', shared)
    const { holders } = await scripts.inspect('fences')
    expect(new Set(holders.map(({ fence }) => fence)).size).toBe(3)
  })

  it('is not asked to give way', async () => {
    const lease = await scripts.acquire('asked', { ttlMs: 1_000 })
    harness.advance(1_001)
    expect(await scripts.revoke('asked', -1, fenceOf(lease))).toMatchObject({ asked: 0 })
  })
})

describe('the end of a lease', () => {
  it('is remembered behind many others, of which the oldest are forgotten', async () => {
    const ended = async () => {
      const { token } = await scripts.acquire('ends')
      await scripts.release('ends', token)
      return token
    }
    const others = (label: string) =>
      harness.redis.hset(
        scripts.key('ended', 'ends'),
        Object.fromEntries(Array.from({ length: 4_999 }, (_, i) => [`${label}-${i}`, ''])),
      )
    const repeat = async (token: string) => (await scripts.release('ends', token)).kind
    const first = await ended()
    await others('before')
    const second = await ended()
    await others('after')
    expect([await repeat(first), await repeat(second)]).toEqual(['ended', 'ended'])
    expect(await scripts.inspect('ends')).toMatchObject({ lastEnd: { how: 'released' } })

    const third = await ended()

    expect([await repeat(first), await repeat(third)]).toEqual(['not-owner', 'ended'])
    await ended()
    for (const part of ['ended', 'ended-before']) {
      expect(await harness.redis.pttl(scripts.key(part, 'ends'))).toBeGreaterThan(0)
    }
  })
})

describe('a lock whose last lease is over', () => {
  it('keeps its lock delay in a record that ends as well', async () => {
    const { token } = await scripts.acquire('delay', { ttlMs: 1_000, lock_delay_ms: 60_000 })
    harness.advance(1_001)
    await scripts.sweep('delay')

    const record = scripts.key('lock', 'delay')
    expect(await scripts.inspect('delay')).toMatchObject({ state: 'delayed', capacity: 0 })
    expect(await harness.redis.pttl(record)).toBeGreaterThan(60_000)
    expect(await harness.redis.hexists(record, `>${token}`)).toBe(0)
    harness.advance(60_000)
    await scripts.sweep('delay')
    expect(await harness.redis.exists(record)).toBe(0)
  })
})

describe('a session that is ended, after the first slice of its leases', () => {
  const carry = async (prefix: string) => {
    const id = await scripts.openSession(`${prefix}@1`, 3_600_000)
    const names = ['1', '2', '3', '4'].map((n) => `${prefix}@${n}`)
    const leases = []
    for (const name of names) {
      leases.push({ name, ...(await scripts.acquire(name, { session: id, ttlMs: 0 })) })
    }
    expect(await scripts.endSession(names[0] as string, id, 1)).toMatchObject({ left: 3 })
    return { id, names, leases }
  }

  it('holds nothing', async () => {
    const { leases } = await carry('half')
    for (const lease of leases) {
      const { name, token } = lease
      expect(await scripts.verify(name, fenceOf(lease))).toMatchObject({ current: false })
      expect(await scripts.inspect(name)).toMatchObject({ state: 'free', holders: [] })
      expect(await scripts.renew(name, token, 30_000)).toMatchObject({
        kind: 'ended',
        how: 'released',
      })
      expect(await scripts.acquire(name)).toMatchObject({ kind: 'granted' })
    }
  })

  it('blocks no writer on locks that it shared', async () => {
    const id = await scripts.openSession('beside', 3_600_000)
    for (let i = 0; i < 3; i++) {
      await scripts.acquire('beside', { ...shared, session: id, ttlMs: 0 })
    }
    await scripts.endSession('beside', id, 1)
    expect(await scripts.acquire('beside')).toMatchObject({ kind: 'granted' })
  })

  it('is ended by the sweep of any instance', async () => {
    const { names } = await carry('sweep')
    const waiting = await scripts.acquire(names[3] as string, { waitMs: 60_000 })
    expect(waiting.kind).toBe('granted')
    await scripts.sweep(names[0] as string)
    const locks = names.slice(0, 3).map((name) => scripts.key('lock', name))
    expect(await harness.redis.exists(...locks)).toBe(0)
  })

  it('reports that the rest is due now, for an instance that gets no other reply', async () => {
    const id = await scripts.openSession('next', 3_600_000)
    for (const name of ['next@1', 'next@2']) await scripts.acquire(name, { session: id, ttlMs: 0 })
    expect(await scripts.endSession('next', id, 1)).toMatchObject({ left: 1, nextMs: 1 })
  })

  it('keeps a minimal hold that was promised', async () => {
    const id = await scripts.openSession('minimal@1', 3_600_000)
    const terms = { session: id, ttlMs: 0, min_hold_ms: 60_000, lock_delay_ms: 60_000 }
    for (const name of ['minimal@1', 'minimal@2']) await scripts.acquire(name, terms)
    await scripts.endSession('minimal@1', id, 1)
    for (const name of ['minimal@1', 'minimal@2']) {
      expect(await scripts.inspect(name)).toMatchObject({ state: 'held', holders: [] })
      expect(await scripts.acquire(name)).toMatchObject({ kind: 'held' })
    }
    harness.advance(60_001)
    for (const name of ['minimal@1', 'minimal@2']) {
      expect(await scripts.acquire(name)).toMatchObject({ kind: 'granted' })
    }
  })

  it('stays over when the clock steps back', async () => {
    const { leases } = await carry('back')
    harness.advance(-3_600_000)
    const [, { name, token }] = leases as [unknown, (typeof leases)[0]]
    expect(await scripts.renew(name, token, 30_000)).toMatchObject({ kind: 'ended' })
    expect(await scripts.acquire(name)).toMatchObject({ kind: 'granted' })
    harness.advance(3_600_000)
  })
})

describe('a lock that only a queue keeps busy', () => {
  it('says when to retry: at the deadline of the other lock that its head waits for', async () => {
    await scripts.acquire('busy@a', { ttlMs: 20_000 })
    await scripts.acquire(['busy@a', 'busy@b'], { waitMs: 60_000 })
    const refused = (await scripts.acquire('busy@b')) as unknown as { lock: { leftMs: number } }
    expect(refused).toMatchObject({ kind: 'held', lock: { holders: [] } })
    expect(refused.lock.leftMs).toBeGreaterThan(10_000)
    expect(refused.lock.leftMs).toBeLessThanOrEqual(20_000)
  })

  it('does not become a semaphore meanwhile', async () => {
    await scripts.acquire('kind@a')
    await scripts.acquire(['kind@a', 'kind@b'], { waitMs: 60_000 })
    expect(await scripts.acquire('kind@b', { permits: 1, capacity: 2 })).toMatchObject({
      kind: 'mode-mismatch',
    })
  })
})
