import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { listedAs } from '../../src/ratelimits/lists/lists.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { COUNTING, limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

describe('a list', () => {
  const policy: Policy = {
    algorithm: 'gcra',
    limit: 1,
    windowMs: 1_000,
    allow: ['partner', '10.0.0.0/8', '10.9.9.9', '2001:db8::/32', '203.0.113.7', 'a/b', '::/0'],
    deny: ['10.9.0.0/16', 'rival', '2001:db8:bad::/48', '203.0.113.7', '0.0.0.0/0'],
  }

  it.each([
    ['partner', 'allow'],
    ['rival', 'deny'],
    ['Partner', undefined],
    ['partner2', undefined],
    ['a/b', 'allow'],
    // The longest matching network decides; a single address is longer than any network.
    ['10.1.2.3', 'allow'],
    ['10.9.1.1', 'deny'],
    ['10.9.9.9', 'allow'],
    ['203.0.113.7', 'deny'],
    ['198.51.100.1', 'deny'],
    ['2001:db8:1::1', 'allow'],
    ['2001:db8:bad::1', 'deny'],
    ['2001:DB8:0BAD:0::1', 'deny'],
    ['fe80::1%eth0', 'allow'],
    ['::ffff:10.1.2.3', 'allow'],
    ['::ffff:a09:101', 'deny'],
    // A subject may be a network, which must lie within a network of the list.
    ['2001:db8:bad::/64', 'deny'],
    ['2001:db8::/20', 'allow'],
    ['10.9.0.0/16', 'deny'],
    ['10.0.0.0/7', 'deny'],
    ['10.1.2.3.4', undefined],
    ['10.1.2', undefined],
    ['10.1.2.3/33', undefined],
    ['10.1.2.3/8/8', undefined],
    ['10.1.2.3/', undefined],
    ['/8', undefined],
  ])('says of %s: %s', (key, listed) => {
    expect(listedAs({ policy, key })).toBe(listed)
  })

  it('of IPv4 inside IPv6 is one of IPv4', () => {
    const mapped: Policy = { ...policy, allow: ['::ffff:192.0.2.0/120'], deny: [] }
    expect(listedAs({ policy: mapped, key: '192.0.2.9' })).toBe('allow')
    expect(listedAs({ policy: mapped, key: '::ffff:192.0.2.9' })).toBe('allow')
    expect(listedAs({ policy: mapped, key: '192.0.3.9' })).toBe(undefined)
    expect(listedAs({ policy: mapped, key: '::192.0.2.9' })).toBe(undefined)
  })

  it('says nothing where there is none', () => {
    expect(listedAs({ policy: { algorithm: 'gcra', limit: 1, windowMs: 1 }, key: 'x' })).toBe(
      undefined,
    )
  })
})

describe.each(COUNTING)('a policy with lists: %s', (_name, policy) => {
  const name = randomUUID()
  beforeAll(async () => {
    await limits.put(name, { ...policy, allow: ['vip'], deny: ['192.0.2.0/24'] }).expect(201)
  })

  it('never limits an allowed subject, and counts nothing', async () => {
    for (let i = 0; i < 3; i++) {
      const { body } = await limits.post(`${name}/check`, { key: 'vip', cost: 100 }).expect(200)
      expect(body).toMatchObject({ allowed: true, remaining: 10, retryAfterMs: 0 })
      expect(body.results[0]).toMatchObject({ listed: 'allow', granted: 100, resetAfterMs: 0 })
    }
    expect(await harness.redis.keys(`ls:{${harness.namespace}:r:vip}:*`)).toEqual([])
  })

  it('always denies a denied subject, without a retry time', async () => {
    const key = '192.0.2.77'
    const { body, headers } = await limits.post(`${name}/check?onDeny=reject`, { key }).expect(429)
    expect(body.results[0]).toMatchObject({
      allowed: false,
      listed: 'deny',
      unsatisfiable: true,
      remaining: 0,
    })
    expect(headers).not.toHaveProperty('retry-after')
    expect(body).not.toHaveProperty('retryAfterMs')
    const { body: reserved } = await limits.post(`${name}/reserve`, { key })
    expect(reserved.allowed).toBe(false)
  })

  it('leaves all others alone', async () => {
    const { body } = await limits.post(`${name}/check`, { key: '192.0.3.77' })
    expect(body).toMatchObject({ allowed: true, remaining: 9 })
    expect(body.results[0]).not.toHaveProperty('listed')
  })

  it('reserves and settles without counting', async () => {
    const { body } = await limits.post(`${name}/reserve`, { key: 'vip', cost: 50 }).expect(200)
    expect(body).toMatchObject({ allowed: true, results: [{ listed: 'allow', granted: 50 }] })
    const settled = await limits
      .post(`${name}/commit`, { key: 'vip', token: body.token, actual: 20 })
      .expect(200)
    expect(settled.body).toMatchObject({ reserved: 50, actual: 20, refunded: 0, remaining: 10 })
  })
})

