import { beforeAll, describe, expect, it } from 'vitest'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { until } from '../support/until.js'

const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

describe('a name that was released during its minimal hold', () => {
  it('is freed by a revocation, which takes nothing from the holder that released it', async () => {
    const terms = { ttlMs: 60_000, min_hold_ms: 30_000, lock_delay_ms: 60_000 }
    const { token } = await scripts.acquire('given', terms)
    await scripts.release('given', token)
    expect(await scripts.inspect('given')).toMatchObject({ state: 'held' })

    expect(await scripts.revoke('given', 0)).toMatchObject({ revoked: 0 })

    expect(await scripts.inspect('given')).toMatchObject({ state: 'free' })
    expect(await scripts.release('given', token)).toMatchObject({ how: 'released' })
  })
})

describe('a lease whose holder was asked to give way', () => {
  const owner = { owner: 'o', caller: '', reentrant: true }

  it('does not outlive its grace by re-entry', async () => {
    await scripts.acquire('grace', owner)
    await scripts.revoke('grace', 20_000)
    const { token } = await scripts.acquire('grace', owner)
    expect(await scripts.renew('grace', token, 60_000)).toMatchObject({
      revoke: { reason: 'test' },
    })
    harness.advance(20_001)
    expect(await scripts.inspect('grace')).toMatchObject({ state: 'free' })
  })

  it('does not outlive it either where only that lease is revoked', async () => {
    const lease = (await scripts.acquire('fence', owner)) as unknown as { fences: [number] }
    await scripts.revoke('fence', 20_000, lease.fences[0])
    const { token } = await scripts.acquire('fence', owner)
    expect(await scripts.renew('fence', token, 60_000)).toMatchObject({
      revoke: { reason: 'test' },
    })
    harness.advance(20_001)
    expect(await scripts.inspect('fence')).toMatchObject({ state: 'free' })
  })
  it('leaves nothing of the revocation to the next holder, however often that happens', async () => {
    const { token } = await scripts.acquire('next', { ttlMs: 60_000 })
    await scripts.acquire('next', { waitMs: 60_000 })
    await scripts.revoke('next', 30_000)
    const orders = () => harness.redis.hexists(scripts.key('lock', 'next'), 'revocations')
    expect(await orders()).toBe(1)
    await scripts.release('next', token, 'here')
    expect(await scripts.inspect('next')).toMatchObject({ state: 'held', queueLength: 0 })
    expect(await orders()).toBe(0)
  })
})

describe('a lease of a session that is released during its minimal hold', () => {
  it('no longer belongs to the session', async () => {
    const session = await scripts.openSession('carried', 60_000)
    const terms = { session, ttlMs: 60_000, min_hold_ms: 50_000 }
    const { token } = await scripts.acquire('carried', terms)
    expect(await scripts.keepSession('carried', session)).toMatchObject({ leaseCount: 1 })
    await scripts.release('carried', token)
    expect(await scripts.keepSession('carried', session)).toMatchObject({ leaseCount: 0 })
    expect(await scripts.inspect('carried')).toMatchObject({ state: 'held' })
  })
})

describe('a session that is ended', () => {
  it('does not turn an expired lease into a released one', async () => {
    const session = await scripts.openSession('over', 60_000)
    const { token } = await scripts.acquire('over', {
      session,
      ttlMs: 1_000,
      lock_delay_ms: 60_000,
    })
    harness.advance(1_001)
    await scripts.endSession('over', session)
    expect(await scripts.release('over', token)).toMatchObject({ how: 'expired' })
    expect(await scripts.inspect('over')).toMatchObject({ state: 'delayed' })
  })

  it('removes its waiters from the queue, also those behind the head, and wakes them', async () => {
    const session = await scripts.openSession('waits', 60_000)
    await scripts.acquire('waits')
    const terms = { waitMs: 60_000, instance: randomToken() }
    await scripts.acquire('waits', terms)
    const { token } = await scripts.acquire('waits', { ...terms, session })
    const woken: string[] = []
    const hear = (message: string) => void woken.push(message)
    const channel = `ls:grants:${terms.instance}`
    const { pubSub } = harness.connections
    await pubSub.subscribe(channel, hear)

    await scripts.endSession('waits', session)

    expect(await scripts.inspect('waits')).toMatchObject({ queueLength: 1 })
    await until('the waiter is woken', () => woken.includes(token))
    pubSub.unsubscribe(channel, hear)
  })

  it('has nothing left to end where Redis has lost a lock', async () => {
    const session = await scripts.openSession('gone', 60_000)
    await scripts.acquire('gone', { session })
    await harness.redis.del(scripts.key('lock', 'gone'))
    expect(await scripts.endSession('gone', session)).toMatchObject({ left: 0 })
  })

  it('stays ended when the clock steps back', async () => {
    const session = await scripts.openSession('back', 60_000)
    await scripts.endSession('back', session)
    harness.advance(-5_000)
    expect(await scripts.keepSession('back', session)).toBeUndefined()
    expect(await scripts.acquire('back', { session })).toMatchObject({ kind: 'session-ended' })
    harness.advance(5_000)
  })
})

