import { afterAll, expect, inject, it } from 'vitest'
import { openLink } from '../../src/redis/connect.js'
import { until } from '../support/until.js'

const link = openLink({ url: inject('redisUrl'), purpose: 'commands', timeoutMs: 60_000 })
afterAll(() => link.close())

// With Sentinel the client does so when it is told of a failover while it asks for the primary.
it('a connection whose client gave up for good is made again', async () => {
  await until('the link', () => link.isReady())
  const ended = new Promise((resolve) => link.client.once('end', resolve))
  link.client.disconnect()
  await ended
  expect(link.isReady()).toBe(false)
  await until('the link again', () => link.isReady())
})

it('one that was closed stays so', async () => {
  const closed = openLink({ url: inject('redisUrl'), purpose: 'commands', timeoutMs: 60_000 })
  await until('the link', () => closed.isReady())
  const ended = new Promise((resolve) => closed.client.once('end', resolve))
  closed.close()
  await ended
  let again = false
  closed.client.once('connecting', () => {
    again = true
  })
  // Longer than any pause before another try.
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(again).toBe(false)
})
