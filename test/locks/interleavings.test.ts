import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { inspectScript, revokeScript } from '../../src/locks/admin/scripts.js'
import { acquireScript, releaseScript } from '../../src/locks/leases/scripts.js'
import { leaveScript, restoreScript } from '../../src/locks/queue/scripts.js'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'
import { lockDriver, start } from './driver.js'

const harness = useHarness()
const { post, acquire, look, queued } = lockDriver(harness)

const permits = (name: string, body: object) => post(`semaphores/${name}/acquire`, body)

const key = (name: string, part: string) =>
  `ls:{${harness.namespace}:${harness.lockTag(name)}}:${part}:${name}`

describe('a name whose last lease has expired, before any call ended it', () => {
  it('may become another kind of lock', async () => {
    await acquire('kind', { ttlMs: 20_000 }).expect(200)
    harness.advance(20_001)
    await permits('kind', { capacity: 3 }).expect(200)
  })

  it('does not bind the next caller to its capacity', async () => {
    await permits('size', { capacity: 3, ttlMs: 20_000 }).expect(200)
    harness.advance(20_001)
    await permits('size', { capacity: 5 }).expect(200)
  })

  it('takes all of itself again as a lock', async () => {
    await permits('whole', { capacity: 3, ttlMs: 20_000 }).expect(200)
    harness.advance(20_001)
    await acquire('whole').expect(200)
    await acquire('whole').expect(423)
  })

  it('begins no lock delay after a release during its minimal hold', async () => {
    const terms = { ttlMs: 60_000, minHoldMs: 30_000, lockDelayMs: 60_000 }
    const { body } = await acquire('minimal', terms).expect(200)
    await post('locks/minimal/release', { token: body.token }).expect(200)
    harness.advance(60_001)
    expect(await look('minimal')).toMatchObject({ state: 'free' })
  })
})

describe('a request of a higher priority', () => {
  it('is granted at once when only lower ones wait, and it fits', async () => {
    await permits('bands', { capacity: 3, permits: 2 }).expect(200)
    const heavy = permits('bands', { capacity: 3, permits: 3, waitMs: 60_000 })
    heavy.end(() => undefined)
    await queued('bands', 1)
    await permits('bands', { capacity: 3, permits: 1, priority: 1 }).expect(200)
    expect((await look('bands')).queueLength).toBe(1)
    heavy.abort()
    await queued('bands', 0)
  })

  it('waits behind its own priority', async () => {
    await permits('same-band', { capacity: 3, permits: 2 }).expect(200)
    const heavy = permits('same-band', { capacity: 3, permits: 3, waitMs: 60_000, priority: 1 })
    heavy.end(() => undefined)
    await queued('same-band', 1)
    await permits('same-band', { capacity: 3, permits: 1, priority: 1 }).expect(423)
    heavy.abort()
    await queued('same-band', 0)
  })
})

describe('re-entry from the queue', () => {
  it('never makes a reader of a writer', async () => {
    const { body: first } = await acquire('upgrade').expect(200)
    const reader = start(acquire('upgrade', { mode: 'shared', owner: 'o', waitMs: 60_000 }))
    await queued('upgrade', 1)
    const writer = start(acquire('upgrade', { owner: 'o', reentrant: true, waitMs: 60_000 }))
    await queued('upgrade', 2)

    await post('locks/upgrade/release', { token: first.token }).expect(200)
    const { body: read } = await reader
    expect(await look('upgrade')).toMatchObject({ mode: 'shared', queueLength: 1 })
    await post('locks/upgrade/release', { token: read.token }).expect(200)

    expect((await writer).body).toMatchObject({ mode: 'exclusive', holdCount: 1 })
  })

  it('finds a live lease behind one that was released during its minimal hold', async () => {
    const shared = { mode: 'shared', owner: 'o', reentrant: true }
    const { body: first } = await acquire('second', { ...shared, minHoldMs: 30_000 }).expect(200)
    await post('locks/second/release', { token: first.token }).expect(200)
    const { body: live } = await acquire('second', shared).expect(200)
    expect(live.fence).toBeGreaterThan(first.fence)
    const { body } = await acquire('second', shared).expect(200)
    expect(body).toMatchObject({ fence: live.fence, holdCount: 2 })
  })
})

