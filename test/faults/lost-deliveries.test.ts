import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { queueDriver } from '../queues/driver.js'
import { streamDriver } from '../streams/driver.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { openRaw } from '../support/raw-socket.js'
import { samples } from '../support/samples.js'
import { until } from '../support/until.js'

let redis: ManagedRedis
let proxy: FaultProxy
let harness: Harness

beforeAll(async () => {
  redis = await startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../../.lockstep'),
  })
  proxy = await startFaultProxy(redis.url)
  harness = await startHarness({ redisUrl: proxy.url })
})
afterAll(async () => {
  await harness.close()
  await proxy.close()
  await redis.stop()
})

/** Calls a receive, and disconnects after Redis delivered and before the answer. */
async function receiveInVain(path: string, name: string, headers = ''): Promise<void> {
  const isGone = new Promise((resolve) =>
    harness.app.server.once('connection', (socket) => socket.once('close', resolve)),
  )
  const before = proxy.sent(name)
  proxy.hold()
  const client = openRaw(harness)
  client.send(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\n` +
      `lockstep-namespace: ${harness.namespace}\r\n${headers}content-length: 0\r\n\r\n`,
  )
  await until('the call is sent to Redis', () => proxy.sent(name) > before)
  client.socket.destroy()
  await isGone
  proxy.heal()
}

/** How many deliveries of a domain the metrics count as released. */
const released = async (what: string): Promise<number> =>
  (await samples(harness, `lockstep_${what}_total`))['event="released"'] ?? 0

it.each([
  ['gone', ''],
  ['gone-waiting', '?waitMs=20000'],
])('releases the messages of a client that disconnected: %s', async (name, query) => {
  const queue = queueDriver(harness, name)
  await queue.sendBodies('a')
  // Redis knows the script, and the service the settings.
  expect(await queue.receive({ visibilityMs: 1_000 })).toHaveLength(1)
  harness.advance(1_000)

  const counted = await released('queues_messages')

  await receiveInVain(`${queue.at}/receive${query}`, name)

  await until('the release is counted', async () => {
    return (await released('queues_messages')) === counted + 1
  })
  expect(await queue.take()).toMatchObject({ deliveries: 3, failures: 1 })
})

it('releases the entries of a client that disconnected', async () => {
  const stream = streamDriver(harness, 'gone-from-a-group')
  const group = stream.group('g')
  await group.put().expect(201)
  await stream.appendData('a')
  const receive = async (body = {}) => (await group.post('receive', body).expect(200)).body.items
  expect(await receive({ visibilityMs: 1_000 })).toHaveLength(1)
  harness.advance(1_000)
  expect(await released('streams_group_entries')).toBe(0)

  await receiveInVain(`${group.at}/receive`, 'gone-from-a-group')

  await until('the release is counted', async () => {
    return (await released('streams_group_entries')) === 1
  })
  expect(await receive()).toMatchObject([{ deliveries: 3, failures: 1 }])
})

it('keeps them for the repeat under an Idempotency-Key', async () => {
  const queue = queueDriver(harness, 'kept')
  await queue.sendBodies('a')
  expect(await queue.receive({ visibilityMs: 1_000 })).toHaveLength(1)
  harness.advance(1_000)

  await receiveInVain(`${queue.at}/receive`, 'kept', 'idempotency-key: once\r\n')

  const { body } = await queue.post('receive').set('idempotency-key', 'once').expect(200)
  expect(body.items).toMatchObject([{ deliveries: 2, failures: 1 }])
  expect(await queue.settle({ ack: [body.items[0].receipt] })).toEqual(['acked'])
})

it('lets a receive wait on while the connections to Redis are cut', async () => {
  const queue = queueDriver(harness, 'cut')
  const waiting = queue.post('receive', { waitMs: 20_000 }).then(({ body }) => body.items)
  const registered = () => harness.redis.zcard(`ls:{${harness.namespace}:q:cut}:waiting`)
  await until('the receive to wait', async () => (await registered()) === 1)
  proxy.cut()
  await until('a message is sent', async () => {
    return (await queue.send({ body: 'a', dedupId: 'one' })).status === 201
  })
  expect(await waiting).toMatchObject([{ body: 'a', deliveries: 1 }])
})