describe('lists', () => {
  const POLICY = { limit: 10, windowMs: 8_640_000_000 }

  it('decide together with other limits: all or nothing', async () => {
    await limits.put('gate', { ...POLICY, allow: ['vip'], deny: ['rival'] }).expect(201)
    await limits.put('plain', POLICY).expect(201)
    const both = (key: string, cost = 1) => ({
      limits: [
        { policy: 'gate', key, cost },
        { policy: 'plain', key, cost },
      ],
    })
    expect((await limits.check(both('rival'))).body.allowed).toBe(false)
    expect(await limits.remaining('plain', 'rival')).toBe(10)
    const { body } = await limits.check({ ...both('vip', 15), take: 'up-to' })
    expect(body.results.map(({ granted }: { granted: number }) => granted)).toEqual([10, 10])
    const alone = { limits: [{ policy: 'gate', key: 'vip', cost: 15 }], take: 'up-to' }
    expect((await limits.check(alone)).body.results[0].granted).toBe(15)
  })

  it('do not lift a block', async () => {
    await limits.put('blocked', { ...POLICY, allow: ['vip'] }).expect(201)
    await limits.post('blocked/block', { key: 'vip', ttlMs: 60_000 })
    const { body } = await limits.post('blocked/check', { key: 'vip' })
    expect(body).toMatchObject({ allowed: false, results: [{ blocked: true }] })
    expect(body.retryAfterMs).toBeGreaterThan(0)
  })

  it('change with the policy', async () => {
    await limits.put('changing', { ...POLICY, deny: ['x'] }).expect(201)
    expect((await limits.post('changing/check', { key: 'x' })).body.allowed).toBe(false)
    const { body } = await limits.put('changing', { ...POLICY, allow: ['y'] }).expect(200)
    expect(body).toMatchObject({ allow: ['y'] })
    expect((await limits.post('changing/check', { key: 'x' })).body.allowed).toBe(true)
  })

  it.each([
    ['a network that is too long', { allow: ['10.0.0.0/33'] }, 'body/allow/0'],
    ['one of IPv6 that is too long', { deny: ['x', '::1/129'] }, 'body/deny/1'],
    ['a mask', { deny: ['10.0.0.0/255.0.0.0'] }, 'body/deny/0'],
    ['a length with a zero before it', { deny: ['10.0.0.0/08'] }, 'body/deny/0'],
    ['an empty entry', { deny: [''] }, 'body/deny/0'],
    ['more than 1000', { deny: Array.from({ length: 1_001 }, (_, i) => `s${i}`) }, 'body/deny'],
  ])('are refused with %s', async (_what, lists, pointer) => {
    const { body } = await limits.put('bad', { ...POLICY, ...lists }).expect(400)
    expect(body.errors).toEqual([faultAt(pointer)])
  })

  it.each(['allow', 'deny'])('are not for leases: %s', async (field) => {
    const leases = { algorithm: 'concurrency', limit: 3, leaseMs: 1_000, [field]: ['k'] }
    const { body } = await limits.put('leases', leases).expect(400)
    expect(body.errors).toEqual([faultAt(`body/${field}`)])
  })

  it('are not for limits of a request', async () => {
    const inline = { name: 'a', key: 'k', ...POLICY, allow: ['k'] }
    const { body } = await limits.check({ limits: [inline] }).expect(400)
    expect(body.errors).toEqual([faultAt('body/limits/0/allow')])
  })
})
