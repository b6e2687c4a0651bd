import { EventEmitter } from 'node:events'
import type { FastifyReply } from 'fastify'
import type { Test } from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { releaseIfLost } from '../../src/deliveries/abandon.js'
import { createWaitList } from '../../src/queues/deliveries/wait-list.js'
import { Wakes } from '../../src/redis/wakes.js'
import { startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { queueDriver, type Received } from './driver.js'
import { testQueue } from './stores.js'

const harness = useHarness()
const other = useHarness()
let queues = 0

/** A queue, whose receives can wait at either instance. */
function newQueue(at = harness) {
  const name = `waiting-${queues++}`
  const queue = queueDriver(at, name)
  const registered = () => at.redis.zcard(`ls:{${at.namespace}:q:${name}}:waiting`)
  return {
    ...queue,
    name,
    registered,
    /** A receive that waits, at its instance alone. */
    async park(body: object = {}, instance = at): Promise<Promise<Received[]>[]> {
      const before = await registered()
      const answer = instance
        .request('post', `${queue.at}/receive`)
        .set('lockstep-namespace', at.namespace)
        .send({ waitMs: 20_000, ...body })
        .then(({ status, body: { items } }) => {
          expect(status).toBe(200)
          return items
        })
      await until('the receive to wait', async () => (await registered()) > before)
      // In a list, because a promise of a promise would wait for it.
      return [answer]
    },
  }
}

const bodies = (items: readonly Received[] | undefined) => items?.map(({ body }) => body)

describe('a receive that waits', () => {
  it('gets a message that is sent through another instance', async () => {
    const queue = newQueue()
    const [waiting] = await queue.park({ limit: 10 }, other)
    await queue.sendBodies('a')
    expect(bodies(await waiting)).toEqual(['a'])
  })

  it('has receipts that settle at any instance', async () => {
    const queue = newQueue()
    const [waiting] = await queue.park({}, other)
    await queue.sendBodies('a')
    const [item] = (await waiting)!
    expect(await queue.settle({ ack: [item!.receipt] })).toEqual(['acked'])
  })

  it('gets at once what is ready, also if that is less than its limit', async () => {
    const queue = newQueue()
    await queue.sendBodies('a', 'b')
    expect(bodies(await queue.receive({ limit: 10, waitMs: 20_000 }))).toEqual(['a', 'b'])
    expect(await queue.registered()).toBe(0)
  })

  it('takes its waiting time from the query, and is empty when that is over', async () => {
    const queue = newQueue()
    const { body } = await queue.post('receive?waitMs=20').expect(200)
    expect(body).toEqual({ items: [] })
  })

  it('gets a delayed message when it is ready', async () => {
    const queue = newQueue()
    const [waiting] = await queue.park()
    await queue.send({ body: 'later', delayMs: 50 }).expect(201)
    expect(bodies(await waiting)).toEqual(['later'])
  })

  it('gets the message of a worker that died, when its visibility ends', async () => {
    const queue = newQueue()
    await queue.sendBodies('a')
    await queue.take({ visibilityMs: 60_000 })
    const [waiting] = await queue.park()
    harness.advance(60_000)
    other.advance(60_000)
    expect(await waiting).toMatchObject([{ body: 'a', failures: 1, deliveries: 2 }])
  })

  it.each([
    ['released', (receipt: string) => ({ release: [receipt] })],
    ['rejected without a delay', (receipt: string) => ({ nack: [{ receipt, delayMs: 0 }] })],
    ['rejected with a delay', (receipt: string) => ({ nack: [{ receipt, delayMs: 50 }] })],
  ])('gets a message that is %s', async (_how, settlement) => {
    const queue = newQueue()
    await queue.sendBodies('a')
    const { receipt } = await queue.take()
    const [waiting] = await queue.park({}, other)
    await queue.settle(settlement(receipt))
    expect(bodies(await waiting)).toEqual(['a'])
  })

  it('gets the next message of a group when the one before is done', async () => {
    const queue = newQueue()
    await queue.send({ body: 1, group: 'g' }, { body: 2, group: 'g' }).expect(201)
    const { receipt } = await queue.take()
    const [waiting] = await queue.park({}, other)
    await queue.settle({ ack: [receipt] })
    expect(bodies(await waiting)).toEqual([2])
  })

  it('gets a dead letter that is redriven', async () => {
    const queue = newQueue()
    await queue.sendBodies('a')
    const { receipt } = await queue.take()
    await queue.settle({ nack: [{ receipt, dead: true }] })
    const [waiting] = await queue.park({}, other)
    await queue.post('dead/redrive', { count: 1 }).expect(200)
    expect(bodies(await waiting)).toEqual(['a'])
  })

  it('waits on while its queue is paused', async () => {
    const queue = newQueue()
    const [waiting] = await queue.park()
    await queue.put({ paused: true }).expect(201)
    await queue.sendBodies('a')
    expect(await queue.receive()).toEqual([])
    await queue.put({ paused: false }).expect(200)
    expect(bodies(await waiting)).toEqual(['a'])
  })

  it('gets the message that is left by a receive that waited as well', async () => {
    const queue = newQueue()
    const [first] = await queue.park()
    const [second] = await queue.park({}, other)
    await queue.sendBodies('a', 'b')
    const both = [...(bodies(await first) ?? []), ...(bodies(await second) ?? [])]
    expect(both.sort()).toEqual(['a', 'b'])
  })

  it('answers a repeat from its first answer, also if all of that is settled', async () => {
    const queue = newQueue()
    const receive = () =>
      queue.post('receive', { waitMs: 20_000 }).set('idempotency-key', 'k').expect(200)
    await queue.sendBodies('a')
    const [first] = (await receive()).body.items
    const again = await receive()
    expect(again.body.items[0].receipt).toBe(first.receipt)
    expect(again.headers['idempotent-replayed']).toBe('true')
    await queue.settle({ ack: [first.receipt] })
    expect((await receive()).body.items).toEqual([])
    const conflict = { limit: 2, waitMs: 20_000 }
    await queue.post('receive', conflict).set('idempotency-key', 'k').expect(422)
  })

  it('leaves with its client, and takes nothing', async () => {
    const queue = newQueue()
    const gone: Test = queue.post('receive', { waitMs: 20_000 })
    gone.end(() => undefined)
    await until('the receive to wait', async () => (await queue.registered()) === 1)
    const count = async () => (await harness.request('get', '/metrics')).text
    await until('a waiter', async () => /^lockstep_queues_waiters 1$/m.test(await count()))
    gone.abort()
    await until('its end', async () => /^lockstep_queues_waiters 0$/m.test(await count()))
    await queue.sendBodies('a')
    expect(await queue.take()).toMatchObject({ body: 'a', deliveries: 1 })
  })

  it('is empty when its instance shuts down', async () => {
    const stopping = await startHarness()
    const queue = newQueue(stopping)
    const [waiting] = await queue.park()
    await stopping.close()
    expect(await waiting).toEqual([])
  })

  it.each([20_001, -1, '5'])('refuses to wait for %j ms', async (waitMs) => {
    const refused = await newQueue().post('receive', { waitMs }).expect(400)
    expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer: '/waitMs' })
  })

  it('counts in the metrics from its wake to its messages', async () => {
    const count = async () => {
      const { text } = await harness.request('get', '/metrics')
      return Number(/^lockstep_queues_wake_seconds_count (\d+)$/m.exec(text)?.[1])
    }
    const before = await count()
    const queue = newQueue()
    const [waiting] = await queue.park()
    await queue.sendBodies('a')
    await waiting
    await until('the sample', async () => (await count()) > before)
  })
})