describe('the order of deadlines', () => {
  it('lives as long as the longest lease in it', async () => {
    const shared = { mode: 'shared' }
    await acquire('long', { ...shared, ttlMs: 7_200_000 }).expect(200)
    await acquire('long', { ...shared, ttlMs: 20_000 }).expect(200)
    await acquire('long', { ...shared, ttlMs: 30_000 }).expect(200)
    expect(await harness.redis.pttl(key('long', 'holders'))).toBeGreaterThan(7_200_000)
  })
})

const common = { floor: 0, ended_ttl_ms: 60_000 }

const inLine = (name: string, instance: string, ns = harness.namespace) =>
  harness.binder.bind(acquireScript)(
    { lock: [key(name, 'lock').replace(harness.namespace, ns)] },
    {
      ...common,
      token: randomToken(),
      ttl_ms: 60_000,
      wait_ms: 60_000,
      options: JSON.stringify({ instance, ttl_ms: 60_000 }),
    },
  )

describe('an instance that died between a grant and its claim', () => {
  it('costs waiters of other instances two seconds, whichever instance granted', async () => {
    // A separate namespace, so that no other deadline of the bucket causes a sweep.
    const ns = `${harness.namespace}-dead`
    let clockMs = 0
    const [store, dead] = [
      newLockStore(harness, () => clockMs),
      newLockStore(harness, () => clockMs),
    ]
    const ttlMs = 3_600_000
    const held = await store.acquire(ns, ['dead'], { ttlMs })
    // The last calls of a dead instance: it queues a request, and releases the lock to itself.
    await inLine('dead', 'dead', ns)
    let granted = false
    const waiting = store.acquire(ns, ['dead'], { ttlMs, waitMs: 60_000 }).then((answer) => {
      granted = true
      return answer
    })
    await until('two wait', async () => (await store.inspect(ns, 'dead', 9)).waiters.length === 2)
    const { token } = held as { token: string }
    await dead.release(ns, ['dead'], token)
    dead.close()
    expect(granted).toBe(false)

    clockMs += 2_001

    expect((await waiting).kind).toBe('granted')
    store.close()
  })
})

describe('an instance that is suspect', () => {
  it('keeps its places when it asks for something before its next heartbeat', async () => {
    await acquire('suspect').expect(200)
    await inLine('suspect', 'slow')
    const suspects = key('suspect', 'suspects').replace(/:suspect$/, '')
    await harness.redis.zadd(suspects, 1, 'slow')

    await inLine('suspect', 'slow')

    expect(await harness.redis.zscore(suspects, 'slow')).toBeNull()
    expect((await look('suspect')).queueLength).toBe(2)
  })
})

describe('a set that waits for two names', () => {
  it('lets the other queue of an expired lease advance, although the set has to wait', async () => {
    // No instance sweeps this bucket: only these calls change it.
    const ns = `${harness.namespace}-moves`
    const [one, two] = ['moves@1', 'moves@2'].map((name) =>
      key(name, 'lock').replace(harness.namespace, ns),
    ) as [string, string]
    const ask = (lock: string[], wait_ms: number, ttl_ms: number, options = '') => {
      const token = randomToken()
      const args = { ...common, token, ttl_ms, wait_ms, options }
      return harness.binder
        .bind(acquireScript)({ lock }, args)
        .then(({ kind }) => ({ kind, token }))
    }
    const options = JSON.stringify({ instance: 'elsewhere', ttl_ms: 60_000 })
    const held = await ask([one], 0, 60_000)
    await ask([two], 0, 30_000)
    expect((await ask([two], 60_000, 60_000, options)).kind).toBe('queued')
    expect((await ask([one, two], 60_000, 60_000, options)).kind).toBe('queued')
    harness.advance(30_001)

    await harness.binder.bind(releaseScript)(
      { lock: [one] },
      { ...common, token: held.token, instance: '' },
    )

    const [count, queued] = await harness.redis.hmget(two, 'count', 'queued')
    expect([count, queued]).toEqual(['1', '1'])
  })
})

