import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

const HOUR_MS = 3_600_000
const sliding = { algorithm: 'sliding-window', limit: 10 }

it('starts afresh with another number of buckets, also of the same width', async () => {
  const key = randomUUID()
  const few = { ...sliding, windowMs: 4 * HOUR_MS, buckets: 4 }
  const many = { ...sliding, windowMs: 8 * HOUR_MS, buckets: 8 }
  for (const policy of [few, many, few]) {
    await limits.put('buckets', policy)
    const { body } = await limits.post('buckets/check', { key, cost: 6 }).expect(200)
    expect(body).toMatchObject({ allowed: true, remaining: 4 })
  }
})

it('forgets nothing when the clock of Redis steps back', async () => {
  await limits.put('stepping', { ...sliding, windowMs: 10 * HOUR_MS, buckets: 10 })
  const key = randomUUID()
  await limits.post('stepping/check', { key, cost: 6 }).expect(200)
  harness.advance(-2 * HOUR_MS)
  expect(await limits.remaining('stepping', key)).toBe(4)
})

it('answers with the time at which the share of the oldest bucket leaves room, and no later', async () => {
  await limits.put('weighted', { ...sliding, windowMs: 10 * HOUR_MS })
  const key = randomUUID()
  await limits.post('weighted/check', { key, cost: 10 }).expect(200)
  const { body } = await limits.post('weighted/peek', { key })
  expect(body.allowed).toBe(false)
  harness.advance(body.retryAfterMs - HOUR_MS / 2)
  expect((await limits.post('weighted/peek', { key })).body.allowed).toBe(false)
  harness.advance(HOUR_MS / 2)
  expect((await limits.post('weighted/check', { key })).body.allowed).toBe(true)
})
