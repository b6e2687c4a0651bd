import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { CHANGES } from '../../src/ratelimits/keys.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)
let key: string
const heard: string[] = []

beforeAll(async () => {
  await limits.put('api', { limit: 10, windowMs: 8_640_000_000 }).expect(201)
  await harness.connections.pubSub.subscribe(CHANGES, (message) => void heard.push(message))
  await until('a subscription', () => harness.connections.pubSub.hears(CHANGES))
})
beforeEach(() => {
  key = randomUUID()
})

const post = (verb: string, body: object = {}) => limits.post(`api/${verb}`, { key, ...body })
const override = (method: 'put' | 'get' | 'delete') =>
  harness.request(method, `/v1/ratelimit-policies/api/overrides/${key}`)
const timesHeard = () => heard.filter((id) => id === `${harness.namespace}:api:${key}`).length

/**
 * Waits for the expected number of messages, and then for a last one: one server sends in order. On
 * a Cluster another server may be faster, so the test also waits for the number.
 */
async function settled(times: number) {
  await until(`${times} messages`, () => timesHeard() >= times)
  const last = randomUUID()
  await limits.post('api/block', { key: last, ttlMs: 1 }).expect(200)
  await until('the last message', () => heard.includes(`${harness.namespace}:api:${last}`))
}

async function reserved(): Promise<string> {
  return (await post('reserve', { cost: 2 }).expect(200)).body.token
}

it.each([
  ['a refund', () => post('refund').expect(200)],
  ['a reset', () => post('check').then(() => post('reset').expect(200))],
  ['a block', () => post('block', { ttlMs: 60_000 }).expect(200)],
  ['the end of a block', () => post('unblock').expect(200)],
  ['an override', () => override('put').send({ limit: 5 }).expect(201)],
  ['the end of an override', () => override('delete').expect(204)],
  ['a commit', async () => post('commit', { token: await reserved(), actual: 1 }).expect(200)],
  ['a cancellation', async () => post('cancel', { token: await reserved() }).expect(200)],
])('sends one message to every process after %s', async (_what, change) => {
  await change()
  await settled(1)
  expect(timesHeard()).toBe(1)
})

it('sends no message for a call that changes nothing', async () => {
  await post('check').expect(200)
  await post('peek').expect(200)
  await override('get').expect(404)
  await limits.post('api/reset', { key: `${key}x` }).expect(200)
  const token = await reserved()
  const commit = () => post('commit', { token, actual: 1 }).set('idempotency-key', key).expect(200)
  await commit()
  await commit()
  const refund = () => post('refund').set('idempotency-key', key).expect(200)
  await refund()
  await refund()
  await settled(2)
  expect(timesHeard()).toBe(2)
})
