import { afterAll, expect, inject, it } from 'vitest'
import { openConnection } from '../../src/redis/connection.js'
import { until } from '../support/until.js'

const connection = openConnection({
  url: inject('redisUrl'),
  purpose: 'commands',
  timeoutMs: 60_000,
})
afterAll(() => connection.close())

// With Sentinel, the client gives up if a failover is announced while it asks for the primary.
it('a connection opens again after its client gave up', async () => {
  await until('the connection', () => connection.isReady())
  const ended = new Promise((resolve) => connection.client.once('end', resolve))
  connection.client.disconnect()
  await ended
  expect(connection.isReady()).toBe(false)
  await until('the connection again', () => connection.isReady())
})

it('a connection that was closed stays closed', async () => {
  const closed = openConnection({ url: inject('redisUrl'), purpose: 'commands', timeoutMs: 60_000 })
  await until('the connection', () => closed.isReady())
  const ended = new Promise((resolve) => closed.client.once('end', resolve))
  closed.close()
  await ended
  let again = false
  closed.client.once('connecting', () => {
    again = true
  })
  // Longer than any delay before a reconnect.
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(again).toBe(false)
})
