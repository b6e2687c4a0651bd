import { beforeAll, describe, expect, it } from 'vitest'
import type { Granted } from '../../src/locks/leases/outcomes.js'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'

/** Places without a client, in a bucket that no instance sweeps. */
const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const keyed = (digest: string, options: object = {}) => ({
  digest,
  fingerprint: 'f',
  record_ttl_ms: 60_000,
  waitMs: 60_000,
  ...options,
})
const dead = { instance: 'dead' }

describe('a place whose waiting time is over', () => {
  it('is not shown, and does not count in a full queue', async () => {
    await scripts.acquire('over', { ttlMs: 600_000 })
    for (let i = 0; i < 3; i++) await scripts.acquire('over', { ...dead, waitMs: 30_000 })
    await scripts.acquire('over', { owner: 'live', waitMs: 60_000 })
    const full = { maxQueue: 2, waitMs: 60_000 }
    expect(await scripts.acquire('over', full)).toMatchObject({
      kind: 'too-many-waiters',
      queueLength: 4,
    })
    harness.advance(30_000)

    expect(await scripts.inspect('over')).toMatchObject({
      queueLength: 1,
      waiters: [{ owner: 'live' }],
    })
    expect(await scripts.list('over')).toMatchObject([{ queueLength: 1 }])
    expect(await scripts.acquire('over', full)).toMatchObject({ kind: 'queued' })
    expect(await scripts.acquire('over', full)).toMatchObject({
      kind: 'too-many-waiters',
      queueLength: 2,
    })
  })

  it('does not raise the number of waiters that are shown', async () => {
    await scripts.acquire('max', { ttlMs: 600_000 })
    for (const waitMs of [60_000, 60_000, 30_000]) await scripts.acquire('max', { waitMs })
    harness.advance(30_000)
    expect((await scripts.inspect('max', 1)).waiters).toHaveLength(1)
  })

  it('costs those behind it nothing', async () => {
    const { token } = await scripts.acquire('cost', { ttlMs: 600_000 })
    for (const instance of ['dead-1', 'dead-2', 'dead-3'])
      await scripts.acquire('cost', { instance, waitMs: 30_000 })
    const live = await scripts.acquire('cost', { waitMs: 60_000 })
    harness.advance(30_000)
    expect(await scripts.handOver('cost', token, 'cost', live.token)).toMatchObject({
      kind: 'granted',
    })
  })

  it('is passed over by the sweep although nothing else happens', async () => {
    const size = { permits: 1, capacity: 2 }
    await scripts.acquire('alone', { ...size, ttlMs: 600_000 })
    await scripts.acquire('alone', { ...size, ...dead, permits: 2, waitMs: 30_000 })
    const live = await scripts.acquire('alone', { ...size, waitMs: 60_000 })
    harness.advance(30_000)
    await scripts.load('alone')
    const [swept, seen, claimed] = await Promise.all([
      scripts.sweep('alone'),
      scripts.inspect('alone'),
      scripts.claim('alone', live.token),
    ])
    expect(swept.gone).toBeGreaterThan(0)
    expect(seen).toMatchObject({ queueLength: 0 })
    expect(claimed).toMatchObject({ kind: 'granted' })
  })

  it('lets those behind it advance in all queues of its set', async () => {
    const shared = { mode: 'shared', ttlMs: 600_000 }
    const { token } = await scripts.acquire('both@a', { ttlMs: 600_000 })
    await scripts.acquire('both@b', shared)
    await scripts.acquire(['both@a', 'both@b'], { ...dead, waitMs: 30_000 })
    const behind = await scripts.acquire('both@b', { ...shared, waitMs: 60_000 })
    harness.advance(30_000)
    expect(await scripts.handOver('both@a', token, 'both@b', behind.token)).toMatchObject({
      kind: 'granted',
    })
    expect(await scripts.inspect('both@b')).toMatchObject({ holderCount: 2, queueLength: 0 })
  })

  it('leaves nothing behind', async () => {
    const { token } = await scripts.acquire('clean', { ttlMs: 600_000 })
    await scripts.acquire('clean', { ...dead, waitMs: 30_000 })
    harness.advance(30_000)
    await scripts.release('clean', token)
    const parts = ['lock', 'queue', 'waiters', 'waits'].map((part) => scripts.key(part, 'clean'))
    expect(await harness.redis.exists(...parts)).toBe(0)
  })
})