describe('a call that comes before any sweep', () => {
  // No instance sweeps this bucket: only these calls change it.
  const state = (lock: string) => harness.redis.hmget(lock, 'count', 'queued')

  it('restores a waiter whose grant has expired by then', async () => {
    const ns = `${harness.namespace}-unclaimed`
    const lock = key('unclaimed', 'lock').replace(harness.namespace, ns)
    const [token, waiter] = [randomToken(), randomToken()]
    const options = JSON.stringify({ instance: 'slow', ttl_ms: 60_000 })
    const acquire = harness.binder.bind(acquireScript)
    await acquire({ lock: [lock] }, { ...common, token, ttl_ms: 60_000, wait_ms: 0, options: '' })
    const ask = { ...common, token: waiter, ttl_ms: 60_000, wait_ms: 60_000, options }
    const { ticket } = (await acquire({ lock: [lock] }, ask)) as { ticket: number }
    await harness.binder.bind(releaseScript)({ lock: [lock] }, { ...common, token, instance: '' })
    expect(await state(lock)).toEqual(['1', '0'])
    harness.advance(2_001)

    const record = JSON.stringify({ instance: 'slow', ttl_ms: 60_000, attach: 1, ticket })
    const back = { ...common, token: waiter, waiter: record, waited_ms: 2_000, wait_ms: 50_000 }
    const { kind } = await harness.binder.bind(restoreScript)({ lock: [lock] }, back)

    // The call grants it again at once, because the request shows that its instance is alive.
    expect(kind).toBe('waiting')
    const look = harness.binder.bind(inspectScript)
    expect(await look({ lock }, { max: 9 })).toMatchObject({ holderCount: 1 })
  })

  it('keeps nothing for the repeat of a request whose lease had expired', async () => {
    const ns = `${harness.namespace}-late`
    const lock = key('late', 'lock').replace(harness.namespace, ns)
    const token = randomToken()
    const args = { ...common, token, ttl_ms: 1_000, wait_ms: 0, options: '' }
    await harness.binder.bind(acquireScript)({ lock: [lock] }, args)
    harness.advance(1_001)

    const leave = { ...common, token, attach: 1, how: 'detach' }
    const { kind } = await harness.binder.bind(leaveScript)({ lock: [lock] }, leave)

    expect(kind).toBe('nothing')
    expect(await state(lock)).toEqual([null, null])
  })

  it('revokes nothing that had expired', async () => {
    const ns = `${harness.namespace}-expired`
    const lock = key('expired', 'lock').replace(harness.namespace, ns)
    const args = { ...common, token: randomToken(), ttl_ms: 1_000, wait_ms: 0, options: '' }
    await harness.binder.bind(acquireScript)({ lock: [lock] }, args)
    harness.advance(1_001)

    const revoke = { ...common, reason: 'late', grace_ms: 0, fence: 0, clear_delay: 0 }
    const done = await harness.binder.bind(revokeScript)({ lock: [lock] }, revoke)

    expect(done).toMatchObject({ revoked: 0, expired: 1 })
  })
})

