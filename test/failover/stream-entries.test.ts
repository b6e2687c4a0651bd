import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEvents } from '../support/event-client.js'
import { freePort } from '../support/free-port.js'
import { type Harness, startHarness } from '../support/harness.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'

const AT = '/v1/streams/orders'

let servers: Servers
let harness: Harness

beforeAll(async () => {
  servers = await startTopology('sentinel', { giveUpMs: 1_500 })
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: '500' }
  harness = await startHarness({ redisUrl: servers.url, environment })
})
afterAll(async () => {
  await harness?.close()
  await servers?.stop()
})

/** Once, however often it is repeated. */
const append = (data: string): Promise<string> =>
  until(`the append of ${data}`, async () => {
    const entries = [{ event: 'e', data }]
    const asked = harness.request('post', `${AT}/entries`).set('idempotency-key', data)
    const { body } = await asked.send({ entries }).expect(201)
    return body.entries[0].id
  })

/** Changes how every Sentinel watches the primary. */
async function setSentinels(option: string, value: number): Promise<void> {
  for (const [, port] of servers.url.matchAll(/:(\d+)/g)) {
    const client = new Redis({ host: '127.0.0.1', port: Number(port) })
    await client.call('SENTINEL', 'SET', 'lockstep', option, value)
    client.disconnect()
  }
}

it('readers of entries that a failover lost learn so, on an open connection and from a page', async () => {
  const [primary, ...replicas] = servers.nodes
  const kept = await append('kept')
  await primary!.client.wait(2, 10_000)
  const follower = await openEvents(harness, `${AT}/events?after=start`)
  expect(await follower.next()).toMatchObject({ id: kept })

  // The replicas follow nobody. Sentinel makes them follow again after its failover-timeout, and
  // promotes none that followed nobody for ten times its down-after-milliseconds.
  await setSentinels('failover-timeout', 600_000)
  await setSentinels('down-after-milliseconds', 6_000)
  const nowhere = String(await freePort())
  for (const { client } of replicas) await client.replicaof('127.0.0.1', nowhere)
  const lost = [await append('lost'), await append('lost too')]
  for (const id of lost) expect(await follower.next()).toMatchObject({ id })
  process.kill(primary!.pid(), 'SIGKILL')
  await setSentinels('failover-timeout', 5_000)

  const page = () => harness.request('get', `${AT}/entries`).query({ after: lost[1] })
  await until('the answer of the promoted replica', async () => (await page()).status === 410)
  expect((await page()).body).toMatchObject({ code: 'position-lost', oldest: kept, newest: kept })
  expect((await page()).body).not.toHaveProperty('missed')
  const reset = await follower.nextOf('reset')
  expect(reset.data).toEqual({ asked: lost[1], oldest: kept, newest: kept })

  const next = await append('next')
  expect(next).toMatch(/-2$/)
  expect(await follower.nextOf('e')).toMatchObject({ id: kept })
  expect(await follower.nextOf('e')).toMatchObject({ id: next })
  follower.close()
})
