import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkScript } from '../../src/ratelimits/checks/scripts.js'
import { reserveScript } from '../../src/ratelimits/reservations/scripts.js'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let redis: ManagedRedis
let proxy: FaultProxy
let harness: Harness

const WINDOW = { limit: 8, windowMs: 3_600_000 }
const POLICIES = {
  'by-default': WINDOW,
  open: { ...WINDOW, onError: 'open' },
  closed: { ...WINDOW, onError: 'closed' },
  local: { ...WINDOW, onError: 'local' },
  gate: { ...WINDOW, onError: 'closed', allow: ['vip'], deny: ['192.0.2.0/24'] },
}

beforeAll(async () => {
  redis = await startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../../.lockstep'),
  })
  proxy = await startFaultProxy(redis.url)
  harness = await startHarness({
    redisUrl: proxy.url,
    configFile: JSON.stringify({ policies: POLICIES }),
    environment: {
      LOCKSTEP_RATELIMIT_TIMEOUT_MS: `${SILENCE_MS}`,
      LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}`,
      LOCKSTEP_INSTANCES: '4',
    },
  })
})
afterAll(async () => {
  await harness.close()
  await proxy.close()
  await redis.stop()
})

let subjects = 0
let key = 'first'
beforeEach(() => {
  key = `s${subjects++}`
})

const check = (policy: string, more: object = {}) =>
  harness.request('post', `/v1/ratelimits/${policy}/check`).send({ key, ...more })
const checkAll = (policies: string[], more: object = {}) =>
  harness
    .request('post', '/v1/ratelimits/check')
    .send({ limits: policies.map((policy) => ({ policy, key })), ...more })
const checksSent = () => proxy.sent(checkScript.program.sha)
const metric = async (name: string) =>
  (await harness.app.metrics.registry.getSingleMetricAsString(name)).split('\n').slice(2)

/** Waits until Redis decides again. */
const untilBack = () =>
  until('a check that Redis decided', async () => {
    const { status, body } = await check('open', { key: `back-${subjects++}` })
    return status === 200 && body.results[0].degraded === undefined
  })

/** Uses up each policy for a subject until Redis denies it. */
async function deny(subject: string) {
  for (const policy of ['open', 'closed', 'local']) {
    await check(policy, { key: subject, cost: 8 }).expect(200)
    const { body } = await check(policy, { key: subject }).expect(200)
    expect(body).toMatchObject({ allowed: false })
    expect(body.results[0]).not.toHaveProperty('degraded')
  }
}

/** Expects a denial from this instance's memory, under any onError of the policies. */
async function expectDenied(subject: string) {
  for (const policy of ['open', 'closed', 'local']) {
    const { body } = await check(policy, { key: subject }).expect(200)
    expect(body).toMatchObject({ allowed: false, remaining: 0, results: [{ granted: 0 }] })
    expect(body.retryAfterMs).toBeGreaterThan(0)
    expect(body.results[0]).not.toHaveProperty('degraded')
  }
}

describe('while Redis is silent', () => {
  beforeAll(async () => {
    await untilBack()
    await deny('denied')
    proxy.freeze()
    await until('an open circuit', async () => {
      const { body } = await check('open')
      return body.results[0].degraded === 'open'
    })
  })
  afterAll(async () => {
    proxy.heal()
    await untilBack()
  })

  it('a subject that was denied stays denied until it may try again', async () => {
    // Longer than a denial holds at an instance that receives no messages.
    harness.advance(2_000)
    await expectDenied('denied')
    const both = [
      { policy: 'open', key: 'denied' },
      { policy: 'local', key },
    ]
    const all = await harness.request('post', '/v1/ratelimits/check').send({ limits: both })
    expect(all.body).toMatchObject({ allowed: false, results: [{}, { allowed: true, granted: 0 }] })
    const each = await harness
      .request('post', '/v1/ratelimits/check')
      .send({ limits: both, mode: 'each', take: 'up-to' })
    expect(each.body).toMatchObject({ results: [{ allowed: false }, { granted: 1 }] })
    // A request with an idempotency key may be the repeat of an allowed one.
    const repeat = await check('open', { key: 'denied' }).set('idempotency-key', 'denied')
    expect(repeat.body).toMatchObject({ allowed: true, results: [{ degraded: 'open' }] })

    harness.advance(3_600_000)
    const { body } = await check('open', { key: 'denied' }).expect(200)
    expect(body).toMatchObject({ allowed: true, results: [{ degraded: 'open' }] })
  })

  it('no request reaches it, and each policy follows its onError', async () => {
    const before = checksSent()
    expect(before).toBeGreaterThan(0)
    for (let i = 0; i < 20; i++) {
      for (const policy of ['by-default', 'open']) {
        const { body } = await check(policy).expect(200)
        expect(body).toMatchObject({ allowed: true, results: [{ degraded: 'open', granted: 1 }] })
      }
      const { body, headers } = await check('closed').expect(503)
      expect(body.code).toBe('store-unavailable')
      expect(headers['retry-after']).toBe('1')
    }
    expect(checksSent()).toBe(before)
    expect(await metric('lockstep_ratelimits_circuits_open')).toEqual([
      'lockstep_ratelimits_circuits_open 1',
    ])
  })

  it('local grants the share of this instance, and says when to retry', async () => {
    // 8 per hour among 4 instances: 2, and one more every half hour.
    for (const remaining of [1, 0]) {
      const { body } = await check('local').expect(200)
      expect(body).toMatchObject({
        allowed: true,
        remaining,
        results: [{ degraded: 'local', limit: 8 }],
      })
    }
    const { body, headers } = await check('local').expect(200)
    expect(body).toMatchObject({ allowed: false, remaining: 0, results: [{ granted: 0 }] })
    expect(body.retryAfterMs).toBeGreaterThan(1_700_000)
    expect(body.retryAfterMs).toBeLessThanOrEqual(1_800_000)
    expect(Number(headers['retry-after'])).toBeGreaterThan(1_700)
    harness.advance(body.retryAfterMs)
    expect((await check('local')).body.allowed).toBe(true)
  })

  it('nothing can be reserved, and the refusal comes at once', async () => {
    const sent = () => proxy.sent(reserveScript.program.sha)
    const before = sent()
    for (const policy of ['open', 'closed', 'local']) {
      const request = harness.request('post', `/v1/ratelimits/${policy}/reserve`).send({ key })
      expect((await request.expect(503)).body.code).toBe('store-unavailable')
    }
    expect(sent()).toBe(before)
  })

  it('lists still apply, because they need no Redis', async () => {
    for (let i = 0; i < 3; i++) {
      const { body } = await check('gate', { key: 'vip', cost: 9 }).expect(200)
      expect(body).toMatchObject({ allowed: true, remaining: 8, results: [{ listed: 'allow' }] })
      expect(body.results[0]).not.toHaveProperty('degraded')
    }
    const { body } = await check('gate', { key: '192.0.2.9' }).expect(200)
    expect(body).toMatchObject({ allowed: false, results: [{ unsatisfiable: true }] })
    await check('gate').expect(503)
  })

  it('a peek consumes nothing', async () => {
    const peek = () => harness.request('post', '/v1/ratelimits/local/peek').send({ key })
    for (const _ of [1, 2, 3]) expect((await peek()).body.remaining).toBe(2)
  })

  it('of several limits a closed one decides first, then a local one', async () => {
    await checkAll(['open', 'local', 'closed']).expect(503)
    const { body } = await checkAll(['open', 'local']).expect(200)
    const degraded = body.results.map((result: { degraded: string }) => result.degraded)
    expect([body.allowed, ...degraded]).toEqual([true, 'open', 'local'])
    await check('local')
    const denied = await checkAll(['open', 'local'])
    expect(denied.body).toMatchObject({
      allowed: false,
      results: [{ allowed: true, granted: 0 }, { allowed: false }],
    })
    const each = await checkAll(['open', 'local'], { mode: 'each' })
    expect(each.body.results[0]).toMatchObject({ allowed: true, granted: 1 })
  })

  it('takes from local limits all or nothing as well', async () => {
    const limit = (name: string, size: number) => ({
      ...{ name, limit: size, windowMs: 3_600_000, onError: 'local', key },
    })
    const both = { limits: [limit('small', 4), limit('large', 40)] }
    const ask = (body: object) =>
      harness.request('post', '/v1/ratelimits/check').send(body).expect(200)
    expect((await ask(both)).body.allowed).toBe(true)
    for (const _ of [1, 2]) expect((await ask(both)).body.allowed).toBe(false)
    const { body } = await ask({ limits: [limit('large', 40)], peek: true })
    expect(body.remaining).toBe(9)
  })

  it('a local limit grants up to its share, and one in shadow decides nothing', async () => {
    const { body } = await harness
      .request('post', '/v1/ratelimits/check')
      .send({ limits: [{ policy: 'local', key, cost: 5 }], take: 'up-to' })
    expect(body).toMatchObject({ allowed: true, results: [{ granted: 2 }] })
    const shadow = { name: 's', ...WINDOW, onError: 'closed', shadow: true, key }
    const both = await harness
      .request('post', '/v1/ratelimits/check')
      .send({ limits: [{ policy: 'open', key }, shadow] })
    expect(both.body).toMatchObject({ allowed: true, results: [{}, { degraded: 'open' }] })
  })

  it('a cost above the limit is denied anyway', async () => {
    const { body } = await check('open', { cost: 9 }).expect(200)
    expect(body).toMatchObject({ allowed: false, results: [{ unsatisfiable: true }] })
    expect(body).not.toHaveProperty('retryAfterMs')
  })

  it('counts what it decided', async () => {
    const before = await metric('lockstep_ratelimits_decisions_total')
    const value = (lines: string[], labels: string) =>
      Number(lines.find((line) => line.includes(labels))?.split(' ')[1] ?? 0)
    await check('open')
    await check('closed')
    await check('local')
    const after = await metric('lockstep_ratelimits_decisions_total')
    for (const labels of [
      'policy="open",outcome="fail-open"',
      'policy="closed",outcome="fail-closed"',
      'policy="local",outcome="local"',
    ]) {
      expect(value(after, labels) - value(before, labels), labels).toBe(1)
    }
  })
})

it('recovers by itself, and Redis still knows the consumption', async () => {
  await untilBack()
  const counted = () => check('closed', { cost: 5 }).set('idempotency-key', 'recovers')
  await until('an answer', async () => (await counted()).body.remaining === 3)
  proxy.refuse()
  await until('an open circuit', async () => {
    const { body } = await check('open')
    return body.results[0].degraded === 'open'
  })
  expect((await check('closed').expect(503)).body.code).toBe('store-unavailable')
  proxy.heal()
  await untilBack()
  const again = () => check('closed').set('idempotency-key', 'recovered')
  await until('what was left', async () => (await again()).body.remaining === 2)
  expect(await metric('lockstep_ratelimits_circuits_open')).toEqual([
    'lockstep_ratelimits_circuits_open 0',
  ])
})

it('a subject that was denied stays so when the connection is lost', async () => {
  await untilBack()
  await deny(key)
  proxy.refuse()
  await until('an open circuit', async () => {
    const { body } = await check('open', { key: 'nobody' })
    return body.results[0].degraded === 'open'
  })
  await expectDenied(key)
  proxy.heal()
  await untilBack()
})

it('a reply that is lost counts once with an idempotency key', async () => {
  await untilBack()
  proxy.dropReplies()
  const lost = await check('closed').set('idempotency-key', 'k').expect(503)
  expect(lost.body.code).toBe('outcome-unknown')
  proxy.heal()
  const repeated = await until('an answer', async () => {
    const answer = await check('closed').set('idempotency-key', 'k')
    return answer.status === 200 && answer
  })
  expect(repeated.headers['idempotent-replayed']).toBe('true')
  expect(repeated.body).toMatchObject({ allowed: true, remaining: 7 })
})