describe('an instance where as many wait as may', () => {
  const small = useHarness({ environment: { LOCKSTEP_QUEUE_WAITERS: '1' } })

  it('refuses one more that would wait', async () => {
    const queue = newQueue(small)
    const [waiting] = await queue.park()
    const { body, headers } = await queue.post('receive', { waitMs: 1 }).expect(429)
    expect(body).toMatchObject({ code: 'too-many-receivers', retryAfterMs: 1_000 })
    expect(headers['retry-after']).toBe('1')
    await queue.post('receive').expect(200)
    await queue.sendBodies('a')
    expect(bodies(await waiting)).toEqual(['a'])
  })
})

describe('a client that is gone', () => {
  const client = () => Object.assign(new EventEmitter(), { destroyed: false })

  it('while a receive for it was under way: the messages are released', async () => {
    const queue = testQueue(harness)
    await queue.send('a')
    const gone = client()
    const wakes = new Wakes({
      binder: harness.binder,
      pubSub: harness.connections.pubSub,
      maxPerThing: 9,
      onServed: () => undefined,
    })
    const waitList = createWaitList({
      wakes,
      settingsOf: async () => queue.queue.settings,
      metrics: { received: () => undefined },
      deliveries: {
        async receive(...call) {
          gone.emit('close')
          return queue.deliveries.receive(...call)
        },
      },
    })
    const outcome = await waitList.receive(queue.queue, { limit: 1, waitMs: 20_000, client: gone })
    if (outcome.kind !== 'received') throw new Error(outcome.kind)
    expect(outcome.deliveries).toHaveLength(1)
    expect(gone.listenerCount('close')).toBe(0)

    const raw = { destroyed: true, once: vi.fn() }
    releaseIfLost(
      { raw } as unknown as FastifyReply,
      (settlements) => queue.settle(...settlements),
      outcome.deliveries,
    )
    await until('the release', async () => (await queue.counts())?.ready === 1)
    expect(await queue.take()).toMatchObject({ deliveries: 2, failures: 0 })
  })

  it('before its receive began: it does not wait', async () => {
    const queue = newQueue()
    const raw = { destroyed: true, once: vi.fn(), off: vi.fn() }
    const wait = { result: Promise.resolve(undefined), leave: vi.fn() }
    const waitList = createWaitList({
      wakes: { hasRoom: () => true, wait: () => wait },
      settingsOf: async () => testQueue(harness).queue.settings,
      metrics: { received: () => undefined },
      deliveries: { receive: vi.fn() },
    })
    const call = { limit: 1, waitMs: 20_000, client: raw }
    const named = { ...testQueue(harness).queue, name: queue.name }
    expect(await waitList.receive(named, call)).toMatchObject({ deliveries: [] })
    expect(wait.leave).toHaveBeenCalledOnce()
  })
})
