import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

const HOUR_MS = 3_600_000

/** How far the clock of the scripts is ahead. */
let aheadMs = 0
function advance(ms: number): void {
  aheadMs += ms
  harness.advance(ms)
}

/** Moves the clock to the next full hour, so that no window ends while a test runs. */
async function toFullHour(): Promise<void> {
  const [seconds] = await harness.redis.time()
  advance(HOUR_MS - ((Number(seconds) * 1_000 + aheadMs) % HOUR_MS))
}

const WINDOW = { limit: 10, windowMs: HOUR_MS }

describe.each([
  ['gcra', WINDOW],
  ['gcra with a large burst', { ...WINDOW, burst: 100 }],
  ['leaky-bucket', { ...WINDOW, algorithm: 'leaky-bucket', maxDelayMs: 0.95 * HOUR_MS }],
  ['fixed-window', { ...WINDOW, algorithm: 'fixed-window' }],
  ['fixed-window of the first hit', { ...WINDOW, algorithm: 'fixed-window', align: 'first-hit' }],
  [
    'fixed-window of a calendar',
    { algorithm: 'fixed-window', align: 'calendar', period: 'hour', limit: 10 },
  ],
  ['sliding-window', { ...WINDOW, algorithm: 'sliding-window' }],
  [
    'sliding-window, strict',
    { ...WINDOW, algorithm: 'sliding-window', mode: 'strict', buckets: 4 },
  ],
  ['sliding-log', { ...WINDOW, algorithm: 'sliding-log' }],
])('a clock that steps back, in %s', (_name, policy) => {
  async function subject() {
    const name = randomUUID()
    await limits.put(name, policy).expect(201)
    const key = randomUUID()
    await toFullHour()
    return async (verb: string, body: object = {}) =>
      (await limits.post(`${name}/${verb}`, { key, ...body }).expect(200)).body
  }
  const most = 'burst' in policy ? policy.burst : policy.limit

  it('keeps what was consumed, and denies for a window at most', async () => {
    const post = await subject()
    await post('check', { cost: most })
    const before = (await post('peek')).retryAfterMs
    advance(-240 * HOUR_MS)
    const denied = await post('check')
    expect(denied).toMatchObject({ allowed: false, remaining: 0 })
    // A sliding window needs one bucket more than its window.
    expect(denied.retryAfterMs).toBeLessThanOrEqual(Math.max(before, HOUR_MS) + 1)
    const { resetAfterMs } = denied.results[0]
    expect(resetAfterMs).toBeLessThanOrEqual(Math.max(2 * HOUR_MS, (most / 10) * HOUR_MS))

    advance(denied.retryAfterMs)
    expect((await post('check')).allowed).toBe(true)
  })

  it('counts on from there', async () => {
    const post = await subject()
    await post('check', { cost: most - 3 })
    advance(-240 * HOUR_MS)
    expect((await post('check')).allowed).toBe(true)
    expect((await post('refund')).refunded).toBe(1)
    const { remaining } = await post('peek')
    // No unit comes back within the time that this takes.
    expect(remaining).toBe(3)
  })
})

describe('a strict window whose clock steps back', () => {
  const BUCKET_MS = HOUR_MS / 4
  const MINUTE_MS = 60_000
  const own = useHarness()
  const { put, post } = limitDriver(own)

  it('keeps what was consumed just before its newest bucket', async () => {
    const policy = { ...WINDOW, algorithm: 'sliding-window', mode: 'strict', buckets: 4 }
    await put('edge', policy).expect(201)
    const check = async (cost: number) =>
      (await post('edge/check', { key: 'k', cost }).expect(200)).body.allowed
    const [seconds] = await own.redis.time()
    const leftMs = BUCKET_MS - ((Number(seconds) * 1_000) % BUCKET_MS)

    own.advance(leftMs + BUCKET_MS - MINUTE_MS)
    expect(await check(9)).toBe(true)
    own.advance(2 * MINUTE_MS)
    expect(await check(1)).toBe(true)
    own.advance(-2 * MINUTE_MS)
    expect(await check(1)).toBe(false)

    // 59 real minutes of the 60-minute window have passed since the nine.
    own.advance(HOUR_MS - 3 * MINUTE_MS)
    expect(await check(9)).toBe(false)
    own.advance(BUCKET_MS + 3 * MINUTE_MS)
    expect(await check(9)).toBe(true)
  })
})
