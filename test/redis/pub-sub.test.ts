import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest'
import { type Connection, openConnection } from '../../src/redis/connection.js'
import { createPubSub, type PubSub } from '../../src/redis/pub-sub.js'
import { WAIT_MS } from '../support/bounds.js'
import { ready } from '../support/harness.js'
import { until } from '../support/until.js'

let publisher: Connection
let subscriber: Connection
let pubSub: PubSub

const open = (purpose: string) =>
  openConnection({
    url: inject('redisUrl'),
    purpose,
    timeoutMs: WAIT_MS,
    anyNode: purpose === 'pubsub',
  })

beforeAll(async () => {
  publisher = open('commands')
  subscriber = open('pubsub')
  pubSub = createPubSub(subscriber)
  await Promise.all([ready(publisher), ready(subscriber)])
})
afterAll(() => {
  pubSub.close()
  publisher.close()
})

it('delivers to every listener of a channel, and to none after the end', async () => {
  const channel = `ls:test:${randomUUID()}`
  const first: string[] = []
  const second: string[] = []
  const endFirst = await pubSub.subscribe(channel, (message) => first.push(message))
  const endSecond = await pubSub.subscribe(channel, (message) => second.push(message))

  await publisher.client.publish(channel, 'one')
  await expect.poll(() => [first, second]).toEqual([['one'], ['one']])

  endFirst()
  await publisher.client.publish(channel, 'two')
  await expect.poll(() => second).toEqual(['one', 'two'])
  expect(first).toEqual(['one'])

  endSecond()
  await expect.poll(() => publisher.client.publish(channel, 'three')).toBe(0)
})

it('reports a gap when the connection is lost, and subscribes again', async () => {
  const channel = `ls:test:${randomUUID()}`
  const heard: string[] = []
  const gap = vi.fn()
  pubSub.onGap(gap)
  await pubSub.subscribe(channel, (message) => heard.push(message))

  subscriber.reconnect('read-only')

  await until('the gap', () => gap.mock.calls.length > 0)
  await until('a message', async () => {
    await publisher.client.publish(channel, 'again')
    return heard.includes('again')
  })
})

it('measures how long Redis has been silent', async () => {
  await until('a sign of life', () => pubSub.silentForMs('any') < 1_000)

  subscriber.client.disconnect()
  await until('the loss', () => pubSub.silentForMs('any') === Number.POSITIVE_INFINITY)
  subscriber.client.connect().catch(() => undefined)
  await until('a sign of life', () => pubSub.silentForMs('any') < 1_000)
})

it('confirms a subscription after Redis did: while the connection opens', async () => {
  const own = createPubSub(open('pubsub'))
  onTestFinished(() => own.close())
  const channel = `ls:test:${randomUUID()}`
  await own.subscribe(channel, () => undefined)
  expect(own.hears(channel)).toBe(true)
})

it('confirms a subscription after Redis did: for a second listener', async () => {
  const channel = `ls:test:${randomUUID()}`
  const first = pubSub.subscribe(channel, () => undefined)
  await pubSub.subscribe(channel, () => undefined)
  expect(pubSub.hears(channel)).toBe(true)
  await first
})

it('hears a channel that it left and joined again only once that is confirmed', async () => {
  const channel = `ls:test:${randomUUID()}`
  const { client } = subscriber as { client: Redis }
  const subscribe = client.subscribe.bind(client)
  let confirm = () => {}
  const held = new Promise<void>((resolve) => {
    confirm = resolve
  })
  const spy = vi.spyOn(client, 'subscribe')
  onTestFinished(() => spy.mockRestore())
  spy.mockImplementationOnce(subscribe)
  spy.mockImplementationOnce(async (...channels) => {
    const reply = await subscribe(...channels)
    await held
    return reply
  })
  const left = () => undefined
  const first = pubSub.subscribe(channel, left)
  pubSub.unsubscribe(channel, left)
  const second = pubSub.subscribe(channel, () => undefined)

  await first
  expect(pubSub.hears(channel)).toBe(false)
  confirm()
  await second
  expect(pubSub.hears(channel)).toBe(true)
})
