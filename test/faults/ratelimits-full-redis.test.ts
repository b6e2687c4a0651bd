import { beforeEach, expect, it } from 'vitest'
import { COUNTING, limitDriver } from '../ratelimits/driver.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'

const WINDOW = { limit: 10, windowMs: 8_640_000_000 }
const POLICIES = {
  ...Object.fromEntries(COUNTING.map(([name, policy]) => [name.replaceAll(/[ ,]+/g, '-'), policy])),
  closed: { ...WINDOW, onError: 'closed' },
  local: { ...WINDOW, onError: 'local' },
  shadow: { ...WINDOW, shadow: true },
}
const COUNTING_NAMES = Object.keys(POLICIES).slice(0, COUNTING.length)

const redis = useRedis()
const harness = useHarness(() => ({
  redisUrl: redis.url,
  configFile: JSON.stringify({ policies: POLICIES }),
}))
const limits = limitDriver(harness)
let subjects = 0
let key = ''

beforeEach(async () => {
  key = `s${subjects++}`
  await setFull(false)
})

const setFull = (full: boolean) => harness.redis.config('SET', 'maxmemory', full ? '1' : '0')
const check = async (policy: string, more: object = {}) =>
  (await limits.post(`${policy}/check`, { key, ...more }).expect(200)).body
const isKnown = (result: object) => !('degraded' in result)

it.each(COUNTING_NAMES)('a full Redis denies subjects it denied before: %s', async (policy) => {
  await check(policy, { cost: 9 })
  await setFull(true)
  const denied = await check(policy, { cost: 2 })
  expect(denied).toMatchObject({ allowed: false, remaining: 1 })
  expect(denied.results.every(isKnown)).toBe(true)
  // Redis would have to count this one.
  expect(await check(policy)).toMatchObject({ allowed: true, results: [{ degraded: 'open' }] })
  await setFull(false)
  expect(await limits.remaining(policy, key)).toBe(1)
})

it('follows onError where something must be counted', async () => {
  await setFull(true)
  const { body } = await limits.post('closed/check', { key }).expect(503)
  expect(body.code).toBe('store-full')
  expect(await check('local')).toMatchObject({ allowed: true, results: [{ degraded: 'local' }] })
})

it('keeps an override in its list where a change of it is refused', async () => {
  const overrides = '/v1/ratelimit-policies/closed/overrides'
  await harness.request('put', `${overrides}/${key}`).send({ limit: 5 }).expect(201)
  await setFull(true)
  await harness.request('delete', `${overrides}/${key}`).set('if-match', '"1"').expect(412)
  const { body } = await harness.request('get', overrides).expect(200)
  expect(body.items).toMatchObject([{ key, limit: 5 }])
})

it('does not take a Redis without replicas for a full one', async () => {
  const setReplicas = (count: string) => harness.redis.config('SET', 'min-replicas-to-write', count)
  await setReplicas('1')
  const { status, body } = await limits.post('closed/check', { key })
  await setReplicas('0')
  expect([status, body.code]).toEqual([503, 'not-replicated'])
})

it('applies onError only to the limits that Redis cannot count', async () => {
  await check('local', { cost: 10 })
  await setFull(true)
  const ask = async (names: string[], mode: string) => {
    const body = { limits: names.map((policy) => ({ policy, key })), mode }
    return (await limits.check(body).expect(200)).body
  }
  const each = await ask(['gcra', 'local', 'fixed-window'], 'each')
  expect(each).toMatchObject({
    allowed: false,
    results: [
      { allowed: true, granted: 1, degraded: 'open' },
      { allowed: false, granted: 0 },
      { allowed: true, granted: 1, degraded: 'open' },
    ],
  })
  expect(isKnown(each.results[1])).toBe(true)
  const all = await ask(['gcra', 'local'], 'all')
  expect(all).toMatchObject({ allowed: false, results: [{ granted: 0 }, { allowed: false }] })
  expect(all.results.every(isKnown)).toBe(true)
})

it('reports the result of a shadow limit, which decides nothing', async () => {
  await check('shadow', { cost: 10 })
  await setFull(true)
  const body = { limits: ['gcra', 'shadow'].map((policy) => ({ policy, key })) }
  expect((await limits.check(body).expect(200)).body).toMatchObject({
    allowed: true,
    results: [
      { allowed: true, degraded: 'open' },
      { allowed: false, shadow: true },
    ],
  })
})

it('still answers a repeat of a counted request', async () => {
  const ask = () => limits.post('closed/check', { key, cost: 4 }).set('idempotency-key', key)
  await ask().expect(200)
  await setFull(true)
  const { body, headers } = await ask().expect(200)
  expect(headers['idempotent-replayed']).toBe('true')
  expect(body).toMatchObject({ allowed: true, results: [{ granted: 4 }] })
})

it('denies a reservation without room, and refuses one that it would have to store', async () => {
  await check('closed', { cost: 9 })
  await setFull(true)
  const reserve = (cost: number) => limits.post('closed/reserve', { key, cost })
  expect((await reserve(2).expect(200)).body).toMatchObject({ allowed: false, remaining: 1 })
  expect((await reserve(1).expect(503)).body.code).toBe('store-full')
  await setFull(false)
  expect(await limits.remaining('closed', key)).toBe(1)
})

it('decides with a lower limit too, although it cannot store the converted usage', async () => {
  const policy = { limit: 100, windowMs: 100_000_000 }
  const ask = (limit: number) =>
    limits.check({ limits: [{ name: 'a', key, ...policy, limit, cost: 1 }] }).expect(200)
  await ask(100)
  await limits.check({ limits: [{ name: 'a', key, ...policy, cost: 99 }] }).expect(200)
  await setFull(true)
  const { body } = await ask(10)
  expect(body).toMatchObject({ allowed: false, remaining: 0 })
  expect(isKnown(body.results[0])).toBe(true)
})
