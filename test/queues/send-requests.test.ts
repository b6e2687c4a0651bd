import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { queueDriver } from './driver.js'

const harness = useHarness()
let queues = 0
const newQueue = () => queueDriver(harness, `send-${queues++}`)

it('answers 201 with an id for each message, and how many are ready', async () => {
  const queue = newQueue()
  const { body } = await queue.send({ body: 1 }, { body: 2 }).expect(201)
  expect(body).toEqual({
    messages: [
      { id: expect.stringMatching(/^[0-9a-z]{9,10}$/), duplicate: false },
      { id: expect.any(String), duplicate: false },
    ],
    ready: 2,
  })
  expect(body.messages[1].id > body.messages[0].id).toBe(true)
})

it.each([
  ['an object', { body: { a: [1, null, 'ü'] } }],
  ['null', { body: null }],
  ['false', { body: false }],
  ['a number', { body: 0.5 }],
  ['an empty string', { body: '' }],
  ['text', { body: 'line\n"quoted" \u2028 \u{1f600}', encoding: 'text' }],
  ['bytes', { body: Buffer.from([0, 255, 128]).toString('base64'), encoding: 'base64' }],
  ['no bytes', { body: '', encoding: 'base64' }],
])('gives back %s as it was sent', async (_what, message) => {
  const queue = newQueue()
  await queue.send(message).expect(201)
  expect(await queue.take()).toMatchObject({ encoding: 'json', ...message })
})

it('gives back headers, group and priority', async () => {
  const queue = newQueue()
  const message = {
    body: 1,
    priority: 9,
    group: 'customer-3',
    headers: { traceparent: '00-ab-cd-01', 'ein "Name"': 'ü' },
  }
  await queue.send(message).expect(201)
  expect(await queue.take()).toMatchObject(message)
})

it('has no field for a group or headers that a message lacks', async () => {
  const queue = newQueue()
  await queue.send({ body: 1, headers: {} }).expect(201)
  expect(Object.keys(await queue.take()).sort()).toEqual(
    'body deliveries encoding failures id priority receipt sentAt visibleForMs'.split(' '),
  )
})

it('keeps a message back for its delay', async () => {
  const queue = newQueue()
  const { body } = await queue.send({ body: 1, delayMs: 60_000 }).expect(201)
  expect(body.ready).toBe(0)
  expect(await queue.receive()).toEqual([])
  harness.advance(60_000)
  expect(await queue.receive()).toHaveLength(1)
})

it('stores a dedup id once, and answers with the first id', async () => {
  const queue = newQueue()
  const { body: first } = await queue.send({ body: 1, dedupId: 'order 7' }).expect(201)
  const { body: second } = await queue
    .send({ body: 2 }, { body: 3, dedupId: 'order 7' })
    .expect(201)
  expect(second.messages[1]).toEqual({ id: first.messages[0].id, duplicate: true })
  expect(second.ready).toBe(2)
})

describe('an Idempotency-Key', () => {
  it('stores nothing again, and answers the same', async () => {
    const queue = newQueue()
    const send = (body: unknown) => queue.send({ body }).set('idempotency-key', 'k')
    const first = await send({ a: 1, b: 2 }).expect(201)
    const second = await send({ b: 2, a: 1 }).expect(201)
    expect(second.body).toEqual(first.body)
    expect(first.headers).not.toHaveProperty('idempotent-replayed')
    expect(second.headers['idempotent-replayed']).toBe('true')
    expect(await queue.receive({ limit: 9 })).toHaveLength(1)
    expect((await send({ a: 2 }).expect(422)).body.code).toBe('idempotency-conflict')
  })
})

describe('a full queue', () => {
  it('refuses a send as a whole, and says which bound', async () => {
    const queue = newQueue()
    await queue.put({ capacity: 2 }).expect(201)
    await queue.send({ body: 1 }).expect(201)
    const refused = await queue.send({ body: 2 }, { body: 3 }).expect(429)
    expect(refused.body).toMatchObject({
      code: 'too-many-messages',
      limit: 'capacity',
      retryAfterMs: 1_000,
    })
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.body.detail).toContain('capacity of 2')
    expect((await queue.send({ body: 2 }).expect(201)).body.ready).toBe(2)
  })

  it('counts bytes too', async () => {
    const queue = newQueue()
    await queue.put({ maxBytes: 2_097_152 }).expect(201)
    const body = 'x'.repeat(250_000)
    const message = { body, encoding: 'text' }
    await queue.send(message, message, message, message).expect(201)
    await queue.send(message, message, message, message).expect(201)
    const refused = await queue.send(message).expect(429)
    expect(refused.body).toMatchObject({ code: 'too-many-messages', limit: 'maxBytes' })
  })
})