describe('a request with a key whose wait is over', () => {
  const timedOut = async (name: string) => {
    const { token } = await scripts.acquire(name, { ttlMs: 600_000 })
    const first = await scripts.acquire(name, keyed(name, { waitMs: 10_000 }))
    const behind = await scripts.acquire(name, { waitMs: 600_000 })
    harness.advance(10_000)
    expect(await scripts.leave(name, first.token, 'timeout')).toMatchObject({ kind: 'left' })
    return { token, first, behind }
  }

  it('keeps its record for as long as its repeat waits', async () => {
    await scripts.acquire('known')
    await scripts.acquire('known', keyed('known', { waitMs: 1_000 }))
    const record = scripts.key('idempotency', 'known')
    const before = await harness.redis.pttl(record)
    await scripts.acquire('known', keyed('known', { waitMs: 60_000 }))
    expect(await harness.redis.pttl(record)).toBeGreaterThan(before + 50_000)
  })

  it('keeps its place for its repeat, so a lock may be waited for in pieces', async () => {
    const { token, first } = await timedOut('pieces')
    expect(await scripts.inspect('pieces')).toMatchObject({ queueLength: 1 })
    harness.advance(5_000)

    const again = await scripts.acquire('pieces', keyed('pieces', { waitMs: 30_000 }))
    expect(again).toMatchObject({ kind: 'queued', attach: 2, leftMs: 30_000 })

    expect(await scripts.handOver('pieces', token, 'pieces', first.token, 2)).toMatchObject({
      kind: 'granted',
    })
  })

  it('is passed over by grants meanwhile', async () => {
    const { token, first, behind } = await timedOut('passed')
    const passed = await scripts.handOver('passed', token, 'passed', behind.token)
    expect(passed).toMatchObject({ kind: 'granted' })
    await scripts.acquire('passed', { waitMs: 60_000 })
    await scripts.acquire('passed', keyed('passed'))
    const repeated = await scripts.handOver('passed', behind.token, 'passed', first.token, 2)
    expect(repeated).toMatchObject({ kind: 'granted' })
  })

  it('keeps its place once more when its grant expires unclaimed', async () => {
    const { token, first } = await timedOut('unclaimed')
    await scripts.acquire('unclaimed', keyed('unclaimed'))
    await scripts.release('unclaimed', token)
    harness.advance(2_001)
    await scripts.sweep('unclaimed')
    expect(await scripts.acquire('unclaimed', keyed('unclaimed'))).toMatchObject({
      token: first.token,
    })
  })

  it('starts again when its place is no longer kept', async () => {
    const { first } = await timedOut('late')
    harness.advance(10_000)
    const again = await scripts.acquire('late', keyed('late'))
    expect(again).toMatchObject({ kind: 'queued', attach: 1 })
    expect((again as { ticket: number }).ticket).toBeGreaterThan(
      (first as unknown as { ticket: number }).ticket,
    )
    const record = scripts.key('idempotency', 'late', 'late')
    expect(await harness.redis.get(record)).toMatch(/^f \S{22}$/)
  })

  it('is granted at once when the lock is free by then', async () => {
    const { token, behind } = await timedOut('free')
    await scripts.leave('free', behind.token, 'cancel')
    await scripts.release('free', token)
    expect(await scripts.acquire('free', keyed('free'))).toMatchObject({ kind: 'replayed' })
  })

  it('waits no longer than before when its repeat does not wait', async () => {
    await scripts.acquire('look', { ttlMs: 60_000 })
    await scripts.acquire('look', keyed('look', { waitMs: 20_000 }))
    harness.advance(5_000)
    const repeat = await scripts.acquire('look', keyed('look', { waitMs: 0 }))
    expect(repeat).toMatchObject({ kind: 'queued', attach: 2 })
    expect((repeat as unknown as { leftMs: number }).leftMs).toBeLessThanOrEqual(15_000)
  })

  it('waits longer when its repeat waits longer', async () => {
    await scripts.acquire('longer', { ttlMs: 600_000 })
    await scripts.acquire('longer', keyed('longer', { waitMs: 20_000 }))
    harness.advance(15_000)
    const repeat = await scripts.acquire('longer', keyed('longer', { waitMs: 60_000 }))
    expect(repeat).toMatchObject({ kind: 'queued', leftMs: 60_000 })
    harness.advance(30_000)
    expect(await scripts.inspect('longer')).toMatchObject({ queueLength: 1 })
  })

  it('loses its place when the name became another kind of lock', async () => {
    const { token, behind } = await timedOut('mode')
    await scripts.leave('mode', behind.token, 'cancel')
    await scripts.release('mode', token)
    await scripts.acquire('mode', { permits: 1, capacity: 1 })
    for (let i = 0; i < 2; i++)
      expect(await scripts.acquire('mode', keyed('mode'))).toMatchObject({
        kind: 'mode-mismatch',
      })
  })

  it('loses its place when its session is over', async () => {
    const session = await scripts.openSession('ended', 30_000)
    await scripts.acquire('ended', { ttlMs: 60_000 })
    const place = keyed('ended', { session, ttlMs: 0 })
    const { token } = await scripts.acquire('ended', place)
    await scripts.leave('ended', token, 'detach')
    expect(await scripts.keepSession('ended', session)).toMatchObject({ leaseCount: 0 })
    harness.advance(30_000)
    expect(await scripts.acquire('ended', place)).toMatchObject({ kind: 'session-ended' })
  })

  it('starts again when its session removed the place', async () => {
    const session = await scripts.openSession('again', 60_000)
    await scripts.acquire('again')
    const place = keyed('again', { session })
    await scripts.acquire('again', place)
    await scripts.endSession('again', session)
    expect(await scripts.acquire('again', place)).toMatchObject({ kind: 'session-ended' })
  })

  it('is remembered from its grant on, however long it waited', async () => {
    await scripts.acquire('record')
    const { token } = await scripts.acquire('record', keyed('record', { record_ttl_ms: 1_000 }))
    const record = scripts.key('idempotency', 'record', 'record')
    expect(await harness.redis.pttl(record)).toBeGreaterThan(60_000)
    await harness.redis.del(
      scripts.key('waiters', 'record'),
      scripts.key('queue', 'record'),
      record,
    )
    await scripts.restore('record', keyed('record', { token, record_ttl_ms: 1_000 }))
    expect(await harness.redis.pttl(record)).toBeGreaterThan(60_000)
  })

  it('has its place in all queues of its set', async () => {
    const names = ['set@a', 'set@b']
    const [a, b] = [
      await scripts.acquire('set@a', { ttlMs: 600_000 }),
      await scripts.acquire('set@b', { ttlMs: 600_000 }),
    ]
    const first = await scripts.acquire(names, keyed('set@', { waitMs: 10_000 }))
    harness.advance(10_000)
    await scripts.leave(names, first.token, 'timeout')
    for (const name of names) expect(await scripts.inspect(name)).toMatchObject({ queueLength: 0 })
    await scripts.acquire(names, keyed('set@'))
    await scripts.release('set@a', a.token)
    const claimed = await scripts.handOver('set@b', b.token, names, first.token, 2)
    expect(claimed).toMatchObject({ kind: 'granted' })
  })
})

