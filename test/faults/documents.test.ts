import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDocuments } from '../../src/redis/documents.js'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let redis: ManagedRedis
let proxy: FaultProxy
let here: Harness
let there: Harness

beforeAll(async () => {
  redis = await startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../../.lockstep'),
  })
  proxy = await startFaultProxy(redis.url)
  here = await startHarness({ redisUrl: proxy.url })
  there = await startHarness({ redisUrl: redis.url })
})
afterAll(async () => {
  await here.close()
  await there.close()
  await proxy.close()
  await redis.stop()
})

const documentsOf = ({ binder, connections }: Harness) =>
  createDocuments<string>({
    binder,
    pubSub: connections.pubSub,
    part: 'colours',
    parse: (_name, body) => String(body),
    pollMs: 20,
  })

it('stay known in an outage; one that was never read is not reported as unknown', async () => {
  const [ours, theirs] = [documentsOf(here), documentsOf(there)]
  const { namespace } = here
  await ours.put(namespace, 'a', 'red')
  await ours.get(namespace, 'a')

  proxy.refuse()
  await until('the loss', () => !here.connection.isReady())
  expect((await ours.get(namespace, 'a'))?.value).toBe('red')
  await expect(ours.get(namespace, 'b')).rejects.toMatchObject({ code: 'store-unavailable' })

  proxy.heal()
  await theirs.put(namespace, 'a', 'blue')
  await until('the change', () => ours.peek(namespace, 'a')?.value === 'blue')
  ours.close()
  theirs.close()
})
