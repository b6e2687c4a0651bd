import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const HOUR_MS = 3_600_000

let harness: Harness

// Of its own for each test: a clock that moved stays where it is.
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness.close())

const post = (name: string, verb: string, body: object = {}) =>
  harness.request('post', `/v1/locks/${name}/${verb}`).send(body)
const held = async (name: string, body: object = {}) =>
  (await post(name, 'acquire', body).expect(200)).body as {
    token: string
    fence: number
    waitedMs: number
    expiresInMs: number
  }
const waits = (name: string, body: object = {}) =>
  post(name, 'acquire', { waitMs: 60_000, ...body }).then((response) => response)
const get = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body
const queued = (name: string, length: number) =>
  until(`${length} wait`, async () => (await get(name)).queueLength === length)

describe('a Redis clock that steps back', () => {
  it('ends no lease, and a renewal counts from the new time', async () => {
    const { token, fence } = await held('back', { ttlMs: 30_000 })
    harness.advance(-HOUR_MS)

    const { body } = await post('back', 'renew', { token, ttlMs: 30_000 }).expect(200)

    expect(body.fence).toBe(fence)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    expect((await post('back', 'renew', { token }).expect(410)).body.code).toBe('lease-expired')
  })

  it('does not keep a name taken beyond minHoldMs, nor renew beyond maxHoldMs', async () => {
    const first = await held('hold', { minHoldMs: 20_000, maxHoldMs: 60_000 })
    harness.advance(-HOUR_MS)
    const { body } = await post('hold', 'renew', { token: first.token, ttlMs: 600_000 }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(60_000)
    harness.advance(-HOUR_MS)
    await post('hold', 'release', { token: first.token }).expect(200)
    await post('hold', 'acquire').expect(423)

    harness.advance(20_001)

    await post('hold', 'acquire').expect(200)
  })

  it('keeps the order of those who wait, and nobody has waited less than no time', async () => {
    const { token } = await held('order')
    const first = waits('order')
    await queued('order', 1)
    harness.advance(-HOUR_MS)
    const second = waits('order')
    await queued('order', 2)
    expect((await get('order')).waiters.map((one: { waitedMs: number }) => one.waitedMs)).toEqual([
      0,
      expect.any(Number),
    ])

    await post('order', 'release', { token }).expect(200)
    const { body } = await first
    expect(body.waitedMs).toBe(0)
    expect((await get('order')).queueLength).toBe(1)
    await post('order', 'release', { token: body.token }).expect(200)

    expect((await second).body.fence).toBeGreaterThan(body.fence)
  })
})

describe('a Redis clock that jumps forward', () => {
  it('ends the lease early: its holder hears it, and the next fence is higher', async () => {
    const first = await held('forward', { ttlMs: 60_000 })
    const waiting = waits('forward')
    await queued('forward', 1)

    harness.advance(HOUR_MS)

    const { body } = await waiting
    expect(body.fence).toBeGreaterThan(first.fence)
    const renewal = await post('forward', 'renew', { token: first.token }).expect(410)
    expect(renewal.body).toMatchObject({ code: 'lease-expired', fence: first.fence })
    expect((await post('forward', 'release', { token: first.token }).expect(410)).body.code).toBe(
      'lease-expired',
    )
  })
})

describe('a Redis clock that steps back and forth', () => {
  it('never gives a smaller fence, and wakes no lease that is over', async () => {
    const old = await held('forth', { ttlMs: 1_000 })
    const fences = [old.fence]
    for (const step of [HOUR_MS, -2 * HOUR_MS, HOUR_MS, -HOUR_MS, 3 * HOUR_MS, -HOUR_MS]) {
      harness.advance(step)
      await post('forth', 'revoke', { reason: 'next', force: true }).expect(200)
      fences.push((await held('forth', { ttlMs: 60_000 })).fence)
      await post('forth', 'renew', { token: old.token }).expect(410)
    }

    expect(fences).toEqual(fences.toSorted((a, b) => a - b))
    expect(new Set(fences).size).toBe(fences.length)
    const { body } = await post('forth', 'verify', { fence: old.fence }).expect(200)
    expect(body).toEqual({ current: false, fence: fences.at(-1) })
  })
})
