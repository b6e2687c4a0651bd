import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const { check, subject } = limitDriver(harness)

const inline = (key: string, more: object = {}) => ({
  name: 'a',
  algorithm: 'gcra',
  limit: 5,
  // A unit comes back every 1000 s, so the time that the test takes does not matter.
  windowMs: 5_000_000,
  key,
  ...more,
})

describe('gcra', () => {
  it('lets the burst through, then one for each interval', async () => {
    const key = subject()
    for (let left = 4; left >= 0; left--) {
      const { body } = await check({ limits: [inline(key)] }).expect(200)
      expect(body).toMatchObject({ allowed: true, remaining: left })
    }
    const { body, headers } = await check({ limits: [inline(key)] }).expect(200)
    expect(body).toMatchObject({ allowed: false, remaining: 0 })
    expect(body.retryAfterMs).toBeGreaterThan(900_000)
    expect(body.retryAfterMs).toBeLessThanOrEqual(1_000_000)
    expect(headers['retry-after']).toBe(String(Math.ceil(body.retryAfterMs / 1_000)))

    harness.advance(body.retryAfterMs)
    expect((await check({ limits: [inline(key)] })).body.allowed).toBe(true)
  })

  it('keeps what was consumed when the limit changes', async () => {
    const key = subject()
    await check({ limits: [inline(key, { cost: 5 })] })
    const raised = await check({ limits: [inline(key, { limit: 10, cost: 5 })] })
    expect(raised.body).toMatchObject({ allowed: true, remaining: 0 })
  })
})

describe('fixed-window', () => {
  const window = (key: string, more: object = {}) =>
    inline(key, { algorithm: 'fixed-window', ...more })

  it('starts with the first hit on request, and answers with its end', async () => {
    const key = subject()
    await check({ limits: [window(key, { align: 'first-hit', cost: 5 })] })
    const { body } = await check({ limits: [window(key, { align: 'first-hit' })] })
    expect(body.allowed).toBe(false)
    expect(body.retryAfterMs).toBeGreaterThan(4_900_000)

    harness.advance(body.retryAfterMs)
    const again = await check({ limits: [window(key, { align: 'first-hit' })] })
    expect(again.body).toMatchObject({ allowed: true, remaining: 4 })
  })

  it('keeps the count when the limit changes, and starts afresh with another window', async () => {
    const key = subject()
    await check({ limits: [window(key, { windowMs: 8_640_000_000, cost: 5 })] })
    const raised = await check({ limits: [window(key, { windowMs: 8_640_000_000, limit: 8 })] })
    expect(raised.body).toMatchObject({ allowed: true, remaining: 2 })
    const other = await check({ limits: [window(key, { windowMs: 4_320_000_000, limit: 8 })] })
    expect(other.body.remaining).toBe(7)
  })

  it('of less than a second does not live for ever', async () => {
    const key = subject()
    await check({ limits: [window(key, { windowMs: 1, limit: 1 })] })
    harness.advance(2)
    expect((await check({ limits: [window(key, { windowMs: 1, limit: 1 })] })).body.allowed).toBe(
      true,
    )
    expect(await harness.redis.pttl(`ls:{${harness.namespace}:r:${key}}:W:a`)).not.toBe(-1)
  })
})

describe('several limits', () => {
  it('decide for themselves with mode each', async () => {
    const key = subject()
    const full = inline(key, { name: 'full', limit: 1 })
    await check({ limits: [full] })
    const { body } = await check({ limits: [full, inline(key)], mode: 'each' })
    expect(body.allowed).toBe(false)
    expect(body.results).toMatchObject([
      { allowed: false, granted: 0 },
      { allowed: true, granted: 1 },
    ])
    expect((await check({ limits: [inline(key)], peek: true })).body.remaining).toBe(4)
  })

  it('admit exactly as many concurrent calls as the limit', async () => {
    const key = subject()
    const limit = inline(key, { limit: 50, windowMs: 3_600_000 })
    const answers = await Promise.all(Array.from({ length: 200 }, () => check({ limits: [limit] })))
    expect(answers.filter(({ body }) => body.allowed)).toHaveLength(50)
  })
})