describe('a request with a key whose lease Redis has lost', () => {
  it('gets no second lease from its repeat', async () => {
    const request = keyed('lost', { waitMs: 0 })
    await scripts.acquire('lost', request)
    await harness.redis.del(scripts.key('lock', 'lost'))
    expect(await scripts.acquire('lost', request)).toMatchObject({
      kind: 'ended',
      how: 'expired',
    })
  })
})

describe('an instance that died', () => {
  /** The first waiter gets a grant and never claims it, so its instance becomes suspect. */
  const suspected = async (name: string) => {
    const { token } = await scripts.acquire(name)
    await scripts.acquire(name, { ...dead, waitMs: 60_000 })
    await scripts.release(name, token)
    harness.advance(2_000)
    await scripts.sweep(name)
    expect(await scripts.inspect(name)).toMatchObject({ state: 'free' })
  }

  it('is suspect for a while, not for ever', async () => {
    await suspected('suspects')
    const suspects = scripts.key('suspects', 'suspects', '')
    expect(await harness.redis.zscore(suspects, 'dead')).not.toBeNull()
    expect(await harness.redis.pttl(suspects)).toBeGreaterThan(0)
  })

  it('costs those behind its waiters one claim timeout in all', async () => {
    await suspected('once')
    const { token } = await scripts.acquire('once')
    for (let i = 0; i < 3; i++) await scripts.acquire('once', { ...dead, waitMs: 60_000 })
    // The dead instance becomes suspect after it has queued these requests.
    await harness.redis.zadd(scripts.key('suspects', 'once', ''), 1, 'dead')
    const live = await scripts.acquire('once', { waitMs: 60_000 })
    expect(await scripts.handOver('once', token, 'once', live.token)).toMatchObject({
      kind: 'granted',
    })
  })

  it('leaves keyed places to their repeats for ten seconds, and grants pass over them', async () => {
    const { token } = await scripts.acquire('keep', { ttlMs: 600_000 })
    const first = await scripts.acquire('keep', keyed('keep', dead))
    const behind = await scripts.acquire('keep', { waitMs: 60_000 })
    await scripts.acquire('keep', { waitMs: 60_000 })
    await harness.redis.zadd(scripts.key('suspects', 'keep', ''), 1, 'dead')
    expect(await scripts.handOver('keep', token, 'keep', behind.token)).toMatchObject({
      kind: 'granted',
    })
    harness.advance(5_000)

    expect(await scripts.acquire('keep', keyed('keep'))).toMatchObject({
      kind: 'queued',
      token: first.token,
    })

    expect(await scripts.handOver('keep', behind.token, 'keep', first.token, 2)).toMatchObject({
      kind: 'granted',
    })
  })

  it('leaves the place of a grant that nobody claimed to its repeat', async () => {
    const { token } = await scripts.acquire('grant')
    const first = await scripts.acquire('grant', keyed('grant', dead))
    const behind = await scripts.acquire('grant', { instance: 'well', waitMs: 60_000 })
    await scripts.acquire('grant', { waitMs: 60_000 })
    await scripts.release('grant', token)
    harness.advance(2_000)
    await scripts.load('grant')
    const [, claimed] = await Promise.all([
      scripts.sweep('grant'),
      scripts.claim('grant', behind.token),
    ])
    expect(claimed).toMatchObject({ kind: 'granted' })

    await scripts.acquire('grant', keyed('grant'))

    expect(await scripts.handOver('grant', behind.token, 'grant', first.token, 2)).toMatchObject({
      kind: 'granted',
    })
  })

  it('leaves that place to a repeat that comes before any sweep', async () => {
    const { token } = await scripts.acquire('first')
    await scripts.acquire('first', keyed('first', dead))
    await scripts.release('first', token)
    harness.advance(2_000)
    expect(await scripts.acquire('first', keyed('first'))).toMatchObject({ kind: 'replayed' })
  })

  it('restores the place as it was: a reader that joined a writer is a reader again', async () => {
    const owned = { owner: 'o', caller: '' }
    const reading = { mode: 'shared', reentrant: true, ...owned }
    const { token } = await scripts.acquire('joined')
    await scripts.acquire('joined', { ...owned, reentrant: true, waitMs: 60_000 })
    await scripts.acquire('joined', keyed('joined', { ...reading, ...dead }))
    await scripts.release('joined', token, 'here')
    expect(await scripts.inspect('joined')).toMatchObject({ queueLength: 0 })
    harness.advance(2_000)
    await scripts.revoke('joined', 0)
    await scripts.acquire('joined', { mode: 'shared' })
    expect(await scripts.acquire('joined', keyed('joined', reading))).toMatchObject({
      kind: 'replayed',
      mode: 'shared',
    })
  })
})

