import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Response, Test } from 'supertest'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let redis: ManagedRedis
let proxy: FaultProxy
let harness: Harness
let key: string

const WINDOW = { limit: 10, windowMs: 86_400_000, align: 'first-hit', algorithm: 'fixed-window' }
const POLICIES = { api: { ...WINDOW, onError: 'closed' }, open: { ...WINDOW, onError: 'open' } }

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
    },
  })
})
afterAll(async () => {
  await harness.close()
  await proxy.close()
  await redis.stop()
})
beforeEach(() => {
  key = randomUUID()
})

const post = (verb: string, body: object, policy = 'api') =>
  harness.request('post', `/v1/ratelimits/${policy}/${verb}`).send({ key, ...body })
const remaining = async (policy = 'api') =>
  (await answered(() => post('peek', {}, policy))).body.remaining

/** Retries until Redis decides; the requests are safe to repeat. */
async function answered(ask: () => Test): Promise<Response> {
  let answer: Response | undefined
  await until('an answer of Redis', async () => {
    answer = await ask()
    return answer.status === 200 && answer.body.results?.[0].degraded === undefined
  })
  return answer as Response
}

/**
 * Sends a request whose reply from Redis is lost, then repeats it with the same key. Redis must
 * know the script (see `warm`): otherwise the lost reply is NOSCRIPT, and nothing is applied.
 */
async function repeat(verb: string, body: object, policy = 'api') {
  const attempt = () => post(verb, body, policy).set('idempotency-key', `${verb}-${key}`)
  proxy.dropReplies()
  const lost = await attempt()
  proxy.heal()
  return { lost, again: await answered(attempt), third: await answered(attempt) }
}

const warm = (verb: string) => answered(() => post(verb, { key: randomUUID() }))

function expectOnce({ lost, again, third }: Awaited<ReturnType<typeof repeat>>) {
  expect(lost.body).toMatchObject({ status: 503, code: 'outcome-unknown' })
  for (const answer of [again, third]) expect(answer.headers['idempotent-replayed']).toBe('true')
}

/** Sends a request under one key until it is answered, so it applies once. */
const once = (verb: string, body: object, name = verb) =>
  answered(() => post(verb, body).set('idempotency-key', `first-${name}-${key}`))

it('a check counts once', async () => {
  await warm('check')
  const answers = await repeat('check', { cost: 4 })
  expectOnce(answers)
  expect(answers.again.body).toMatchObject({ allowed: true, results: [{ granted: 4 }] })
  expect(await remaining()).toBe(6)
})

it('a check that was let through without an answer counts once', async () => {
  await warm('check')
  const { lost, again } = await repeat('check', { cost: 4 }, 'open')
  expect(lost.body).toMatchObject({ allowed: true, results: [{ degraded: 'open' }] })
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect(await remaining('open')).toBe(6)
})

it('a refund gives back once', async () => {
  await once('check', { cost: 9 })
  await warm('refund')
  const answers = await repeat('refund', { cost: 3 })
  expectOnce(answers)
  expect(answers.again.body).toMatchObject({ refunded: 3, remaining: 4 })
  expect(await remaining()).toBe(4)
})

it('a reservation is made once, and its id is not lost', async () => {
  await warm('reserve')
  const answers = await repeat('reserve', { cost: 6 })
  expectOnce(answers)
  expect(answers.third.body.token).toBe(answers.again.body.token)
  expect(await remaining()).toBe(4)
  const { token } = answers.again.body
  await once('commit', { token, actual: 1 })
  expect(await remaining()).toBe(9)
})

it.each([
  ['commit', 2, 8],
  ['commit', 9, 1],
  ['cancel', 0, 10],
])('a %s to %i settles once', async (verb, actual, left) => {
  const { token } = (await once('reserve', { cost: 6 })).body
  const other = (await once('reserve', { cost: 1 }, 'other')).body
  await once('cancel', { token: other.token })
  const answers = await repeat(verb, {
    token,
    ...(verb === 'commit' && { actual }),
  })
  expectOnce(answers)
  expect(answers.again.body).toMatchObject({ reserved: 6, actual, remaining: left })
  expect(await remaining()).toBe(left)
})