describe('an answer', () => {
  it('marks a cost that can never be allowed, without a retry time', async () => {
    const { body, headers } = await check({ limits: [inline(subject(), { cost: 6 })] }).expect(200)
    expect(body).toMatchObject({ allowed: false, results: [{ unsatisfiable: true }] })
    expect(body).not.toHaveProperty('retryAfterMs')
    expect(headers).not.toHaveProperty('retry-after')
    const refused = await check({ limits: [inline(subject(), { cost: 6 })] }, '?onDeny=reject')
    expect(refused.status).toBe(429)
    expect(refused.headers).not.toHaveProperty('retry-after')
  })

  it('is a 429 with the results on request', async () => {
    const key = subject()
    await check({ limits: [inline(key, { cost: 5 })] })
    const { body, headers } = await check({ limits: [inline(key)] }, '?onDeny=reject').expect(429)
    expect(body).toMatchObject({ code: 'rate-limited', results: [{ allowed: false }] })
    expect(body.detail).toBe(`${body.results[0].policy} has no room for this request: 0 remain.`)
    expect(body.results[0].takenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(headers['retry-after']).toBe(String(Math.ceil(body.retryAfterMs / 1_000)))
  })

  it('carries the headers of the IETF draft', async () => {
    const key = subject()
    const { headers } = await check({ limits: [inline(key), inline(key, { name: 'b', limit: 9 })] })
    expect(headers['ratelimit-policy']).toBe('"a";q=5;w=5000, "b";q=9;w=5000')
    expect(headers.ratelimit).toMatch(/^"a";r=4;t=1000, "b";r=8;t=556$/)
  })

  it('to a peek consumes nothing', async () => {
    const key = subject()
    for (let i = 0; i < 3; i++) {
      const { body } = await check({ limits: [inline(key)], peek: true })
      expect(body).toMatchObject({ allowed: true, remaining: 5, results: [{ granted: 0 }] })
    }
  })
})

describe('an idempotency key', () => {
  it('makes a repeat count once', async () => {
    const key = subject()
    const request = () => check({ limits: [inline(key)] }).set('idempotency-key', key)
    await request().expect(200)
    const { body, headers } = await request().expect(200)
    expect(headers['idempotent-replayed']).toBe('true')
    expect(body).toMatchObject({ allowed: true, remaining: 4 })
  })

  it('does not remember a denial', async () => {
    const key = subject()
    await check({ limits: [inline(key, { cost: 5 })] })
    const request = () => check({ limits: [inline(key)] }).set('idempotency-key', key)
    expect((await request()).body.allowed).toBe(false)
    harness.advance(2_000_000)
    expect((await request()).body.allowed).toBe(true)
  })

  it('remembers only what was granted with mode each', async () => {
    const key = subject()
    const full = inline(key, { name: 'full', limit: 1 })
    await check({ limits: [full] })
    const request = () =>
      check({ limits: [full, inline(key)], mode: 'each' }).set('idempotency-key', key)
    await request()
    harness.advance(6_000_000)
    const { body } = await request()
    expect(body.allowed).toBe(true)
    expect((await check({ limits: [full], peek: true })).body.allowed).toBe(false)
  })

  it('belongs to one request', async () => {
    const key = subject()
    await check({ limits: [inline(key)] }).set('idempotency-key', key)
    await check({ limits: [inline(key, { cost: 2 })] })
      .set('idempotency-key', key)
      .expect(422)
  })
})

describe('bad input', () => {
  it.each([
    ['no limits', { limits: [] }, 'body/limits'],
    ['33 limits', { limits: Array.from({ length: 33 }, (_, i) => inline(`k${i}`)) }, 'body/limits'],
    ['the same limit twice', { limits: [inline('k'), inline('k')] }, 'body/limits/1'],
    ['neither policy nor name', { limits: [{ key: 'k' }] }, 'body/limits/0'],
    ['policy and name', { limits: [inline('k', { policy: 'a' })] }, 'body/limits/0'],
    [
      'an inline limit without a limit',
      { limits: [{ name: 'a', key: 'k' }] },
      'body/limits/0/limit',
    ],
    [
      'a policy with parameters',
      { limits: [{ policy: 'a', limit: 1, key: 'k' }] },
      'body/limits/0/limit',
    ],
    ['a cost of 0', { limits: [inline('k', { cost: 0 })] }, 'body/limits/0/cost'],
    [
      'a limit too fine',
      { limits: [inline('k', { limit: 1e9, windowMs: 1 })] },
      'body/limits/0/limit',
    ],
    [
      'a burst too far',
      { limits: [inline('k', { limit: 1, windowMs: 3e10, burst: 1e9 })] },
      'body/limits/0/burst',
    ],
    [
      'a burst of a window',
      { limits: [inline('k', { algorithm: 'fixed-window', burst: 1 })] },
      'body/limits/0/burst',
    ],
    ['an unknown field', { limits: [inline('k', { window: 1 })] }, 'body/limits/0/window'],
  ])('answers 400 for %s', async (_what, body, pointer) => {
    const answer = await check(body).expect(400)
    expect(answer.body.errors).toEqual([faultAt(pointer)])
  })

  it('answers 404 for an unknown policy', async () => {
    await check({ limits: [{ policy: 'none', key: 'k' }] }).expect(404)
  })
})
