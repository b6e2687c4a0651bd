import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { SILENCE_MS } from '../support/bounds.js'
import { openEvents } from '../support/event-client.js'
import { startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const harness = useHarness()

const acquire = (name: string, body: object = {}) =>
  harness.request('post', `/v1/locks/${name}/acquire`).send(body)
const get = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body

const warm = (at: Harness) => at.request('get', '/v1/locks/warm')

async function held(name: string, body: object, at: Harness) {
  const client = await openEvents(at, `/v1/locks/${name}/hold`, {
    method: 'POST',
    body,
    headers: { 'lockstep-namespace': harness.namespace },
  })
  onTestFinished(() => client.close())
  expect(client.status).toBe(200)
  expect((await client.next()).event).toBe('acquired')
  return client
}

describe('a hold whose Redis is away', () => {
  async function behindProxy() {
    const proxy = await startFaultProxy(inject('redisUrl'))
    const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` }
    const other = await startHarness({ redisUrl: proxy.url, environment })
    await until('it is warm', async () => (await warm(other)).status === 200)
    onTestFinished(async () => {
      proxy.heal()
      await until('it is back', async () => (await warm(other)).status === 200)
      await other.close()
      await proxy.close()
    })
    return { proxy, other }
  }

  it('for a moment keeps its lease', async () => {
    const { proxy, other } = await behindProxy()
    const client = await held('moment', { ttlMs: 30_000 }, other)
    proxy.refuse()
    await until('it knows', () => !other.connections.commands.isReady())
    proxy.heal()
    await client.nextOf('ping')
    await acquire('moment').expect(423)
  })

  it('for longer: the holder learns of the loss before another can get the lock', async ({
    skip,
  }) => {
    if (process.env.LOCKSTEP_TEST_TOPOLOGY) return skip()
    const { proxy, other } = await behindProxy()
    const client = await held('long', { ttlMs: 10_000 }, other)
    const isLost = () => client.events.some(({ event }) => event === 'lost')
    const waiting = acquire('long', { waitMs: 240_000 }).then(({ status }) => [status, isLost()])
    await until('it waits', async () => (await get('long')).queueLength === 1)
    proxy.freeze()

    const lost = await client.nextOf('lost')

    expect(lost.data.reason).toBe('store-unavailable')
    expect(await client.ended()).toBe(true)
    expect(await waiting).toEqual([200, true])
  })

  it('when the client disconnects: the lease is released as soon as Redis answers', async ({
    skip,
  }) => {
    if (process.env.LOCKSTEP_TEST_TOPOLOGY) return skip()
    const { proxy, other } = await behindProxy()
    const client = await held('leave', { ttlMs: 60_000 }, other)
    proxy.refuse()
    await until('it knows', () => !other.connections.commands.isReady())
    client.close()
    await until('it is noticed', async () => {
      const { text } = await other.request('get', '/metrics')
      return text.includes('lockstep_locks_stream_ends_total{kind="hold",why="client"} 1')
    })
    await acquire('leave').expect(423)
    proxy.heal()
    await until('it is free', async () => (await get('leave')).state === 'free')
  })
})
