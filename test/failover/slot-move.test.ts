import slotOfKey from 'cluster-key-slot'
import type { Test } from 'supertest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { queueDriver } from '../queues/driver.js'
import { streamDriver } from '../streams/driver.js'
import { type Harness, startHarness } from '../support/harness.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'
import { beginMove, endMove, moveKeys } from './slots.js'

let servers: Servers
let harness: Harness

beforeAll(async () => {
  servers = await startTopology('cluster')
  // Half of it passes before a call is refused.
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: '10000' }
  harness = await startHarness({ redisUrl: servers.url, environment })
})
afterAll(async () => {
  await harness?.close()
  await servers?.stop()
})

/** The answer of a call, also on a machine that is too busy for some. */
const answerOf = (call: () => Test) =>
  until('an answer of Redis', async () => {
    const { status, body } = await call()
    return body.code !== 'store-unavailable' && { status, body }
  })

/**
 * Moves the keys with this tag in two parts, and makes the calls after each.
 * @param half a call that changes settings first, which are in another slot
 */
async function moving(tag: string, calls: readonly (() => Test)[], half: () => Test) {
  const slot = slotOfKey(`ls:{${harness.namespace}:${tag}}:`)
  const primaries = servers.nodes.slice(0, 3)
  const from = primaries[Math.floor((slot * 3) / 16_384)]!
  const to = primaries.find((node) => node !== from)!
  const refused = async () => {
    for (const { status, body } of await Promise.all(calls.map(answerOf))) {
      expect([status, body.code, body.reason]).toEqual([503, 'store-not-ready', 'slot-moving'])
    }
  }
  await beginMove(slot, from, to)
  const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
  const middle = Math.ceil(keys.length / 2)
  for (const part of [keys.slice(0, middle), keys.slice(middle)]) {
    await moveKeys(from, to, part)
    await refused()
  }
  const { status, body } = await answerOf(half)
  expect([status, body.code]).toEqual([503, 'outcome-unknown'])
  await endMove(slot, from, to, primaries)
}

it('a queue whose slot moves refuses every call, and has all of its messages afterwards', async () => {
  const queue = queueDriver(harness, 'moved')
  expect((await answerOf(() => queue.put({}))).status).toBe(201)
  await queue.send({ body: 'a', group: 'g' }, { body: 'b', group: 'g' }, { body: 'c' }).expect(201)
  const { receipt } = await queue.take()
  await queue.take({ visibilityMs: 1_000 })
  harness.advance(1_000)
  await moving(
    'q:moved',
    [
      () => queue.send({ body: 'd', group: 'g' }),
      () => queue.post('receive', { limit: 10 }),
      () => queue.post('settle', { ack: [receipt] }),
      () => queue.get(),
    ],
    () => harness.request('delete', queue.at),
  )
  expect(await queue.settle({ ack: [receipt] })).toEqual(['acked'])
  expect(await queue.receive({ limit: 10 })).toMatchObject([
    { body: 'b', failures: 0 },
    { body: 'c', failures: 1 },
  ])
})

it('a stream whose slot moves refuses every call, and has all of its entries afterwards', async () => {
  const stream = streamDriver(harness, 'moved')
  const g = stream.group('g')
  expect((await answerOf(() => g.put())).status).toBe(201)
  const [id] = await stream.appendData('a', 'b')
  const { receipt } = (await g.post('receive').expect(200)).body.items[0]
  await moving(
    's:moved',
    [
      () => stream.append({ event: 'e', data: 'c' }),
      () => stream.get(),
      () => stream.get({ after: id }),
      () => g.post('receive'),
      () => g.post('settle', { ack: [receipt] }),
      () => g.post('seek', { to: 'start' }),
    ],
    () => stream.put({}),
  )
  const { results } = (await g.post('settle', { ack: [receipt] }).expect(200)).body
  expect(results).toEqual([{ receipt, status: 'acked' }])
  expect((await g.post('receive', { limit: 10 }).expect(200)).body.items).toMatchObject([
    { data: 'b' },
  ])
  expect(await stream.data()).toEqual(['a', 'b'])
})