describe('a cut connection', () => {
  it('leaves a place that does not count, until its repeat comes', async () => {
    const store = newLockStore(harness, () => 0)
    const ns = harness.namespace
    const held = (await store.acquire(ns, ['cut'], { ttlMs: 600_000 })) as Granted
    const cut = new AbortController()
    const connection = Object.assign(new EventTarget(), {
      destroyed: false,
      once: (_: 'close', listener: () => void) => cut.signal.addEventListener('abort', listener),
      off: () => undefined,
    })
    const idempotency = { digest: 'cut', fingerprint: 'f', ttlMs: 60_000 }
    const waiting = { ttlMs: 60_000, waitMs: 60_000, maxQueue: 1 }
    const first = store.acquire(ns, ['cut'], { ...waiting, idempotency, connection })
    const length = (count: number) =>
      until(`${count} wait`, async () => (await store.inspect(ns, 'cut', 9)).queueLength === count)
    await length(1)
    cut.abort()
    expect(await first).toEqual({ kind: 'gone' })
    await length(0)

    const other = store.acquire(ns, ['cut'], waiting)
    await length(1)
    const again = store.acquire(ns, ['cut'], { ...waiting, idempotency })
    await length(2)

    await store.release(ns, ['cut'], held.token)
    const repeated = (await again) as Granted
    expect(repeated).toMatchObject({ kind: 'granted' })
    await store.release(ns, ['cut'], repeated.token)
    expect(await other).toMatchObject({ kind: 'granted' })
    store.close()
  })
})
