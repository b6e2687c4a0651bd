import { describe, expect, it } from 'vitest'
import { lockKey } from '../../src/locks/keys.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { lock, held, waits, look, queued } = lockDriver(harness)

describe('a waiter', () => {
  it('is granted the lock when it is released', async () => {
    const first = await held('handover')
    const second = waits('handover', { waitMs: 60_000 })
    await queued('handover', 1)

    await lock('handover', 'release', { token: first.token }).expect(200)

    const { status, body } = await second
    expect(status).toBe(200)
    expect(body.fence).toBeGreaterThan(first.fence)
    expect(body.expiresInMs).toBeGreaterThan(20_000)
  })

  it('is granted the lock when the lease before it expires', async () => {
    await held('expiring', { ttlMs: 30_000 })
    const second = waits('expiring', { waitMs: 60_000 })
    await queued('expiring', 1)

    harness.advance(30_001)

    expect((await second).status).toBe(200)
  })

  it('gives up after waitMs', async () => {
    await held('patience', { owner: 'x' })

    const { body } = await lock('patience', 'acquire', { waitMs: 50 }).expect(423)

    expect(body).toMatchObject({ code: 'wait-timeout', holders: [{ owner: 'x' }] })
    expect((await look('patience')).queueLength).toBe(0)
  })

  it('leaves the queue at once when its client goes away', async () => {
    await held('leaver')
    const request = lock('leaver', 'acquire', { waitMs: 60_000 })
    request.end(() => undefined)
    await queued('leaver', 1)

    request.abort()

    await queued('leaver', 0)
  })

  it('is refused when the queue is full', async () => {
    await held('full')
    const second = waits('full', { waitMs: 60_000 })
    await queued('full', 1)

    const { body } = await lock('full', 'acquire', { waitMs: 60_000, maxQueue: 1 }).expect(429)

    expect(body).toMatchObject({ code: 'too-many-waiters', queueLength: 1 })
    await lock('full', 'revoke', { reason: 'test', force: true }).expect(200)
    await second
  })

  it('is served by priority, then in order', async () => {
    const { token } = await held('bands')
    const order: string[] = []
    const wait = async (owner: string, priority: number, length: number) => {
      const answer = waits('bands', { waitMs: 60_000, owner, priority }).then(async ({ body }) => {
        order.push(owner)
        await lock('bands', 'release', { token: body.token }).expect(200)
      })
      await queued('bands', length)
      return { answer }
    }
    const low = await wait('low', -1, 1)
    const normal = await wait('normal', 0, 2)
    const second = await wait('second', 0, 3)
    const high = await wait('high', 10, 4)

    await lock('bands', 'release', { token }).expect(200)
    await Promise.all([low, normal, second, high].map(({ answer }) => answer))

    expect(order).toEqual(['high', 'normal', 'second', 'low'])
  })

  it('is not overtaken by a request that does not wait', async () => {
    await held('shared-queue', { mode: 'shared' })
    const writer = lock('shared-queue', 'acquire', { waitMs: 60_000 })
    writer.end(() => undefined)
    await queued('shared-queue', 1)

    await lock('shared-queue', 'acquire', { mode: 'shared' }).expect(423)
    writer.abort()
    await queued('shared-queue', 0)
    await lock('shared-queue', 'acquire', { mode: 'shared' }).expect(200)
  })
})

describe('an idempotency key', () => {
  it('keeps the place of a cut connection for ten seconds, and no longer', async () => {
    const { token } = await held('kept')
    const ask = () => lock('kept', 'acquire', { waitMs: 60_000 }).set('idempotency-key', 'kept')
    const cut = ask()
    cut.end(() => undefined)
    await queued('kept', 1)
    cut.abort()
    await queued('kept', 0)
    const behind = waits('kept', { waitMs: 60_000 })
    await queued('kept', 1)
    harness.advance(10_001)
    const late = ask().then((response) => response)
    await queued('kept', 2)

    await lock('kept', 'release', { token }).expect(200)

    const { body } = await behind
    await lock('kept', 'release', { token: body.token }).expect(200)
    expect((await late).status).toBe(200)
  })
})

describe('a waiter that Redis forgot', () => {
  it('is restored by the next heartbeat', async () => {
    await held('forgotten')
    const waiting = waits('forgotten', { waitMs: 60_000 })
    await queued('forgotten', 1)

    const keys = ['queue', 'waiters'].map(
      (part) => `ls:{${harness.namespace}:${harness.lockTag('forgotten')}}:${part}:forgotten`,
    )
    await harness.redis.del(
      lockKey(harness.namespace, harness.lockTag('forgotten'), 'forgotten'),
      ...keys,
    )

    expect((await waiting).status).toBe(200)
  })
})