describe('bytes', () => {
  it('of a body are at most those that the queue allows', async () => {
    const queue = newQueue()
    await queue.send({ body: 'x'.repeat(262_144), encoding: 'text' }).expect(201)
    const long = await queue.send({ body: 'x'.repeat(262_145), encoding: 'text' }).expect(413)
    expect(long.body).toMatchObject({ code: 'too-large', maxMessageBytes: 262_144 })
    await queue.put({ maxMessageBytes: 3 }).expect(201)
    await queue.send({ body: 'ü', encoding: 'text' }).expect(201)
    await queue.send({ body: 'ü' }).expect(413)
  })

  it('of all messages of a send are at most 1 MiB, headers included', async () => {
    const queue = newQueue()
    const message = { body: 'x'.repeat(262_144), encoding: 'text' }
    await queue.send(message, message, message, message).expect(201)
    const refused = await queue
      .send(message, message, message, { ...message, headers: { a: '1' } })
      .expect(413)
    expect(refused.body).toMatchObject({ code: 'too-large', maxSendBytes: 1_048_576 })
  })

  it('of the largest send fit into the smallest queue', async () => {
    const queue = newQueue()
    await queue.put({ maxBytes: 2_097_152 }).expect(201)
    const message = { body: 'x'.repeat(10_485), encoding: 'text' }
    await queue.send(...Array.from({ length: 100 }, () => message)).expect(201)
  })

  it('of a request are at most 2 MiB', async () => {
    const queue = newQueue()
    const { body } = await queue.send({ body: '', headers: {} }, { body: 'x'.repeat(2 ** 21) })
    expect(body).toMatchObject({ status: 413, code: 'too-large', maxBodyBytes: 2 ** 21 })
  })

  it('of a send in base64 fit into a request', async () => {
    const queue = newQueue()
    const message = { body: Buffer.alloc(262_144).toString('base64'), encoding: 'base64' }
    await queue.send(message, message, message, message).expect(201)
  })
})

const HEADERS_17 = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`h${at}`, '']))

describe('a bad request', () => {
  it.each<[string, object, string]>([
    ['no messages', {}, '/messages'],
    ['an empty list', { messages: [] }, '/messages'],
    ['101 messages', { messages: Array(101).fill({ body: 1 }) }, '/messages'],
    ['no body', { messages: [{}] }, '/messages/0/body'],
    ['another encoding', { messages: [{ body: '', encoding: 'xml' }] }, '/messages/0/encoding'],
    ['text that is none', { messages: [{ body: 1, encoding: 'text' }] }, '/messages/0/body'],
    ['half a character', { messages: [{ body: '\ud800', encoding: 'text' }] }, '/messages/0/body'],
    ['no base64', { messages: [{ body: 'a', encoding: 'base64' }] }, '/messages/0/body'],
    ['a priority of 10', { messages: [{ body: 1, priority: 10 }] }, '/messages/0/priority'],
    ['a negative priority', { messages: [{ body: 1, priority: -1 }] }, '/messages/0/priority'],
    ['a long delay', { messages: [{ body: 1, delayMs: 2_592_000_001 }] }, '/messages/0/delayMs'],
    [
      'a delay in a group',
      { messages: [{ body: 1, delayMs: 1, group: 'a' }] },
      '/messages/0/delayMs',
    ],
    ['an empty group', { messages: [{ body: 1, group: '' }] }, '/messages/0/group'],
    ['a group with NUL', { messages: [{ body: 1, group: 'a\0' }] }, '/messages/0/group'],
    ['a long group', { messages: [{ body: 1, group: 'x'.repeat(129) }] }, '/messages/0/group'],
    ['an empty dedup id', { messages: [{ body: 1, dedupId: '' }] }, '/messages/0/dedupId'],
    ['17 headers', { messages: [{ body: 1, headers: HEADERS_17 }] }, '/messages/0/headers'],
    [
      'a header without a name',
      { messages: [{ body: 1, headers: { '': 'x' } }] },
      '/messages/0/headers',
    ],
    [
      'a long name',
      { messages: [{ body: 1, headers: { ['x'.repeat(65)]: '' } }] },
      '/messages/0/headers',
    ],
    [
      'a long value',
      { messages: [{ body: 1, headers: { a: 'x'.repeat(513) } }] },
      '/messages/0/headers/a',
    ],
    ['a number as header', { messages: [{ body: 1, headers: { a: 1 } }] }, '/messages/0/headers/a'],
    ['an unknown field', { messages: [{ body: 1, ttlMs: 1 }] }, '/messages/0/ttlMs'],
    [
      'the second message',
      { messages: [{ body: 1 }, { body: 1, priority: 'x' }] },
      '/messages/1/priority',
    ],
  ])('with %s is 400, and names the place', async (_what, body, pointer) => {
    const queue = newQueue()
    const refused = await queue.post('messages', body).expect(400)
    expect(refused.body.code).toBe('invalid-request')
    expect(refused.body.errors[0]).toMatchObject({ in: 'body', pointer })
    expect(await queue.receive()).toEqual([])
  })

  it.each(['-x', 'a:b', 'x'.repeat(129), 'a%2Fb'])('to the queue %s is 400', async (name) => {
    const { body } = await harness
      .request('post', `/v1/queues/${name}/messages`)
      .send({ messages: [{ body: 1 }] })
      .expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'path', pointer: '/queue' })
  })
})