describe('a session that expires', () => {
  it('removes its place at the head of a queue without another request', async () => {
    const session = await scripts.openSession('head', 30_000)
    await scripts.acquire('head', { mode: 'shared', ttlMs: 600_000 })
    await scripts.acquire('head', { session, ttlMs: 0, waitMs: 60_000 })
    const { token } = await scripts.acquire('head', { mode: 'shared', waitMs: 60_000 })
    harness.advance(30_001)
    await scripts.load('head')

    const [, claimed] = await Promise.all([scripts.sweep('head'), scripts.claim('head', token)])

    expect(claimed).toMatchObject({ kind: 'granted' })
    expect(await scripts.inspect('head')).toMatchObject({ holderCount: 2, queueLength: 0 })
  })
})

describe('the list of what a session carries', () => {
  it('expires by itself when no call ends it', async () => {
    const session = await scripts.openSession('list', 60_000)
    await scripts.acquire('list', { session })
    const leftMs = await harness.redis.pttl(scripts.key('session-leases', 'list', session))
    expect(leftMs).toBeGreaterThan(60_000)
  })
})

describe('the list of what is held or queued', () => {
  const listed = (name: string) => harness.redis.zscore(scripts.key('locks', name, ''), name)

  it('has a lock that was queued for during its lock delay', async () => {
    await scripts.acquire('delay', { ttlMs: 1_000, lock_delay_ms: 5_000 })
    harness.advance(1_001)
    await scripts.sweep('delay')
    expect(await listed('delay')).toBeNull()
    await scripts.acquire('delay', { waitMs: 60_000 })
    expect(await listed('delay')).not.toBeNull()
    harness.advance(5_001)
    await scripts.sweep('delay')
    expect(await scripts.inspect('delay')).toMatchObject({ state: 'held', queueLength: 0 })
    expect(await listed('delay')).not.toBeNull()
  })

  it('forgets a lock that no call ended in time', async () => {
    await scripts.acquire('lost', { ttlMs: 1_000 })
    harness.advance(1_001)
    await harness.redis.del(scripts.key('lock', 'lost'))
    await scripts.sweep('lost')
    expect(await listed('lost')).toBeNull()
  })
})

describe('a lease of a session', () => {
  it('is kept for as long as the session may live without another call', async () => {
    const session = await scripts.openSession('keep', 60_000)
    await scripts.acquire('keep', { session, ttlMs: 0 })
    expect(await harness.redis.pttl(scripts.key('lock', 'keep'))).toBeGreaterThan(86_400_000)
  })
})

describe('a lock of two readers', () => {
  it('is kept for as long as the longer of their leases', async () => {
    await scripts.acquire('readers', { mode: 'shared', ttlMs: 1_000 })
    await scripts.acquire('readers', { mode: 'shared', ttlMs: 3_600_000 })
    expect(await harness.redis.pttl(scripts.key('lock', 'readers'))).toBeGreaterThan(3_600_000)
  })
})