describe('a queue', () => {
  it('expires with the longest wait', async () => {
    const ns = `${harness.namespace}-lives`
    const ask = (body: object) =>
      harness.request('post', '/v1/locks/lives/acquire').set('lockstep-namespace', ns).send(body)
    const { body } = await ask({}).expect(200)
    const waiting = ask({ waitMs: 60_000 }).then((response) => response)
    const keys = () => harness.redis.keys(`ls:{${ns}:*:lives`)
    await until('a queue', async () => (await keys()).some((key) => key.includes(':queue:')))

    for (const key of await keys()) {
      expect(await harness.redis.pttl(key), key).toBeGreaterThan(240_000)
    }
    await harness
      .request('post', '/v1/locks/lives/release')
      .set('lockstep-namespace', ns)
      .send({ token: body.token })
      .expect(200)
    expect((await waiting).status).toBe(200)
  })
})

describe('what is left behind', () => {
  it('is nothing, once a lock is idle', async () => {
    const { token } = await held('idle', { owner: 'o' })
    const second = waits('idle', { waitMs: 60_000 })
    await queued('idle', 1)
    await lock('idle', 'release', { token }).expect(200)
    await lock('idle', 'release', { token: (await second).body.token }).expect(200)

    const keys = await harness.redis.keys(
      `ls:{${harness.namespace}:${harness.lockTag('idle')}}:*:idle`,
    )

    expect(keys).toEqual([`ls:{${harness.namespace}:${harness.lockTag('idle')}}:ended:idle`])
    expect(
      await harness.redis.zscore(
        `ls:{${harness.namespace}:${harness.lockTag('idle')}}:timers`,
        'idle',
      ),
    ).toBeNull()
    expect(
      await harness.redis.zscore(
        `ls:{${harness.namespace}:${harness.lockTag('idle')}}:locks`,
        'idle',
      ),
    ).toBeNull()
  })

  it('has an expiry on every key, once all leases have expired', async () => {
    const ns = `${harness.namespace}-quiet`
    const ask = (path: string, body: object) =>
      harness.request('post', `/v1/${path}`).set('lockstep-namespace', ns).send(body)
    const ttlMs = 30_000
    await ask('locks/one/acquire', { ttlMs, lockDelayMs: 1_000 }).expect(200)
    await ask('locks/one/acquire', { ttlMs, waitMs: 100 }).expect(423)
    await ask('locks/read/acquire', { ttlMs, mode: 'shared', owner: 'o' }).expect(200)
    await ask('locks/read/acquire', { ttlMs, mode: 'shared', owner: 'o' }).expect(200)
    await ask('semaphores/pool/acquire', { ttlMs, capacity: 3, permits: 2 }).expect(200)
    await ask('lock-sets/acquire', { ttlMs, names: ['set@a', 'set@b'] }).expect(200)
    await ask('locks/keyed/acquire', { ttlMs }).set('idempotency-key', 'k').expect(200)
    await ask('sessions', { ttlMs, prefix: 's' }).expect(201)

    harness.advance(60_000)

    const parts = /^ls:\{[^}]*\}:(fence|ended|idempotency|session[a-z-]*)(:|$)/
    const left = () => harness.redis.keys(`ls:{${ns}:*`)
    await until('only what is remembered is left', async () =>
      (await left()).every((one) => parts.test(one)),
    )
    for (const one of await left()) expect(await harness.redis.pttl(one), one).toBeGreaterThan(0)
  })
})

describe('GET a lock that is waited for', () => {
  it('shows who waits, at which position and since when', async () => {
    const { token } = await held('places')
    const waiting = [waits('places', { waitMs: 60_000, owner: 'a' })]
    await queued('places', 1)
    waiting.push(waits('places', { waitMs: 60_000 }))
    await queued('places', 2)
    harness.advance(2_000)

    const { waiters } = await look('places')

    expect(waiters).toEqual([
      { position: 1, owner: 'a', waitedMs: expect.any(Number) },
      { position: 2, waitedMs: expect.any(Number) },
    ])
    expect(waiters[1].waitedMs).toBeGreaterThanOrEqual(2_000)
    await lock('places', 'release', { token }).expect(200)
    await lock('places', 'release', { token: (await waiting[0])?.body.token }).expect(200)
    expect((await waiting[1])?.status).toBe(200)
  })
})
