import { expect, it, vi } from 'vitest'
import { openConnections } from '../../src/redis/connections.js'
import type { LayoutError } from '../../src/redis/layout-record.js'
import type { ManagedRedis } from '../../src/redis/managed.js'
import { WAIT_MS } from '../support/bounds.js'
import { startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { connect, start } from '../support/managed.js'
import { until } from '../support/until.js'

const EVICTING = ['maxmemory 64mb', 'maxmemory-policy allkeys-lru']

/** Runs the service on two servers of this test. */
async function onTwo(use: (harness: Harness, main: ManagedRedis, cache: ManagedRedis) => unknown) {
  const [main, cache] = await Promise.all([start(), start({ conf: EVICTING })])
  const harness = await startHarness({ redisUrl: main.url, cacheRedisUrl: cache.url })
  try {
    await use(harness, main, cache)
  } finally {
    await harness.close()
  }
}

const namesOf = async (redis: ManagedRedis, { namespace }: Harness) => {
  const keys = await (await connect(redis)).keys(`ls:{${namespace}:*`)
  return [...new Set(keys.map((key) => key.replace(/^ls:{[^:]*:(\w).*$/, '$1')))].sort()
}

it('puts cache entries, and nothing else, on the Redis of the cache', () =>
  onTwo(async (harness, main, cache) => {
    await harness.request('put', '/v1/cache/users/7').send('Ada').expect(201)
    await harness.request('get', '/v1/cache/users/7').expect(200)
    await harness.request('post', '/v1/cache/users/hits/incr').expect(200)
    await harness.request('post', '/v1/locks/apart/acquire').expect(200)
    await harness
      .request('post', '/v1/leaderboards/apart/scores')
      .send({ entries: [{ member: 'ada', score: 1 }] })
      .expect(200)
    await harness
      .request('post', '/v1/cache/users/invalidate')
      .send({ all: true, mode: 'hard' })
      .expect(204)
    await harness.request('get', '/v1/cache/users/7').expect(404)

    expect(await namesOf(cache, harness)).toEqual(['c'])
    expect(await namesOf(main, harness)).toEqual(['b', 'l', 'p'])

    const { body } = await harness.request('get', '/v1/status').expect(200)
    expect(body.redis).toMatchObject({ evictionPolicy: 'noeviction', mode: 'single' })
    expect(body.cacheRedis).toMatchObject({ evictionPolicy: 'allkeys-lru', findings: [] })
  }))

it('serves locks while the Redis of the cache is away, and the cache while the other is away', async () => {
  const [main, cache] = await Promise.all([start(), start({ conf: EVICTING })])
  const [mainProxy, cacheProxy] = await Promise.all([
    startFaultProxy(main.url),
    startFaultProxy(cache.url),
  ])
  const harness = await startHarness({ redisUrl: mainProxy.url, cacheRedisUrl: cacheProxy.url })
  const put = () => harness.request('put', '/v1/cache/users/7').send('Ada')
  const acquire = () => harness.request('post', '/v1/locks/apart/acquire').send({ ttlMs: 60_000 })
  await put().expect(201)

  cacheProxy.refuse()
  await until('the cache is away', async () => (await put()).status === 503)
  await acquire().expect(200)
  await harness.request('get', '/readyz').expect(200)
  const away = await harness.request('get', '/v1/status').expect(200)
  expect(away.body.cacheRedis).toMatchObject({ up: false, findings: [] })
  await until('the metric', async () =>
    (await harness.request('get', '/metrics')).text.includes('lockstep_redis_up{redis="cache"} 0'),
  )
  cacheProxy.heal()
  await until('the cache is back', async () => (await put()).status === 204)

  mainProxy.refuse()
  await until('the locks are away', async () => (await acquire()).status === 503)
  await put().expect(204)
  mainProxy.heal()
  await until('the locks are back', async () => [200, 423].includes((await acquire()).status))
  await harness.close()
  await Promise.all([mainProxy.close(), cacheProxy.close()])
})

it('refuses to mix instances with and without a Redis for the cache', async () => {
  const [main, cache] = await Promise.all([start(), start()])
  const open = (url: string, cacheUrl?: string) => {
    const onRefused = vi.fn<(error: LayoutError) => void>()
    const options = { timeoutMs: WAIT_MS, onRefused }
    return { connections: openConnections({ url, cacheUrl, ...options }), onRefused }
  }
  const apart = open(main.url, cache.url)
  await until(
    'both',
    () => apart.connections.commands.isReady() && apart.connections.cache.isReady(),
  )

  const together = open(main.url)
  await until('the refusal', () => together.onRefused.mock.calls.length > 0)
  const swapped = open(cache.url, main.url)
  await until('both refusals', () => swapped.onRefused.mock.calls.length > 1)
  for (const { connections } of [apart, together, swapped]) connections.close()
})
