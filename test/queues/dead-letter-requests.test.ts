import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { queueDriver } from './driver.js'

const harness = useHarness()
let queues = 0
const newQueue = () => queueDriver(harness, `dead-${queues++}`)
type Driver = ReturnType<typeof newQueue>

/** Messages with these bodies, as dead letters. @returns their ids */
async function bury(queue: Driver, ...bodies: readonly unknown[]): Promise<string[]> {
  const ids = await queue.sendBodies(...bodies)
  const items = await queue.receive({ limit: bodies.length })
  const nack = items.map(({ receipt }) => ({ receipt, dead: true }))
  expect(await queue.settle({ nack })).toEqual(bodies.map(() => 'dead'))
  return ids
}

const deadBodies = async (queue: Driver) => {
  const { body } = await harness.request('get', `${queue.at}/messages`).query({ state: 'dead' })
  return body.items.map((item: { body: unknown }) => item.body)
}

it('a message that failed too often becomes one', async () => {
  const queue = newQueue()
  await queue.put({ maxFailures: 2 }).expect(201)
  await queue.sendBodies('a')
  const nack = async () => {
    const { receipt } = await queue.take()
    return queue.settle({ nack: [{ receipt, delayMs: 0 }] })
  }
  expect([await nack(), await nack()]).toEqual([['retrying'], ['dead']])
  expect(await queue.receive()).toEqual([])
  expect(await deadBodies(queue)).toEqual(['a'])
})

describe('a redrive', () => {
  it('by id makes them ready without failures, and passes over others', async () => {
    const queue = newQueue()
    const [first, , third] = await bury(queue, 'a', 'b', 'c')
    const [alive] = await queue.sendBodies('d')
    const { body } = await queue
      .post('dead/redrive', { ids: [third, first, alive, 'zz'] })
      .expect(200)
    expect(body).toEqual({ redriven: 2, full: false })
    const items = await queue.receive({ limit: 9 })
    expect(items.map(({ body, failures }) => [body, failures])).toEqual([
      ['a', 0],
      ['c', 0],
      ['d', 0],
    ])
    expect(await deadBodies(queue)).toEqual(['b'])
  })

  it('by count takes the oldest', async () => {
    const queue = newQueue()
    await bury(queue, 'a')
    harness.advance(1_000)
    await bury(queue, 'b')
    const redrive = async (count: number) =>
      (await queue.post('dead/redrive', { count }).expect(200)).body
    expect(await redrive(1)).toEqual({ redriven: 1, full: false })
    expect(await deadBodies(queue)).toEqual(['b'])
    expect(await redrive(10_000)).toEqual({ redriven: 1, full: false })
    expect(await redrive(1)).toEqual({ redriven: 0, full: false })
  })

  it('ends where the queue is full', async () => {
    const queue = newQueue()
    await bury(queue, 'a', 'b', 'c')
    await queue.put({ capacity: 2 }).expect(201)
    const { body } = await queue.post('dead/redrive', { count: 3 }).expect(200)
    expect(body).toEqual({ redriven: 2, full: true })
    expect(await deadBodies(queue)).toHaveLength(1)
  })
})

it('a discard deletes them, and passes over others', async () => {
  const queue = newQueue()
  const [first] = await bury(queue, 'a', 'b')
  const [alive] = await queue.sendBodies('c')
  const discard = async () =>
    (await queue.post('dead/discard', { ids: [first, alive] }).expect(200)).body
  expect(await discard()).toEqual({ discarded: 1 })
  expect(await discard()).toEqual({ discarded: 0 })
  expect(await deadBodies(queue)).toEqual(['b'])
  expect(await queue.receive({ limit: 9 })).toHaveLength(1)
})

it.each<[string, object, string]>([
  ['redrive', {}, ''],
  ['redrive', { ids: ['a'], count: 1 }, ''],
  ['redrive', { ids: [] }, '/ids'],
  ['redrive', { ids: ['A'] }, '/ids/0'],
  ['redrive', { ids: Array(1_001).fill('a') }, '/ids'],
  ['redrive', { count: 0 }, '/count'],
  ['redrive', { count: 10_001 }, '/count'],
  ['discard', {}, '/ids'],
  ['discard', { ids: [7] }, '/ids/0'],
  ['discard', { ids: ['a'], state: 'dead' }, '/state'],
])('%s refuses %j', async (call, body, pointer) => {
  const refused = await newQueue().post(`dead/${call}`, body).expect(400)
  expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
})
