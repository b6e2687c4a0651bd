import { describe, expect, it } from 'vitest'
import { sessionIdOf } from '../../src/locks/sessions/keys.js'
import { useFreshHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const HOUR_MS = 3_600_000

// A new service for each test, because a moved clock stays moved.
const harness = useFreshHarness()
const { post, lock, held, waits, look, queued } = lockDriver(harness)

describe('a Redis clock that steps back', () => {
  it('ends no lease, and a renewal counts from the new time', async () => {
    const { token, fence } = await held('back', { ttlMs: 30_000 })
    harness.advance(-HOUR_MS)

    const { body } = await lock('back', 'renew', { token, ttlMs: 30_000 }).expect(200)

    expect(body.fence).toBe(fence)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    expect((await lock('back', 'renew', { token }).expect(410)).body.code).toBe('lease-expired')
  })

  it('does not keep a name taken beyond minHoldMs, nor renew beyond maxHoldMs', async () => {
    const first = await held('hold', { minHoldMs: 20_000, maxHoldMs: 60_000 })
    harness.advance(-HOUR_MS)
    const { body } = await lock('hold', 'renew', { token: first.token, ttlMs: 600_000 }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(60_000)
    harness.advance(-HOUR_MS)
    await lock('hold', 'release', { token: first.token }).expect(200)
    await lock('hold', 'acquire').expect(423)

    harness.advance(20_001)

    await lock('hold', 'acquire').expect(200)
  })

  it('keeps the order of waiters, and no waiting time becomes negative', async () => {
    const { token } = await held('order')
    const first = waits('order')
    await queued('order', 1)
    harness.advance(-HOUR_MS)
    const second = waits('order')
    await queued('order', 2)
    expect((await look('order')).waiters.map((one: { waitedMs: number }) => one.waitedMs)).toEqual([
      0,
      expect.any(Number),
    ])

    await lock('order', 'release', { token }).expect(200)
    const { body } = await first
    expect(body.waitedMs).toBe(0)
    expect((await look('order')).queueLength).toBe(1)
    await lock('order', 'release', { token: body.token }).expect(200)

    expect((await second).body.fence).toBeGreaterThan(body.fence)
  })
})

describe('a Redis clock that steps back by less than the age of a lease', () => {
  const MINUTE_MS = 60_000
  const session = async (prefix: string, ttlMs: number) =>
    (await post('sessions', { prefix, ttlMs }).expect(201)).body.token
  const keep = (token: string) => post('sessions/keepalive', { token })

  it('gives the lease its TTL from the next renewal on', async () => {
    const { token } = await held('old', { ttlMs: 30_000 })
    for (let i = 0; i < 30; i++) {
      harness.advance(20_000)
      await lock('old', 'renew', { token, ttlMs: 30_000 }).expect(200)
    }
    harness.advance(-5 * MINUTE_MS)
    const { body } = await lock('old', 'renew', { token, ttlMs: 30_000 }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    await lock('old', 'acquire').expect(200)
  })

  it('ends the lease of a dead holder one TTL after the next request for its lock', async () => {
    await held('dead', { ttlMs: 30_000 })
    await held('dead-shared', { ttlMs: 30_000, mode: 'shared' })
    await held('dead-shared', { ttlMs: 20_000, mode: 'shared' })
    harness.advance(-5 * MINUTE_MS)
    for (const name of ['dead', 'dead-shared']) {
      expect((await look(name)).holders[0].expiresInMs).toBeLessThanOrEqual(30_000)
      expect((await lock(name, 'acquire').expect(423)).body.retryAfterMs).toBeLessThanOrEqual(
        30_000,
      )
    }
    harness.advance(30_001)
    for (const name of ['dead', 'dead-shared']) await lock(name, 'acquire').expect(200)
  })

  it('serves waiters in time, although no other request comes', async () => {
    await held('wait', { ttlMs: 30_000 })
    const waiting = waits('wait', { waitMs: 200_000 })
    await queued('wait', 1)
    harness.advance(-5 * MINUTE_MS)
    await until('the lock is looked at', async () => {
      const key = `ls:{${harness.namespace}:${harness.lockTag('wait')}}:timers`
      const due = Number(await harness.redis.zscore(key, 'wait')) / 1_000
      const leftMs = due - (Date.now() - 5 * MINUTE_MS)
      return leftMs > 0 && leftMs <= 30_000
    })
    harness.advance(30_001)
    expect((await waiting).status).toBe(200)
  })

  it('lengthens no lock delay, and puts off no revocation', async () => {
    const { token } = await held('delay', { lockDelayMs: 20_000 })
    await lock('delay', 'revoke', { reason: 'test', graceMs: 10_000 }).expect(200)
    harness.advance(-5 * MINUTE_MS)
    const { body } = await lock('delay', 'renew', { token }).expect(200)
    expect(body.revoke.expiresInMs).toBeLessThanOrEqual(10_000)
    harness.advance(10_001)
    await lock('delay', 'acquire').expect(423)
    harness.advance(-5 * MINUTE_MS)
    await lock('delay', 'acquire').expect(423)
    harness.advance(20_001)
    await lock('delay', 'acquire').expect(200)
  })

  it('does not lengthen the unclaimed grant of a dead instance when another grant is claimed', async () => {
    const scripts = lockScripts(harness)
    const writer = await scripts.acquire('grants')
    const reader = { mode: 'shared', waitMs: 60_000 }
    const { token } = await scripts.acquire('grants', reader)
    await scripts.acquire('grants', { ...reader, instance: 'dead' })
    await scripts.release('grants', writer.token)
    harness.advance(-5 * MINUTE_MS)
    expect(await scripts.claim('grants', token)).toMatchObject({ kind: 'granted' })
    harness.advance(2_001)
    expect(await scripts.sweep('grants')).toMatchObject({ claimTimeouts: 1 })
  })

  it('gives a session its TTL from the next keepalive on', async () => {
    const sessionToken = await session('back', 30_000)
    await held('back@a', { sessionToken })
    harness.advance(-HOUR_MS)
    const { body } = await harness
      .request('get', `/v1/sessions/${sessionIdOf(sessionToken)}`)
      .expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    expect((await keep(sessionToken).expect(200)).body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    await keep(sessionToken).expect(410)
    await lock('back@a', 'acquire').expect(200)
  })

  it('ends a session without keepalives one TTL after the next request for one of its locks', async () => {
    const sessionToken = await session('gone', 50_000)
    await held('gone@a', { sessionToken })
    harness.advance(40_000)
    await keep(sessionToken).expect(200)
    // The clock steps back to between the write of the lock and the keepalive.
    harness.advance(-20_000)
    harness.advance(30_001)
    await lock('gone@a', 'acquire').expect(423)
    harness.advance(-30_001)
    await lock('gone@a', 'acquire').expect(423)
    harness.advance(50_001)
    await lock('gone@a', 'acquire').expect(200)
  })
})

describe('a Redis clock that jumps forward', () => {
  it('ends the lease early: its holder is answered 410, and the next fence is higher', async () => {
    const first = await held('forward', { ttlMs: 60_000 })
    const waiting = waits('forward')
    await queued('forward', 1)

    harness.advance(HOUR_MS)

    const { body } = await waiting
    expect(body.fence).toBeGreaterThan(first.fence)
    const renewal = await lock('forward', 'renew', { token: first.token }).expect(410)
    expect(renewal.body).toMatchObject({ code: 'lease-expired', fence: first.fence })
    expect((await lock('forward', 'release', { token: first.token }).expect(410)).body.code).toBe(
      'lease-expired',
    )
  })
})

describe('a Redis clock that steps back and forth', () => {
  it('never grants a smaller fence, and revives no ended lease', async () => {
    const old = await held('forth', { ttlMs: 20_000 })
    const fences = [old.fence]
    for (const step of [HOUR_MS, -2 * HOUR_MS, HOUR_MS, -HOUR_MS, 3 * HOUR_MS, -HOUR_MS]) {
      harness.advance(step)
      await lock('forth', 'revoke', { reason: 'next', force: true }).expect(200)
      fences.push((await held('forth', { ttlMs: 60_000 })).fence)
      await lock('forth', 'renew', { token: old.token }).expect(410)
    }

    expect(fences).toEqual(fences.toSorted((a, b) => a - b))
    expect(new Set(fences).size).toBe(fences.length)
    const { body } = await lock('forth', 'verify', { fence: old.fence }).expect(200)
    expect(body).toEqual({ current: false, fence: fences.at(-1) })
  })
})
