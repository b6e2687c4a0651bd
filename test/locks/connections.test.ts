import { expect, it } from 'vitest'
import type { Granted } from '../../src/locks/leases/outcomes.js'
import { useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { useRedis } from '../support/managed.js'
import { until } from '../support/until.js'

// A service of its own, so that other tests do not add to its counts.
const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

const connections = async () =>
  Number(/^connected_clients:(\d+)/m.exec(await harness.redis.info('clients'))?.[1])

it('waiting for fifty locks opens no connection to Redis, and no channel per lock', async () => {
  const { all } = harness.connections.states
  await until('every connection', () => all.every(({ isConnected }) => isConnected))
  const post = (name: string, verb: string, body: object = {}) =>
    harness.request('post', `/v1/locks/${name}/${verb}`).send(body)
  const names = Array.from({ length: 50 }, (_, i) => `many-${i}`)
  const held = await Promise.all(names.map((name) => post(name, 'acquire').expect(200)))
  const before = await connections()

  const waiting = names.map((name) => post(name, 'acquire', { waitMs: 60_000 }).then((one) => one))
  await until('all wait', async () => {
    const { items } = (await harness.request('get', '/v1/locks?prefix=many-').expect(200)).body
    return items.every(({ queueLength }: { queueLength: number }) => queueLength === 1)
  })

  expect(await connections()).toBe(before)
  expect(await harness.redis.pubsub('CHANNELS', 'ls:grants:*')).toHaveLength(1)
  const tokens = held.map(({ body }) => body.token as string)
  await Promise.all(names.map((name, i) => post(name, 'release', { token: tokens[i] }).expect(200)))
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200)
})

it('a release wakes the first waiter, and none behind it', async () => {
  const ran: string[] = []
  const away = newLockStore(
    harness,
    () => 0,
    (script) => ran.push(script),
  )
  const here = newLockStore(harness, () => 0)
  const names = ['herd']
  const first = (await here.acquire('herd', names, { ttlMs: 60_000 })) as Granted
  const waiting = Array.from({ length: 20 }, () =>
    away.acquire('herd', names, { ttlMs: 60_000, waitMs: 60_000 }),
  )
  await until('all wait', async () => (await here.inspect('herd', 'herd', 1)).queueLength === 20)
  const asked = () => ran.filter((script) => script !== 'locks.heartbeat')
  const before = asked().length

  await here.release('herd', names, first.token)
  const next = (await Promise.race(waiting)) as Granted

  expect(next.kind).toBe('granted')
  expect(asked().slice(before)).toEqual(['locks.claim'])
  // The service answers the other requests when it stops.
  away.drain()
  for (const outcome of await Promise.all(waiting)) {
    expect(['granted', 'draining']).toContain(outcome.kind)
  }
  away.close()
  here.close()
})
