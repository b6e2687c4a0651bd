import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
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
