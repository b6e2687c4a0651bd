import { beforeEach, describe, expect, it } from 'vitest'
import type { LimitReply } from '../../src/ratelimits/checks/scripts.js'
import { DenyCache } from '../../src/ratelimits/deny-cache/deny-cache.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'

const POLICY: Policy = {
  algorithm: 'fixed-window',
  align: 'first-hit',
  limit: 1,
  windowMs: 600_000,
}

describe('the cache of denials', () => {
  let nowUs = 0
  let cache: DenyCache
  beforeEach(() => {
    nowUs = 0
    cache = new DenyCache(() => nowUs)
  })
  const result = (retryUs: number): LimitReply => ({
    allowed: false,
    remaining: 0,
    resetUs: retryUs,
    retryUs,
    granted: 0,
    override: 0,
    blocked: false,
    delayUs: 0,
    takenAtUs: 5_000_000,
  })
  const deny = (id: string, retryUs: number, cost = 1) =>
    cache.remember(id, cache.question(), { policy: POLICY, cost, result: result(retryUs) })

  it('denies until the subject may try again, with times as of now', () => {
    deny('a', 400_000)
    nowUs = 399_999
    expect(cache.find('a', POLICY, 1)).toMatchObject({
      allowed: false,
      retryUs: 1,
      resetUs: 1,
      takenAtUs: 5_399_999,
    })
    nowUs = 400_000
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
  })

  it('asks again after a second, however long the denial', () => {
    deny('a', 60_000_000)
    nowUs = 999_999
    expect(cache.find('a', POLICY, 1)?.retryUs).toBe(59_000_001)
    nowUs = 1_000_000
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
  })

  it('counts the end from the question, and the answered times from the answer', () => {
    const question = cache.question()
    nowUs = 100_000
    cache.remember('a', question, { policy: POLICY, cost: 1, result: result(400_000) })
    expect(cache.find('a', POLICY, 1)?.retryUs).toBe(400_000)
    nowUs = 399_999
    expect(cache.find('a', POLICY, 1)?.retryUs).toBe(100_001)
    nowUs = 400_000
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
  })

  it('does not deny a smaller cost, another version or another subject', () => {
    deny('a', 400_000, 5)
    expect(cache.find('a', POLICY, 5)).toBeDefined()
    expect(cache.find('a', POLICY, 6)).toBeDefined()
    expect(cache.find('a', POLICY, 4)).toBeUndefined()
    expect(cache.find('a', { ...POLICY }, 5)).toBeUndefined()
    expect(cache.find('b', POLICY, 5)).toBeUndefined()
  })

  it('forgets a dropped denial, and one that was asked for before the drop', () => {
    deny('a', 400_000)
    const question = cache.question()
    cache.drop('a')
    cache.remember('a', question, { policy: POLICY, cost: 1, result: result(400_000) })
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
  })

  it('recalls a denial until its retry time, and no longer', () => {
    deny('a', 60_000_000, 5)
    nowUs = 59_999_999
    expect(cache.find('a', POLICY, 5)).toBeUndefined()
    expect(cache.recall('a', POLICY, 5)?.retryUs).toBe(1)
    expect(cache.recall('a', POLICY, 4)).toBeUndefined()
    expect(cache.recall('a', { ...POLICY }, 5)).toBeUndefined()
    nowUs = 60_000_000
    expect(cache.recall('a', POLICY, 5)).toBeUndefined()
  })

  it('still recalls what it is in doubt about, until it is dropped', () => {
    deny('a', 400_000)
    const question = cache.question()
    cache.doubt()
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
    expect(cache.recall('a', POLICY, 1)).toBeDefined()
    cache.remember('a', question, { policy: POLICY, cost: 1, result: result(400_000) })
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
    cache.drop('a')
    expect(cache.recall('a', POLICY, 1)).toBeUndefined()
  })

  it('keeps 10,000 of them', () => {
    for (let i = 0; i < 10_001; i++) deny(`s${i}`, 400_000)
    expect(cache.find('s0', POLICY, 1)).toBeUndefined()
    expect(cache.find('s1', POLICY, 1)).toBeDefined()
  })
})
