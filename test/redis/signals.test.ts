import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest'
import { type Link, openLink } from '../../src/redis/connect.js'
import { createSignals, type Signals } from '../../src/redis/signals.js'
import { WAIT_MS } from '../support/bounds.js'
import { ready } from '../support/harness.js'
import { until } from '../support/until.js'

let publisher: Link
let subscriber: Link
let signals: Signals

const open = (purpose: string) =>
  openLink({
    url: inject('redisUrl'),
    purpose,
    timeoutMs: WAIT_MS,
    anyNode: purpose === 'signals',
  })

beforeAll(async () => {
  publisher = open('commands')
  subscriber = open('signals')
  signals = createSignals(subscriber)
  await Promise.all([ready(publisher), ready(subscriber)])
})
afterAll(() => {
  signals.close()
  publisher.close()
})

it('delivers to every listener of a channel, and to nobody after the end', async () => {
  const channel = `ls:test:${randomUUID()}`
  const first: string[] = []
  const second: string[] = []
  const endFirst = await signals.subscribe(channel, (message) => first.push(message))
  const endSecond = await signals.subscribe(channel, (message) => second.push(message))

  await publisher.client.publish(channel, 'one')
  await expect.poll(() => [first, second]).toEqual([['one'], ['one']])

  endFirst()
  await publisher.client.publish(channel, 'two')
  await expect.poll(() => second).toEqual(['one', 'two'])
  expect(first).toEqual(['one'])

  endSecond()
  await expect.poll(() => publisher.client.publish(channel, 'three')).toBe(0)
})

it('reports a gap when the connection is lost, and listens again', async () => {
  const channel = `ls:test:${randomUUID()}`
  const heard: string[] = []
  const gap = vi.fn()
  signals.onGap(gap)
  await signals.subscribe(channel, (message) => heard.push(message))

  subscriber.reconnect('read-only')

  await until('the gap', () => gap.mock.calls.length > 0)
  await until('a message', async () => {
    await publisher.client.publish(channel, 'again')
    return heard.includes('again')
  })
})

it('knows how long Redis has been silent', async () => {
  await until('a sign of life', () => signals.silentForMs('any') < 1_000)

  subscriber.client.disconnect()
  await until('the loss', () => signals.silentForMs('any') === Number.POSITIVE_INFINITY)
  subscriber.client.connect().catch(() => undefined)
  await until('a sign of life', () => signals.silentForMs('any') < 1_000)
})

it('confirms no subscription before it is heard: on a connection that is being opened', async () => {
  const own = createSignals(open('signals'))
  onTestFinished(() => own.close())
  const channel = `ls:test:${randomUUID()}`
  await own.subscribe(channel, () => undefined)
  expect(own.hears(channel)).toBe(true)
})

it('confirms no subscription before it is heard: of a second listener', async () => {
  const channel = `ls:test:${randomUUID()}`
  const first = signals.subscribe(channel, () => undefined)
  await signals.subscribe(channel, () => undefined)
  expect(signals.hears(channel)).toBe(true)
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
  const first = signals.subscribe(channel, left)
  signals.unsubscribe(channel, left)
  const second = signals.subscribe(channel, () => undefined)

  await first
  expect(signals.hears(channel)).toBe(false)
  confirm()
  await second
  expect(signals.hears(channel)).toBe(true)
})
