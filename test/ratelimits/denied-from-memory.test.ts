import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DenyCache } from '../../src/ratelimits/deny-cache/deny-cache.js'
import { dropOnChanges } from '../../src/ratelimits/deny-cache/stores.js'
import { changeOf } from '../../src/ratelimits/keys.js'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const POLICY: Policy = {
  algorithm: 'fixed-window',
  align: 'first-hit',
  limit: 1,
  windowMs: 600_000,
}

describe('a denied subject', () => {
  const harness = useHarness()
  const other = useHarness()
  let key = ''
  let subjects = 0

  beforeAll(async () => {
    const policies = {
      one: POLICY,
      fast: { algorithm: 'gcra', limit: 1, windowMs: 1_000 },
      shadow: { ...POLICY, shadow: true },
      leaky: { algorithm: 'leaky-bucket', limit: 1, windowMs: 60_000, maxDelayMs: 0 },
      changing: POLICY,
    }
    for (const [name, policy] of Object.entries(policies)) {
      await harness.request('put', `/v1/ratelimit-policies/${name}`).send(policy).expect(201)
    }
  })
  beforeEach(() => {
    key = `s${subjects++}`
  })

  const post = (verb: string, body: object = {}, of = harness) =>
    of
      .request('post', `/v1/ratelimits/${verb}`)
      .set('lockstep-namespace', harness.namespace)
      .send({ key, ...body })
  const check = async (policy: string, body: object = {}, of = harness) =>
    (await post(`${policy}/check`, body, of).expect(200)).body

  async function metric(name: string, label = ''): Promise<number> {
    const text = await harness.app.metrics.registry.getSingleMetricAsString(name)
    const line = text.split('\n').find((one) => one.startsWith(name) && one.includes(label))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
  const hits = () => metric('lockstep_ratelimits_deny_cache_hits_total')
  /** Number of check calls that went to Redis. */
  async function asked(): Promise<number> {
    const name = 'lockstep_redis_batch_calls'
    const text = await harness.app.metrics.registry.getSingleMetricAsString(name)
    const sum = /lockstep_redis_batch_calls_sum\{script="ratelimits.check"\} (\d+)/.exec(text)
    return Number(sum?.[1] ?? 0)
  }

  it('is answered without Redis, as Redis would', async () => {
    await check('one')
    const denied = await post('one/check').expect(200)
    const before = [await asked(), await hits()] as const
    for (let i = 0; i < 10; i++) {
      const { body, headers } = await post('one/check').expect(200)
      expect(Object.keys(body.results[0])).toEqual(Object.keys(denied.body.results[0]))
      expect(body).toMatchObject({ allowed: false, remaining: 0, results: [{ granted: 0 }] })
      expect(body.retryAfterMs).toBeLessThanOrEqual(denied.body.retryAfterMs)
      expect(body.retryAfterMs).toBeGreaterThan(30_000)
      expect(headers.ratelimit).toMatch(/^"one";r=0;t=\d+$/)
      expect(Number(headers['retry-after'])).toBeGreaterThan(30)
    }
    await post('one/check?onDeny=reject').expect(429)
    // Real time goes on: when a second is over, a check reaches Redis.
    const after = [await asked(), await hits()] as const
    expect(after[0] - before[0] + after[1] - before[1]).toBe(11)
    expect(after[1] - before[1]).toBeGreaterThan(0)
  })

  it('is allowed again at its retry time', async () => {
    // On a slow machine the next token may come before the next call.
    const denied = await until('a denial', async () => {
      const answer = await check('fast')
      return !answer.allowed && answer
    })
    const { retryAfterMs } = denied
    for (const each of [harness, other]) each.advance(retryAfterMs)
    expect(await check('fast')).toMatchObject({ allowed: true })
  })

  it.each([
    ['a reset', () => post('one/reset')],
    ['a refund', () => post('one/refund', { cost: 1 })],
    [
      'an override',
      () =>
        harness
          .request('put', `/v1/ratelimit-policies/one/overrides/${key}`)
          .send({ limit: 5, ttlMs: 60_000 }),
    ],
  ])('is freed at once by %s', async (_what, free) => {
    await check('one')
    expect(await check('one')).toMatchObject({ allowed: false })
    await free().expect((answer) => expect(answer.status).toBeLessThan(300))
    expect(await check('one')).toMatchObject({ allowed: true })
  })

  it('is freed at once by the end of a block', async () => {
    await post('one/block', { ttlMs: 60_000 }).expect(200)
    expect(await check('one')).toMatchObject({ allowed: false })
    await post('one/unblock').expect(200)
    expect(await check('one')).toMatchObject({ allowed: true })
  })

  it('is freed at once by a reservation that is cancelled', async () => {
    const { body } = await post('one/reserve', { cost: 1 }).expect(200)
    expect(await check('one')).toMatchObject({ allowed: false })
    await post('one/cancel', { token: body.token }).expect(200)
    expect(await check('one')).toMatchObject({ allowed: true })
  })

  it('stays denied without Redis after a GET of its override', async () => {
    await check('one')
    // A busy machine may let the second pass between the denial and the next check.
    await until('a denial from memory after the GET', async () => {
      await check('one')
      await harness.request('get', `/v1/ratelimit-policies/one/overrides/${key}`).expect(404)
      const before = await hits()
      await check('one')
      return (await hits()) === before + 1
    })
  })

  it('is decided by the present policy', async () => {
    await check('changing')
    expect(await check('changing')).toMatchObject({ allowed: false })
    await harness
      .request('put', '/v1/ratelimit-policies/changing')
      .send({ ...POLICY, limit: 2 })
      .expect(200)
    expect(await check('changing')).toMatchObject({ allowed: true })
  })

  it('is still asked about for less cost, peeks, repeats and several limits', async () => {
    await harness.request('put', '/v1/ratelimit-policies/wide').send({ ...POLICY, limit: 10 })
    await check('wide', { cost: 8 })
    expect(await check('wide', { cost: 3 })).toMatchObject({ allowed: false })
    expect(await check('wide', { cost: 2 })).toMatchObject({ allowed: true })

    const sent = () => post('one/check').set('idempotency-key', `k-${key}`)
    expect((await sent()).body).toMatchObject({ allowed: true })
    await check('one')
    const repeated = await sent()
    expect(repeated.body).toMatchObject({ allowed: true })
    expect(repeated.headers['idempotent-replayed']).toBe('true')
    const before = await hits()
    await post('one/peek').expect(200)
    const both = {
      limits: [
        { policy: 'one', key },
        { policy: 'wide', key },
      ],
    }
    await harness.request('post', '/v1/ratelimits/check').send(both).expect(200)
    await harness
      .request('post', '/v1/ratelimits/check')
      .send({ limits: [{ policy: 'one', key }], take: 'up-to' })
      .expect(200)
    expect(await hits()).toBe(before)
  })

  it.each(['shadow', 'leaky'])('of a %s limit is checked in Redis every time', async (policy) => {
    await check(policy)
    const before = await hits()
    for (const _ of [1, 2, 3]) await check(policy)
    expect(await hits()).toBe(before)
  })

  it('is freed by a change in another process, which sends a message', async () => {
    // The clock does not advance: only the message can end this denial.
    const cache = new DenyCache(() => 0)
    dropOnChanges(cache, other.connections.pubSub)
    await until('a subscription', () => other.connections.pubSub.hears('ls:ratelimits:changed'))
    const id = changeOf(harness.namespace, { name: 'one', key, inline: false })
    const deny = () => {
      const result = { allowed: false, remaining: 0, resetUs: 9, retryUs: 9, granted: 0 }
      const more = { override: 0, blocked: false, delayUs: 0, takenAtUs: 1 }
      cache.remember(id, cache.question(), {
        policy: POLICY,
        cost: 1,
        result: { ...result, ...more },
      })
      return cache.find(id, POLICY, 1) !== undefined
    }
    await check('one')
    for (const [verb, body] of [
      ['refund', { cost: 1 }],
      ['reset', {}],
      ['block', { ttlMs: 1_000 }],
      ['unblock', {}],
    ] as const) {
      if (verb === 'reset') await check('one')
      expect(deny(), verb).toBe(true)
      await post(`one/${verb}`, body).expect(200)
      await until(`a message of ${verb}`, () => cache.find(id, POLICY, 1) === undefined)
    }
  })

  it('in another process is free again soon after a reset here', async () => {
    await check('one')
    expect(await check('one', {}, other)).toMatchObject({ allowed: false })
    await post('one/reset').expect(200)
    const there = async () => (await check('one', {}, other)).allowed
    await expect.poll(there).toBe(true)
  })

  it('is forgotten when messages may have been missed', () => {
    const gaps: (() => void)[] = []
    const cache = new DenyCache(() => 0)
    dropOnChanges(cache, {
      ...other.connections.pubSub,
      onGap(listener) {
        gaps.push(listener)
        return () => undefined
      },
    })
    const result = { allowed: false, remaining: 0, resetUs: 9, retryUs: 9, granted: 0 }
    const more = { override: 0, blocked: false, delayUs: 0, takenAtUs: 1 }
    const denial = { policy: POLICY, cost: 1, result: { ...result, ...more } }
    cache.remember('a', cache.question(), denial)
    expect(cache.find('a', POLICY, 1)).toBeDefined()
    for (const gap of gaps) gap()
    expect(cache.find('a', POLICY, 1)).toBeUndefined()
  })
})
