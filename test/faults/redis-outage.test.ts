import path from 'node:path'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let redis: ManagedRedis
let proxy: FaultProxy
let harness: Harness

beforeAll(async () => {
  redis = await startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../../.lockstep'),
  })
  proxy = await startFaultProxy(redis.url)
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` }
  harness = await startHarness({ redisUrl: proxy.url, environment })
})
afterAll(async () => {
  await harness.close()
  await proxy.close()
  await redis.stop()
})

const acquire = (name: string, key?: string) => {
  const request = harness.request('post', `/v1/locks/${name}/acquire`)
  return key ? request.set('idempotency-key', key) : request
}

const untilBack = (name: string) =>
  until('an answer of Redis', async () => (await acquire(name)).status === 200)

describe('a reply that is lost', () => {
  it('leaves the outcome unknown, and counts once with an idempotency key', async () => {
    // Redis must know the script: the lost reply is to be that of the acquire, not NOSCRIPT.
    await untilBack('warm')
    proxy.dropReplies()
    const lost = await acquire('lost', 'k').expect(503)
    expect(lost.body.code).toBe('outcome-unknown')
    expect(lost.headers).not.toHaveProperty('retry-after')
    const id = lost.headers['x-request-id'] as string
    const line = await until('its line', () => harness.log.find((text) => text.includes(id)))
    expect(JSON.parse(line)).toMatchObject({
      level: 40,
      outcome: 'outcome-unknown',
      redisMs: expect.any(Number),
    })

    proxy.heal()
    const repeated = await until('an answer of Redis', async () => {
      const answer = await acquire('lost', 'k')
      return answer.status === 200 && answer
    })

    // The first request was applied: the repeat finds its lease and makes no second one.
    expect(repeated.headers['idempotent-replayed']).toBe('true')
    const again = await acquire('lost', 'k').expect(200)
    expect(again.body.fence).toBe(repeated.body.fence)
  })
})

describe('a connection that is cut', () => {
  it('is replaced automatically', async () => {
    proxy.cut()
    await untilBack('after-cut')
  })
})

describe('a connection for commands that is lost alone', () => {
  it('makes the instance unready: every request would be refused', async () => {
    await until('ready', () => harness.request('get', '/readyz').expect(200))
    const client = harness.connection.client as Redis
    client.options.path = '/nowhere'
    client.disconnect()
    await until('the loss', () => !harness.connection.isReady())
    await harness.request('get', '/readyz').expect(503)
    delete client.options.path
    await until('ready', () => harness.request('get', '/readyz').expect(200))
  })
})

describe('Redis out of reach', () => {
  it('answers at once that nothing was applied, and is unready; then recovers', async () => {
    proxy.refuse()
    await until('the loss', () => !harness.connection.isReady())

    const { body, headers } = await acquire('down').expect(503)
    expect(body.code).toBe('store-unavailable')
    expect(headers['retry-after']).toBe('1')
    await harness.request('get', '/livez').expect(200)
    await until('unready', () => harness.request('get', '/readyz').expect(503))

    proxy.heal()
    await untilBack('down')
    await until('ready', () => harness.request('get', '/readyz').expect(200))
  })
})

describe('Redis killed and started again', () => {
  it('is a short outage', async () => {
    const before = await acquire('kill').expect(200)
    const killed = redis.pid()
    // Otherwise Redis might be back before the service notices.
    proxy.refuse()
    process.kill(killed, 'SIGKILL')

    await until('another Redis', () => redis.pid() !== killed)
    await until('the loss', async () => (await acquire('killed')).status === 503)
    proxy.heal()
    await untilBack('killed-after')

    // Redis lost its data, but fences still grow: they come from its clock.
    const after = await acquire('kill').expect(200)
    expect(after.body.fence).toBeGreaterThan(before.body.fence)
  })
})

describe('Redis stopped', () => {
  it('is answered within the time-out', async () => {
    process.kill(redis.pid(), 'SIGSTOP')
    try {
      const { body } = await acquire('stopped').expect(503)
      expect(body.code).toBe('outcome-unknown')
    } finally {
      process.kill(redis.pid(), 'SIGCONT')
    }
    await untilBack('stopped-after')
  })
})

it('never lets a token into the log, whatever breaks', async () => {
  const { body } = await acquire('logged').expect(200)
  proxy.dropReplies()
  await harness.request('post', '/v1/locks/logged/renew').send({ token: body.token }).expect(503)
  proxy.heal()
  await untilBack('logged-after')

  expect(harness.log.join('')).toContain('outcome-unknown')
  expect(harness.log.join('')).not.toContain(body.token)
})
