import { describe, expect, it, onTestFinished } from 'vitest'
import { BUCKETS_KEY, WALKER_KEY } from '../../src/locks/keys.js'
import { acquireScript } from '../../src/locks/leases/scripts.js'
import { createLockMetrics } from '../../src/locks/metrics.js'
import { leaveScript } from '../../src/locks/queue/scripts.js'
import { createLockStore } from '../../src/locks/store.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { layoutOf } from '../../src/redis/layout.js'
import { randomToken } from '../../src/redis/random.js'
import { startHarness, useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { lock, held, waits, look, queued } = lockDriver(harness)

const key = (part: string, name: string) => `${bucketKey(part, name)}:${name}`
const bucketKey = (part: string, name: string) =>
  `ls:{${harness.namespace}:${harness.lockTag(name)}}:${part}`

const GHOST = 'x'.repeat(22)

/** Enqueues waiters of a dead instance, which sends no claim and no heartbeat. */
async function enqueueGhosts(name: string, count: number): Promise<void> {
  const acquire = harness.binder.bind(acquireScript)
  for (let i = 0; i < count; i++) {
    const options = JSON.stringify({ owner: 'ghost', caller: '', instance: GHOST })
    const reply = await acquire(
      { lock: [key('lock', name)] },
      {
        token: `g${String(i).padStart(21, '0')}`,
        ttl_ms: 30_000,
        wait_ms: 60_000,
        options,
        floor: 0,
        ended_ttl_ms: 60_000,
      },
    )
    expect(reply.kind).toBe('queued')
  }
}

describe('an instance that dies with a waiter queued', () => {
  it('costs the others one provisional grant, and nothing for its other waiters', async () => {
    const { token } = await held('dead')
    await enqueueGhosts('dead', 2)
    const alive = waits('dead', { owner: 'alive' })
    await queued('dead', 3)

    const store = newLockStore(harness, () => 0)
    onTestFinished(() => store.close())
    const releaseAndLook = (held: string) =>
      Promise.all([
        store.release(harness.namespace, ['dead'], held),
        store.inspect(harness.namespace, 'dead', 9),
      ])
    // Redis runs calls of one turn in their order when it knows their scripts.
    await releaseAndLook(randomToken())
    // In one turn, so that Redis looks before the grant to the ghost is over.
    const [, after] = await releaseAndLook(token)
    expect(after.holders[0]?.owner).toBe('ghost')
    harness.advance(2_001)

    expect((await alive).status).toBe(200)
    expect(await harness.redis.zscore(bucketKey('suspects', 'dead'), GHOST)).not.toBeNull()
    expect(await harness.redis.pttl(bucketKey('suspects', 'dead'))).toBeGreaterThan(0)
    expect((await look('dead')).queueLength).toBe(0)
    expect((await look('dead')).lastEnd.how).toBe('released')
  })
})

describe('an acquire without a key whose answer was lost', () => {
  const keys = { lock: [] as string[] }
  const common = { floor: 0, ended_ttl_ms: 60_000 }
  const token = 'a'.repeat(22)
  const ask = { token, ttl_ms: 30_000, wait_ms: 0, options: '', ...common }
  const abandon = { token, attach: 1, how: 'abandon', ...common }

  it('is released when it was applied', async () => {
    keys.lock = [key('lock', 'applied')]
    await harness.binder.bind(acquireScript)(keys, ask)
    await harness.binder.bind(leaveScript)(keys, abandon)

    expect((await look('applied')).state).toBe('free')
  })

  it('is refused when it arrives after it was abandoned', async () => {
    keys.lock = [key('lock', 'late')]
    await harness.binder.bind(leaveScript)(keys, abandon)
    const reply = await harness.binder.bind(acquireScript)(keys, ask)

    expect(reply.kind).toBe('gone')
    expect((await look('late')).state).toBe('free')
  })
})

describe('shutdown', () => {
  it('answers its waiters, and removes their places', async () => {
    const other = await startHarness()
    await held('drained')
    const waiting = waits('drained', {}, other)
    await queued('drained', 1)

    await other.close()

    const { status, body } = await waiting
    expect([status, body.code]).toEqual([503, 'draining'])
    expect((await look('drained')).queueLength).toBe(0)
  })
})

describe('the same owner', () => {
  it('has two places when it asks again while queued', async () => {
    const { token } = await held('twice')
    const first = waits('twice', { owner: 'me' })
    await queued('twice', 1)
    const second = waits('twice', { owner: 'me' })
    await queued('twice', 2)

    await lock('twice', 'release', { token }).expect(200)
    await lock('twice', 'release', { token: (await first).body.token }).expect(200)
    expect((await second).status).toBe(200)
  })
})

describe('a deadline', () => {
  it('of a waiter that passes during the lock delay is a timeout', async () => {
    await held('delayed', { ttlMs: 20_000, lockDelayMs: 60_000 })
    harness.advance(20_001)

    const { body } = await lock('delayed', 'acquire', { waitMs: 50 }).expect(423)

    expect(body.code).toBe('wait-timeout')
    expect(body.retryAfterMs).toBeGreaterThan(30_000)
  })
})

describe('what a dead instance left behind', () => {
  it('is found by the walk of another', async () => {
    const store = createLockStore({
      binder: harness.binder,
      layout: layoutOf(harness.connection),
      pubSub: harness.connections.pubSub,
      client: () => harness.redis,
      metrics: createLockMetrics(createMetrics('test')),
      endedTtlMs: 60_000,
    })
    // The lease is not of this process, and its bucket is on the list.
    const member = `${harness.namespace} ${harness.lockTag('left')}`
    await harness.redis.zadd(BUCKETS_KEY, 1, member)
    const token = 'l'.repeat(22)
    const common = { floor: 0, ended_ttl_ms: 60_000 }
    await harness.binder.bind(acquireScript)(
      { lock: [key('lock', 'left')] },
      { token, ttl_ms: 1_000, wait_ms: 0, options: '', ...common },
    )
    harness.advance(1_001)
    expect(await harness.redis.exists(key('lock', 'left'))).toBe(1)
    await until('no other instance has the walk', async () => {
      await harness.redis.del(WALKER_KEY)
      await store.walk()
      return (await harness.redis.exists(key('lock', 'left'))) === 0
    })

    expect(await harness.redis.zscore(bucketKey('locks', 'left'), 'left')).toBeNull()
    store.close()
  })
})

describe('a waiter whose grant expired while its instance was slow', () => {
  it('is restored at its place, and its instance is no longer suspect', async () => {
    const { token } = await held('slow')
    const waiting = waits('slow', { owner: 'slow' })
    await queued('slow', 1)
    const [queuedToken] = await harness.redis.zrange(key('queue', 'slow'), '0', '0')
    const record = await harness.redis.hgetBuffer(key('waiters', 'slow'), queuedToken as string)
    const [, instance] = /instance\xb6([\w-]{22})/.exec(record?.toString('latin1') ?? '') ?? []
    await harness.redis.zadd(bucketKey('suspects', 'slow'), 1, instance as string)

    // The release removes the waiter, which is suspect at the head; its heartbeat restores it.
    await lock('slow', 'release', { token }).expect(200)

    expect((await waiting).status).toBe(200)
    expect(await harness.redis.zscore(bucketKey('suspects', 'slow'), instance as string)).toBeNull()
  })
})
