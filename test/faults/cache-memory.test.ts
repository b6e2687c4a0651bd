import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startManagedRedis } from '../../src/redis/managed.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, ready, startHarness } from '../support/harness.js'
import { find, toolsFolder } from '../support/server-place.js'
import { until } from '../support/until.js'

const SPACES = `spaces:
  mem: { ttlMs: 60000, staleMs: 30000, jitter: 0, l1: {} }
  out: { ttlMs: 40000, staleMs: 160000, jitter: 0, l1: { outageMs: 120000 } }
  brief: { ttlMs: 60000, jitter: 0, l1: {} }
`

const at = (space: string, key: string) => `/v1/cache/${space}/${key}`

describe('while Redis', () => {
  let proxy: FaultProxy
  let cut: Harness
  /** Another instance, whose connection to Redis works. */
  let here: Harness

  beforeAll(async () => {
    proxy = await startFaultProxy(inject('redisUrl'))
    const environment = { LOCKSTEP_CACHE_READ_TIMEOUT_MS: `${SILENCE_MS}` }
    cut = await startHarness({ configFile: SPACES, redisUrl: proxy.url, environment })
    here = await startHarness({ configFile: SPACES })
  })
  afterAll(async () => {
    proxy.heal()
    await Promise.all([cut.close(), here.close()])
    await proxy.close()
  })
  const read = (space: string, key: string) => cut.request('get', at(space, key))
  const store = (space: string, key: string) => cut.request('put', at(space, key)).send('x')
  const kept = (space: string, key: string) =>
    until(`${key} in memory`, async () =>
      /detail=L1/.test((await read(space, key)).headers['cache-status'] ?? ''),
    )

  it('does not answer, L1 serves degraded answers to the stale end, for a limited time', async () => {
    await store('out', 'a').expect(201)
    await store('out', 'b').expect(201)
    await store('brief', 'a').expect(201)
    await cut
      .request('put', `${at('out', 'short')}?ttlMs=30000&staleMs=10000`)
      .send('x')
      .expect(201)
    for (const key of ['a', 'b', 'short']) await kept('out', key)
    await kept('brief', 'a')

    proxy.refuse()
    const degraded = await until('an outage', async () => {
      const answer = await read('out', 'a')
      return /detail=degraded/.test(answer.headers['cache-status'] ?? '') && answer
    })
    expect(degraded.status).toBe(200)
    expect(degraded.headers['lockstep-state']).toBe('fresh')
    const asked = (how: string) => read('out', 'a').set('cache-control', how)
    await asked('no-cache').expect(503)
    await asked('min-fresh=3600').expect(503)
    await asked('min-fresh=1, max-stale=0').expect(200)
    expect((await read('brief', 'a').expect(503)).body.code).toBe('store-unavailable')
    expect((await read('out', 'unknown').expect(503)).body.code).toBe('store-unavailable')

    cut.advance(50_000)
    const stale = await read('out', 'a').expect(200)
    expect(stale.headers['lockstep-state']).toBe('stale')
    expect(stale.headers['cache-status']).toMatch(/detail=degraded$/)
    await asked('max-stale=0').expect(503)
    await asked('max-stale=3600').expect(200)
    await read('out', 'short').expect(503)
    // L1 treats a change with an unknown outcome as applied.
    await cut.request('delete', at('out', 'b')).expect(503)
    await read('out', 'b').expect(503)

    proxy.heal()
    await until(
      'Redis again',
      async () => (await read('out', 'a')).headers['cache-status']?.includes('degraded') === false,
    )
    await ready(cut.connections.cache)
  })

  it('answers nothing on the pub/sub connection, reads bypass L1', async () => {
    await store('mem', 'f').expect(201)
    await kept('mem', 'f')
    proxy.freeze()
    await until('silence', () => cut.connections.cachePubSub.silentForMs('any') > 750)
    await here
      .request('put', at('mem', 'f'))
      .set('lockstep-namespace', cut.namespace)
      .send('newer')
      .expect(204)
    const { status, headers } = await read('mem', 'f')
    expect([200, 503]).toContain(status)
    expect(headers['cache-status'] ?? '').not.toContain('detail=L1')
    proxy.heal()
    await until('the newer value', async () => (await read('mem', 'f')).text === 'newer')
  })
})

it('answers 503 within the read timeout, long before the call times out', async () => {
  const proxy = await startFaultProxy(inject('redisUrl'))
  const silent = await startHarness({
    configFile: SPACES,
    redisUrl: proxy.url,
    environment: {
      LOCKSTEP_CACHE_READ_TIMEOUT_MS: `${SILENCE_MS}`,
    },
  })
  const read = (key: string) => silent.request('get', at('out', key))
  await silent.request('put', at('out', 'a')).send('x').expect(201)
  await until('memory', async () => /L1/.test((await read('a')).headers['cache-status'] ?? ''))

  proxy.freeze()

  const { body, headers } = await read('unknown').expect(503)
  expect(body.code).toBe('store-unavailable')
  expect(headers['retry-after']).toBe('1')
  await until('silence', () => silent.connections.cachePubSub.silentForMs('any') > 750)
  expect((await read('a').expect(200)).headers['cache-status']).toContain('degraded')
  await silent.request('get', `${at('out', 'n')}/counter`).expect(503)
  await silent.request('get', `${at('out', 'o')}/fields`).expect(503)
  const many = silent.request('post', '/v1/cache/out/get-many')
  await many.send({ keys: ['b', 'c'] }).expect(503)
  proxy.heal()
  await until('Redis again', async () => (await read('unknown')).status === 404)
  await silent.close()
  await proxy.close()
})

it('receives changes from the Redis that holds the cache', async () => {
  const [main, own] = await Promise.all([1, 2].map(() => startManagedRedis({ toolsFolder, find })))
  const options = { configFile: SPACES, redisUrl: main?.url ?? '', cacheRedisUrl: own?.url ?? '' }
  const [one, two] = await Promise.all([startHarness(options), startHarness(options)])
  const read = async () => {
    const { text, headers } = await two
      .request('get', at('mem', 'apart'))
      .set('lockstep-namespace', one.namespace)
      .buffer(true)
    return { text, fromMemory: headers['cache-status']?.includes('L1') === true }
  }
  const write = (value: string) =>
    one.request('put', at('mem', 'apart')).type('text/plain').send(value)
  await write('old').expect(201)
  await until('memory', async () => (await read()).fromMemory)
  await write('new').expect(204)
  await until('the change', async () => (await read()).text === 'new')
  await Promise.all([one.close(), two.close()])
  await Promise.all([main?.stop(), own?.stop()])
})
