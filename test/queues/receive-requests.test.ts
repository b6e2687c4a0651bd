import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { queueDriver } from './driver.js'

const harness = useHarness()
let queues = 0
const newQueue = () => queueDriver(harness, `receive-${queues++}`)

it('answers each message with a receipt and the time to settle it', async () => {
  const queue = newQueue()
  const [id] = await queue.sendBodies({ to: 'ada' })
  const { body } = await queue.post('receive').expect(200)
  expect(body).toEqual({
    items: [
      {
        id,
        body: { to: 'ada' },
        encoding: 'json',
        priority: 0,
        deliveries: 1,
        failures: 0,
        sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        receipt: expect.stringMatching(new RegExp(`^${id}\\.[\\w-]{8}$`)),
        visibleForMs: expect.any(Number),
      },
    ],
  })
  const { visibleForMs } = body.items[0]
  expect(visibleForMs).toBeGreaterThan(0)
  expect(visibleForMs).toBeLessThanOrEqual(30_000)
})

it('is empty for a queue that never was, and for a second caller', async () => {
  const queue = newQueue()
  expect(await queue.receive()).toEqual([])
  await queue.sendBodies(1)
  expect(await queue.receive({ limit: 100 })).toHaveLength(1)
  expect(await queue.receive({ limit: 100 })).toEqual([])
})

it('delivers higher priorities first, and then older messages', async () => {
  const queue = newQueue()
  const priorities = [0, 9, 0, 5, 9]
  await queue.send(...priorities.map((priority, at) => ({ body: at, priority }))).expect(201)
  const items = await queue.receive({ limit: 9 })
  expect(items.map(({ body }) => body)).toEqual([1, 4, 3, 0, 2])
})

it('takes limit and visibilityMs from the query, but from one place', async () => {
  const queue = newQueue()
  await queue.sendBodies(1, 2, 3)
  const { body } = await queue.post('receive?limit=2&visibilityMs=1000').expect(200)
  expect(body.items).toHaveLength(2)
  expect(body.items[0].visibleForMs).toBeLessThanOrEqual(1_000)
  const refused = await queue.post('receive?limit=2', { limit: 2 }).expect(400)
  expect(refused.body.errors[0]).toMatchObject({ in: 'query', pointer: '/limit' })
})

it('goes on, for ten calls of Redis, while it only ends messages and others are behind them', async () => {
  const queue = newQueue()
  await queue.put({ retentionMs: 60_000 }).expect(201)
  const over = (count: number) => queue.sendBodies(...Array.from({ length: count }, () => 'over'))
  await over(90)
  await over(81)
  harness.advance(60_000)
  await queue.sendBodies('fresh')
  expect(await queue.receive()).toEqual([])
  expect((await queue.get()).body.totals).toMatchObject({ expired: 170 })
  expect(await queue.take()).toMatchObject({ body: 'fresh' })
})

it('delivers again after the visibility, as a failure', async () => {
  const queue = newQueue()
  await queue.put({ visibilityMs: 500_000 }).expect(201)
  await queue.sendBodies(1)
  expect((await queue.take()).visibleForMs).toBeLessThanOrEqual(500_000)
  harness.advance(400_000)
  expect(await queue.receive()).toEqual([])
  harness.advance(100_000)
  expect(await queue.take({ visibilityMs: 43_200_000 })).toMatchObject({
    deliveries: 2,
    failures: 1,
  })
})

it('ends after 256 KiB of bodies', async () => {
  const queue = newQueue()
  const message = { body: 'x'.repeat(100_000), encoding: 'text' }
  await queue.send(message, message, message).expect(201)
  expect(await queue.receive({ limit: 3 })).toHaveLength(2)
  expect(await queue.receive({ limit: 3 })).toHaveLength(1)
})

it('gets nothing of a paused queue, which still takes messages and settles', async () => {
  const queue = newQueue()
  await queue.sendBodies(1)
  const { receipt } = await queue.take()
  await queue.put({ paused: true }).expect(201)
  await queue.sendBodies(2)
  expect(await queue.receive()).toEqual([])
  expect(await queue.settle({ ack: [receipt] })).toEqual(['acked'])
  await queue.put({}).expect(200)
  expect(await queue.receive()).toHaveLength(1)
})

describe('an Idempotency-Key', () => {
  const receive = (queue: ReturnType<typeof newQueue>, key: string, body: object = { limit: 9 }) =>
    queue.post('receive', body).set('idempotency-key', key)

  it('gets what still stands of the first answer', async () => {
    const queue = newQueue()
    await queue.sendBodies(1, 2, 3)
    const first = await receive(queue, 'a').expect(200)
    expect(first.headers).not.toHaveProperty('idempotent-replayed')
    const [done, ...rest] = first.body.items
    await queue.settle({ ack: [done.receipt] })
    await queue.sendBodies(4)
    const second = await receive(queue, 'a').expect(200)
    expect(second.headers['idempotent-replayed']).toBe('true')
    const receiptsOf = (items: { receipt: string }[]) => items.map(({ receipt }) => receipt)
    expect(receiptsOf(second.body.items)).toEqual(receiptsOf(rest))
  })

  it('does not remember an empty answer', async () => {
    const queue = newQueue()
    expect((await receive(queue, 'b').expect(200)).body.items).toEqual([])
    await queue.sendBodies(1)
    expect((await receive(queue, 'b').expect(200)).body.items).toHaveLength(1)
  })

  it('belongs to one request', async () => {
    const queue = newQueue()
    await queue.sendBodies(1)
    await receive(queue, 'c').expect(200)
    const { body } = await receive(queue, 'c', { limit: 2 }).expect(422)
    expect(body.code).toBe('idempotency-conflict')
  })
})

it.each<[string, object, string]>([
  ['a limit of 0', { limit: 0 }, '/limit'],
  ['a limit of 101', { limit: 101 }, '/limit'],
  ['a limit as text', { limit: '1' }, '/limit'],
  ['a short visibility', { visibilityMs: 999 }, '/visibilityMs'],
  ['a long visibility', { visibilityMs: 43_200_001 }, '/visibilityMs'],
  ['an unknown field', { max: 1 }, '/max'],
])('refuses %s', async (_what, body, pointer) => {
  const queue = newQueue()
  const refused = await queue.post('receive', body).expect(400)
  expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
})
