import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
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
    environment: { LOCKSTEP_RATELIMIT_TIMEOUT_MS: '400' },
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
const remaining = async (policy = 'api') => (await post('peek', {}, policy)).body.remaining

/**
 * Sends a request whose answer gets lost behind Redis, then again with the same key. A script that
 * Redis does not know yet would not be run, so callers have run it before.
 */
async function repeat(verb: string, body: object, policy = 'api') {
  const attempt = () => post(verb, body, policy).set('idempotency-key', `${verb}-${key}`)
  proxy.dropReplies()
  const lost = await attempt()
  proxy.heal()
  await until('Redis answers', async () => {
    const { status, body: peeked } = await post('peek', { key: 'somebody' }, policy)
    return status === 200 && peeked.results[0].degraded === undefined
  })
  return { lost, again: await attempt().expect(200), third: await attempt().expect(200) }
}

function expectOnce({ lost, again, third }: Awaited<ReturnType<typeof repeat>>) {
  expect(lost.body).toMatchObject({ status: 503, code: 'outcome-unknown' })
  for (const answer of [again, third]) expect(answer.headers['idempotent-replayed']).toBe('true')
}

const reserve = async (cost: number): Promise<string> =>
  (await post('reserve', { cost }).expect(200)).body.reservationId

it('a check counts once', async () => {
  await post('check', { key: 'warm' }).expect(200)
  const answers = await repeat('check', { cost: 4 })
  expectOnce(answers)
  expect(answers.again.body).toMatchObject({ allowed: true, results: [{ granted: 4 }] })
  expect(await remaining()).toBe(6)
})

it('a check that was let through without an answer counts once', async () => {
  const { lost, again } = await repeat('check', { cost: 4 }, 'open')
  expect(lost.body).toMatchObject({ allowed: true, results: [{ degraded: 'open' }] })
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect(await remaining('open')).toBe(6)
})

it('a refund gives back once', async () => {
  await post('check', { cost: 9 }).expect(200)
  await post('refund', { key: 'warm' }).expect(200)
  const answers = await repeat('refund', { cost: 3 })
  expectOnce(answers)
  expect(answers.again.body).toMatchObject({ refunded: 3, remaining: 4 })
  expect(await remaining()).toBe(4)
})

it('a reservation is made once, and its id is not lost', async () => {
  await post('reserve', { key: 'warm' }).expect(200)
  const answers = await repeat('reserve', { cost: 6 })
  expectOnce(answers)
  expect(answers.third.body.reservationId).toBe(answers.again.body.reservationId)
  expect(await remaining()).toBe(4)
  const { reservationId } = answers.again.body
  await post('commit', { reservationId, actual: 1 }).expect(200)
  expect(await remaining()).toBe(9)
})

it.each([
  ['commit', 2, 8],
  ['commit', 9, 1],
  ['cancel', 0, 10],
])('a %s to %i settles once', async (verb, actual, left) => {
  const reservationId = await reserve(6)
  const warm = await reserve(1)
  await post('cancel', { reservationId: warm }).expect(200)
  const answers = await repeat(verb, {
    reservationId,
    ...(verb === 'commit' && { actual }),
  })
  expectOnce(answers)
  expect(answers.again.body).toMatchObject({ reserved: 6, actual, remaining: left })
  expect(await remaining()).toBe(left)
})
