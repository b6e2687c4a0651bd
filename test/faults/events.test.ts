import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { openEvents } from '../support/event-client.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let harness: Harness
let proxy: FaultProxy
/** Watches through the proxy; `harness` causes the events. */
let other: Harness

beforeAll(async () => {
  harness = await startHarness()
  proxy = await startFaultProxy(inject('redisUrl'))
  other = await startHarness({ redisUrl: proxy.url })
})
afterAll(async () => {
  await other.close()
  await proxy.close()
  await harness.close()
})

const held = async (name: string) =>
  (await harness.request('post', `/v1/locks/${name}/acquire`).expect(200)).body as { fence: number }

async function watch(name: string) {
  const headers = { 'lockstep-namespace': harness.namespace }
  const client = await openEvents(other, `/v1/locks/${name}/events`, { headers })
  onTestFinished(() => client.close())
  return client
}
const warm = () => other.request('get', '/v1/locks/warm')
const isBack = () => until('it is back', async () => (await warm()).status === 200)

describe('events while Redis is away', () => {
  it('arrive when it is back, and none is missing', async () => {
    const client = await watch('away')
    await client.nextOf('watching')
    proxy.refuse()
    await until('it knows', () => !other.connections.commands.isReady())
    const { fence } = await held('away')
    expect(client.events).toHaveLength(1)

    proxy.heal()

    expect(await client.next()).toMatchObject({ event: 'granted', data: { fence } })
    await isBack()
  })

  it('arrive although every message is lost', async () => {
    const client = await watch('silent')
    await client.nextOf('watching')
    // Without its watchers in Redis no message is published, as if each were lost.
    const tag = harness.lockTag('silent')
    await harness.redis.del(`ls:{${harness.namespace}:${tag}}:watchers:silent`)

    const { fence } = await held('silent')

    await until('the event', () => client.events.length === 2)
    expect(client.events[1]).toMatchObject({ event: 'granted', data: { fence } })
  })

  it('cannot be opened: the request gets an answer, not a cut stream', async () => {
    proxy.refuse()
    await until('it knows', () => !other.connections.commands.isReady())
    const client = await watch('refused')
    await client.ended()
    expect([client.status, client.body().code]).toEqual([503, 'store-unavailable'])
    proxy.heal()
    await isBack()
  })
})