describe('a lock with a lock delay after its only lease', () => {
  const terms = { ttlMs: 1_000, lock_delay_ms: 60_000 }

  it('has no holder, and says when it is free', async () => {
    await scripts.acquire('after', terms)
    harness.advance(1_001)
    const unswept = await scripts.inspect('after')
    await scripts.sweep('after')
    for (const seen of [unswept, await scripts.inspect('after')]) {
      expect(seen).toMatchObject({ state: 'delayed', holderCount: 0 })
      expect(seen.leftMs).toBeLessThanOrEqual(60_000)
    }
  })

  it('counts its delay from the deadline of the lease, where Redis has lost the session', async () => {
    const session = await scripts.openSession('moment', 60_000)
    await scripts.acquire('moment', { ...terms, session, ttlMs: 0 })
    await harness.redis.del(scripts.key('session', 'moment', session))
    harness.advance(60_001)
    expect(await scripts.acquire('moment')).toMatchObject({ kind: 'delayed' })
  })
})

describe('a waiter whose time ends at the head of the queue', () => {
  it('makes room in time although the lock is watched', async () => {
    const size = { permits: 1, capacity: 2, instance: 'watched' }
    await scripts.acquire('watched', { ...size, ttlMs: 600_000 })
    await scripts.acquire('watched', { ...size, permits: 2, waitMs: 10_000 })
    await scripts.acquire('watched', { ...size, waitMs: 60_000 })
    await scripts.watch('watched', 60_000)

    harness.advance(10_001)
    await scripts.load('watched')
    const [, seen] = await Promise.all([scripts.sweep('watched'), scripts.inspect('watched')])

    expect(seen).toMatchObject({ holderCount: 2, queueLength: 0 })
  })
})

describe('an unclaimed grant whose session ends', () => {
  it('is not given to a repeat of its request', async () => {
    const keyed = { digest: 'late', fingerprint: 'f', record_ttl_ms: 600_000, instance: 'well' }
    const session = await scripts.openSession('late', 9_000)
    const first = await scripts.acquire('late')
    const place = { ...keyed, session, ttlMs: 0, waitMs: 60_000 }
    const { token } = await scripts.acquire('late', place)
    await scripts.load('late')
    await Promise.all([
      scripts.release('late', first.token),
      scripts.leave('late', token, 'detach'),
    ])
    expect(await scripts.inspect('late')).toMatchObject({ state: 'held' })

    harness.advance(9_001)

    expect(await scripts.acquire('late', place)).toMatchObject({ kind: 'session-ended' })
    expect(await scripts.inspect('late')).toMatchObject({ state: 'free' })
  })

  it('frees its name at once when the session is ended on purpose', async () => {
    const session = await scripts.openSession('purpose', 60_000)
    const first = await scripts.acquire('purpose')
    await scripts.acquire('purpose', { session, waitMs: 60_000 })
    await scripts.release('purpose', first.token)
    await scripts.endSession('purpose', session)
    expect(await scripts.acquire('purpose')).toMatchObject({ kind: 'granted' })
  })

  it('does not make the instance of its waiter suspect', async () => {
    const session = await scripts.openSession('unseen', 1_000)
    const first = await scripts.acquire('unseen')
    await scripts.acquire('unseen', { session, waitMs: 60_000, instance: 'well' })
    await scripts.release('unseen', first.token)
    harness.advance(1_001)
    await scripts.sweep('unseen')
    expect(await scripts.inspect('unseen')).toMatchObject({ state: 'free' })
    expect(await harness.redis.zscore(scripts.key('suspects', 'unseen', ''), 'well')).toBeNull()
  })
})

describe('a stream that is closed after another one took over its lease', () => {
  it('hands no lease over, because its answer carries none', async () => {
    const reader = { mode: 'shared', instance: 'home' }
    const { token } = await scripts.acquire('stream', { ...reader, hold: 'second', ttlMs: 60_000 })
    await scripts.acquire('stream', { instance: 'home', waitMs: 10_000 })
    await scripts.acquire('stream', { ...reader, waitMs: 60_000 })
    harness.advance(10_001)

    await scripts.load('stream')
    const [outcome, { holders }] = await Promise.all([
      scripts.release('stream', token, 'home', 'first'),
      scripts.inspect('stream'),
    ])

    expect(outcome).toMatchObject({ kind: 'not-owner' })
    const left = holders.map(({ leftMs }) => leftMs)
    expect(left).toHaveLength(2)
    expect(Math.min(...(left as number[]))).toBeLessThanOrEqual(2_000)
  })
})
