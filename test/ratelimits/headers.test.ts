import { describe, expect, it } from 'vitest'
import { limitHeaders } from '../../src/ratelimits/checks/headers.js'
import { useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const NOW_MS = 1_795_248_000_400
const API = { name: 'api', key: 'a', limit: 100, capacity: 20, windowMs: 60_000 }
const FULL = { ...API, remaining: 19, resetAfterMs: 600 }
const EMPTY = { ...API, name: 'day', capacity: 100, remaining: 2, resetAfterMs: 3_500 }

describe('headers of a limit', () => {
  it('contain what remains of each limit, by the IETF draft', () => {
    expect(limitHeaders('ietf', [FULL, EMPTY], NOW_MS)).toEqual({
      'ratelimit-policy': '"api";q=100;w=60, "day";q=100;w=60',
      ratelimit: '"api";r=19;t=1, "day";r=2;t=4',
    })
  })

  it('distinguish several subjects of one policy without revealing them', () => {
    const { ratelimit, 'ratelimit-policy': policies } = limitHeaders(
      'ietf',
      [FULL, { ...FULL, key: 'b' }, EMPTY],
      NOW_MS,
    )
    const items = ratelimit?.split(', ') ?? []
    const pk = items.map((item) => /;pk=(:[A-Za-z0-9+/]+={0,2}:)/.exec(item)?.[1])
    expect(pk[0]).toBeDefined()
    expect(pk[1]).toBeDefined()
    expect(pk[0]).not.toBe(pk[1])
    expect(pk[2]).toBeUndefined()
    expect(policies?.split(', ').map((item) => /;pk=(:.+:)/.exec(item)?.[1])).toEqual(pk)
  })

  it.each([
    ['legacy', 'ratelimit', '4'],
    // As at GitHub: the time of the reset, in seconds since 1970.
    ['x-ratelimit', 'x-ratelimit', '1795248004'],
  ] as const)('in style %s are three, of the tightest limit', (style, prefix, reset) => {
    expect(limitHeaders(style, [FULL, EMPTY], NOW_MS)).toEqual({
      [`${prefix}-limit`]: '100',
      [`${prefix}-remaining`]: '2',
      [`${prefix}-reset`]: reset,
    })
  })

  it.each(['legacy', 'x-ratelimit'] as const)('in style %s count down from a burst', (style) => {
    const headers = limitHeaders(style, [FULL], NOW_MS)
    expect(Object.values(headers).slice(0, 2)).toEqual(['20', '19'])
  })

  it('are absent in style none, and for shadow limits alone', () => {
    expect(limitHeaders('none', [FULL], NOW_MS)).toEqual({})
    expect(limitHeaders('x-ratelimit', [], NOW_MS)).toEqual({})
  })
})

describe('LOCKSTEP_RATELIMIT_HEADERS=x-ratelimit', () => {
  const harness = useHarness({ environment: { LOCKSTEP_RATELIMIT_HEADERS: 'x-ratelimit' } })

  it('answers with X-RateLimit headers', async () => {
    const { put, post } = limitDriver(harness)
    await put('api', { limit: 60, windowMs: 3_600_000, burst: 20 }).expect(201)
    const { headers } = await post('api/check', { key: 'k' }).expect(200)
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '19' })
    expect(headers).not.toHaveProperty('ratelimit')
    const aheadSeconds =
      Number(headers['x-ratelimit-reset']) - Date.parse(headers.date as string) / 1_000
    expect(aheadSeconds).toBeGreaterThanOrEqual(59)
    expect(aheadSeconds).toBeLessThanOrEqual(62)
    const refunded = await post('api/refund', { key: 'k' }).expect(200)
    expect(refunded.headers['x-ratelimit-remaining']).toBe('20')
  })

  it('counts down from what an override leaves of the policy', async () => {
    const { put, post } = limitDriver(harness)
    await put('own', { limit: 60, windowMs: 3_600_000, burst: 20 }).expect(201)
    await harness
      .request('put', '/v1/ratelimit-policies/own/overrides/k')
      .send({ limit: 600 })
      .expect(201)
    const { headers } = await post('own/check', { key: 'k' }).expect(200)
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '19' })
  })
})
