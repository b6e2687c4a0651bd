import { expect, it, onTestFinished } from 'vitest'
import { openConnection } from '../../src/redis/connection.js'
import { createPubSub } from '../../src/redis/pub-sub.js'
import { SILENCE_MS } from '../support/bounds.js'
import { startFaultProxy } from '../support/faults.js'
import { startHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { start } from '../support/managed.js'
import { until } from '../support/until.js'

it('a grant whose message is lost is found by the next heartbeat', async () => {
  const harness = await startHarness()
  const redis = await start()
  const proxy = await startFaultProxy(redis.url)
  // The pub/sub connection reaches another Redis, without replies: every grant message is lost.
  const connection = openConnection({
    url: proxy.url,
    purpose: 'pubsub',
    timeoutMs: SILENCE_MS,
  })
  proxy.dropReplies()
  const pubSub = createPubSub(connection)
  const store = newLockStore(
    { connection: harness.connection, connections: { ...harness.connections, pubSub } },
    () => 0,
  )
  const other = newLockStore(harness, () => 0)
  onTestFinished(async () => {
    store.close()
    other.close()
    pubSub.close()
    await proxy.close()
    await harness.close()
  })
  const ns = harness.namespace
  const held = await store.acquire(ns, ['silent'], { ttlMs: 60_000 })
  const waiting = store.acquire(ns, ['silent'], { ttlMs: 60_000, waitMs: 60_000 })
  await until(
    'a place in line',
    async () => (await store.inspect(ns, 'silent', 9)).waiters.length > 0,
  )

  await other.release(ns, ['silent'], (held as { token: string }).token)

  const granted = await waiting
  expect(granted).toMatchObject({ kind: 'granted' })
  // The lease starts with its whole TTL at the claim.
  expect((granted as { expiresInMs: number }).expiresInMs).toBeGreaterThan(50_000)
})

it('a client that disconnects while Redis is silent leaves no place behind', async () => {
  const redis = await start()
  const proxy = await startFaultProxy(redis.url)
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` }
  const harness = await startHarness({ redisUrl: proxy.url, environment })
  const watcher = await startHarness({ redisUrl: redis.url })
  onTestFinished(async () => {
    await harness.close()
    await watcher.close()
    await proxy.close()
  })
  const at = (one: typeof harness, method: 'get' | 'post', path: string) =>
    one.request(method, path).set('lockstep-namespace', harness.namespace)
  await at(watcher, 'post', '/v1/locks/gone/acquire').send({ ttlMs: 600_000 }).expect(200)
  const cut = at(harness, 'post', '/v1/locks/gone/acquire').send({ waitMs: 60_000 })
  cut.end(() => undefined)
  const length = async () => (await at(watcher, 'get', '/v1/locks/gone')).body.queueLength
  await until('a place in line', async () => (await length()) === 1)

  proxy.freeze()
  cut.abort()
  await until('a connection that was given up', () => !harness.connections.commands.isReady())
  expect(await length()).toBe(1)
  proxy.heal()

  await until('an empty line', async () => (await length()) === 0)
})

it('a lease handed over with an answer that is lost is found by the next heartbeat', async () => {
  const redis = await start()
  const proxy = await startFaultProxy(redis.url)
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` }
  const harness = await startHarness({ redisUrl: proxy.url, environment })
  const watcher = await startHarness({ redisUrl: redis.url })
  onTestFinished(async () => {
    await harness.close()
    await watcher.close()
    await proxy.close()
  })
  const at = (one: typeof harness, verb: string, body: object) =>
    one
      .request('post', `/v1/locks/home/${verb}`)
      .set('lockstep-namespace', harness.namespace)
      .send(body)
  const look = async () =>
    (await watcher.request('get', '/v1/locks/home').set('lockstep-namespace', harness.namespace))
      .body
  const warmed = () => harness.request('get', '/v1/locks/warm')
  await until('it is warm', async () => (await warmed()).status === 200)
  // Redis must know the script: the lost reply is to be that of the release, not NOSCRIPT.
  const { body: warm } = await at(harness, 'acquire', {}).expect(200)
  await at(harness, 'release', { token: warm.token }).expect(200)
  const { body: first } = await at(harness, 'acquire', { ttlMs: 600_000 }).expect(200)
  const waiting = at(harness, 'acquire', { waitMs: 60_000, ttlMs: 600_000 }).then((one) => one)
  await until('a place in line', async () => (await look()).queueLength === 1)

  proxy.dropReplies()
  const lost = await at(harness, 'release', { token: first.token })
  expect(lost.body.code).toBe('outcome-unknown')
  const [holder] = (await look()).holders
  expect(holder.fence).toBeGreaterThan(first.fence)
  proxy.heal()

  const { status, body } = await waiting
  expect(status).toBe(200)
  expect(body.fence).toBe(holder.fence)
  await at(watcher, 'release', { token: body.token }).expect(200)
})