describe('waiters that Redis forgot', () => {
  const forget = async (name: string, ...parts: string[]) => {
    const multi = harness.redis.multi().hset(key(name, 'lock'), 'queued', 0)
    await multi.del(key(name, 'queue'), key(name, 'waiters'), ...parts).exec()
  }

  it('are restored in their order, even those of one millisecond', async () => {
    await acquire('order').expect(200)
    const waiting = Array.from({ length: 20 }, () =>
      start(acquire('order', { waitMs: 60_000, ttlMs: 100 })),
    )
    await queued('order', 20)
    const before = await harness.redis.zrange(key('order', 'queue'), '0', '-1')

    await forget('order')
    await queued('order', 20)

    expect(await harness.redis.zrange(key('order', 'queue'), '0', '-1')).toEqual(before)
    await post('locks/order/revoke', { reason: 'test', force: true }).expect(200)
    await Promise.all(waiting)
  })

  it('share the place of the repeat that came in between: one key, one lease', async () => {
    const { body } = await acquire('twice').expect(200)
    const ask = () => start(acquire('twice', { waitMs: 60_000 }).set('idempotency-key', 'twice'))
    const first = ask()
    await queued('twice', 1)
    const prefix = key('twice', 'idempotency').replace(/twice$/, '')
    await forget('twice', ...(await harness.redis.keys(`${prefix}*`)))
    const second = ask()
    await queued('twice', 1)
    await until('both wait for one token', async () => {
      const [waiter = ''] = await harness.redis.hvals(key('twice', 'waiters'))
      return waiter.includes('attach\u0002')
    })
    expect((await look('twice')).queueLength).toBe(1)

    await post('locks/twice/release', { token: body.token }).expect(200)

    const [{ body: one }, { body: other }] = await Promise.all([first, second])
    expect(other).toMatchObject({ token: one.token, fence: one.fence })
  })

  it('are restored in all queues of their set', async () => {
    const [one, two] = [await acquire('both@1').expect(200), await acquire('both@2').expect(200)]
    const names = ['both@1', 'both@2']
    const set = start(post('lock-sets/acquire', { names, waitMs: 60_000 }))
    await queued('both@2', 1)
    await forget('both@1', key('both@2', 'queue'), key('both@2', 'waiters'))
    await harness.redis.hset(key('both@2', 'lock'), 'queued', 0)
    await queued('both@1', 1)
    await queued('both@2', 1)

    await post('locks/both@1/release', { token: one.body.token }).expect(200)
    expect((await look('both@1')).state).toBe('free')
    await post('locks/both@2/release', { token: two.body.token }).expect(200)

    const { fences } = (await set).body
    expect((await look('both@1')).holders).toMatchObject([{ fence: fences['both@1'] }])
    expect((await look('both@2')).holders).toMatchObject([{ fence: fences['both@2'] }])
  })

  it('are found by a repeat with their key', async () => {
    const { body } = await acquire('again').expect(200)
    const ask = () => start(acquire('again', { waitMs: 60_000 }).set('idempotency-key', 'again'))
    const first = ask()
    await queued('again', 1)
    const [token] = await harness.redis.zrange(key('again', 'queue'), '0', '0')
    const prefix = key('again', 'idempotency').replace(/again$/, '')
    await forget('again', ...(await harness.redis.keys(`${prefix}*`)))
    await queued('again', 1)
    expect(await harness.redis.zrange(key('again', 'queue'), '0', '0')).toEqual([token])

    const repeat = ask()
    await until('the repeat is attached', async () => {
      const [waiter = ''] = await harness.redis.hvals(key('again', 'waiters'))
      return waiter.includes('attach\u0002')
    })
    await post('locks/again/release', { token: body.token }).expect(200)

    expect((await repeat).body.token).toBe(token)
    expect((await first).body.token).toBe(token)
  })
})

describe('a repeat whose client goes away as well', () => {
  it('keeps the lease for ten seconds more, not for its whole length', async () => {
    // A namespace of its own: no instance is suspect there.
    const ns = `${harness.namespace}-gone`
    let clockMs = 0
    const store = newLockStore(harness, () => clockMs)
    const idempotency = { digest: 'gone', fingerprint: 'f', ttlMs: 600_000 }
    const gone = Object.assign(new EventEmitter(), { destroyed: true })
    const ask = () =>
      store.acquire(ns, ['gone'], {
        ttlMs: 3_600_000,
        idempotency,
        connection: gone,
      })
    expect(await ask()).toEqual({ kind: 'gone' })
    expect(await ask()).toEqual({ kind: 'gone' })

    clockMs += 10_001

    expect(await store.inspect(ns, 'gone', 1)).toMatchObject({ state: 'free' })
    // No client had the lease, so the key is free again, and the instance is not suspect.
    const suspects = `ls:{${ns}:${harness.lockTag('gone')}}:suspects`
    expect(await harness.redis.exists(suspects)).toBe(0)
    const request = { ttlMs: 60_000, idempotency }
    expect(await store.acquire(ns, ['gone'], request)).toMatchObject({
      kind: 'granted',
      replayed: false,
    })
    store.close()
  })
})
