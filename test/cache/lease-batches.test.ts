import { describe, expect, it } from 'vitest'
import { AT_ONCE_BYTES, readMany } from '../../src/cache/batches/reading.js'
import { createEntryStore } from '../../src/cache/entries/store.js'
import { createLeasedReads } from '../../src/cache/leases/leased-reads.js'
import { createLeaseStore } from '../../src/cache/leases/store.js'
import { createLeaseMetrics } from '../../src/cache/metrics.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { StoreError } from '../../src/redis/errors.js'
import { layoutOf } from '../../src/redis/layout.js'
import { startHarness, useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'
import { keysOf } from './keys.js'

const harness = useHarness({
  configFile: 'spaces: { users: { jitter: 0, staleMs: 600000, leaseMs: 100000 } }',
})

const post = (path: string, body: object) => harness.request('post', path).send(body)
const getMany = async (keys: string[]) =>
  (await post('/v1/cache/users/get-many', { keys, lease: true }).expect(200)).body.results
const setMany = async (entries: object[]) =>
  (await post('/v1/cache/users/set-many', { entries }).expect(200)).body.results
const put = (key: string, value: string, query = '') =>
  harness
    .request('put', `/v1/cache/users/${key}${query}`)
    .type('application/json')
    .send(value)
    .expect(201)

interface Item {
  readonly key: string
  readonly lease?: { readonly status: string; readonly token: string }
}

describe('get-many with leases', () => {
  it('says of each key whether the caller should load it', async () => {
    await put('fresh', '1')
    await put('stale', '2', '?ttlMs=1000')
    harness.advance(1_000)
    const keys = ['fresh', 'stale', 'missing']
    const won = { status: 'granted', token: expect.any(String), expiresInMs: expect.any(Number) }
    const held = { status: 'held', retryAfterMs: expect.any(Number) }

    const first = await getMany(keys)
    const second = await getMany(keys)

    expect(first[0]).not.toHaveProperty('lease')
    expect(first[1]).toMatchObject({ status: 'hit', state: 'stale', value: 2, lease: won })
    expect(first[2]).toEqual({ key: 'missing', status: 'cache-miss', state: 'miss', lease: won })
    expect(second.map(({ lease }: { lease?: object }) => lease)).toEqual([undefined, held, held])
    const plain = await post('/v1/cache/users/get-many', { keys }).expect(200)
    for (const item of plain.body.results) expect(item).not.toHaveProperty('lease')
  })

  it('grants the same leases to a repeat under the same tokens', async () => {
    const keys = ['own-a', 'own-b']
    const ask = async (leaseTokens = ['token-of-my-own-a', 'token-of-my-own-b']) => {
      const body = { keys, lease: true, leaseTokens }
      const { results } = (await post('/v1/cache/users/get-many', body).expect(200)).body
      return results.map(({ lease }: Item) => lease?.token)
    }
    const first = await ask()
    expect(first[0]).toMatch(/^token-of-my-own-a\.\d+$/)
    expect(first[1]).toMatch(/^token-of-my-own-b\.\d+$/)
    expect(await ask()).toEqual(first)
    expect(await ask(first)).toEqual(first)
  })

  it.each([
    [{ lease: false, leaseTokens: ['token-of-my-own-a'] }],
    [{ lease: true, leaseTokens: [] }],
    [{ lease: true, leaseTokens: ['token-of-my-own-a', 'token-of-my-own-b'] }],
  ])('refuses tokens that are not one per key of an offer: %j', async (more) => {
    const body = { keys: ['a'], ...more }
    const answer = await post('/v1/cache/users/get-many', body).expect(400)
    expect(placeOf(answer.body.errors[0])).toBe('body/leaseTokens')
  })

  const entryOf = (key: string) => ({
    namespace: harness.namespace,
    space: 'users',
    key,
    policy: DEFAULT_POLICY,
  })

  function openStores() {
    const partitions = new Partitions(layoutOf(harness.connections.cache), 'keep')
    const { binder, connections } = harness
    const entries = createEntryStore(binder, partitions)
    const leases = createLeasedReads({
      leases: createLeaseStore(binder, partitions),
      partitions,
      pubSub: connections.cachePubSub,
      entries,
      metrics: createLeaseMetrics(createMetrics('test'), () => 'other'),
    })
    return { entries, leases }
  }

  const clientThat = (destroyed: boolean) => ({
    destroyed,
    once: () => undefined,
    off: () => undefined,
  })

  it('answers with the lease of a large value that could not be read', async () => {
    await put('large', JSON.stringify('x'.repeat(AT_ONCE_BYTES)), '?ttlMs=1000')
    harness.advance(1_000)
    const { entries, leases } = openStores()
    const away = new StoreError('store-unavailable', 'away')
    const cutOff = { ...entries, read: () => Promise.reject(away) }
    const asking = { leases, client: clientThat(false), tokens: undefined }

    const [first] = await readMany(cutOff, [entryOf('large')], asking)
    expect(first).toMatchObject({ kind: 'deferred', lease: { kind: 'granted' } })
    await expect(readMany(cutOff, [entryOf('large')], asking)).rejects.toBe(away)
  })

  it('gives up the leases that it won for a client that hung up', async () => {
    const { entries, leases } = openStores()
    const client = clientThat(true)
    const keys = ['gone-a', 'gone-b'].map(entryOf)
    const isHeld = (key: string) => harness.redis.exists(keysOf(harness, key).lease)

    await readMany(entries, keys, { leases, client, tokens: undefined })
    await until('both given up', async () => !(await isHeld('gone-a')) && !(await isHeld('gone-b')))

    // A client that chose its tokens can ask again.
    const tokens = ['token-of-my-own-a', 'token-of-my-own-b']
    await readMany(entries, keys, { leases, client, tokens })
    expect(await isHeld('gone-a')).toBe(1)
  })

  it('grants a key that is asked for twice once', async () => {
    const states = (await getMany(['twice', 'twice'])).map(({ lease }: Item) => lease?.status)
    expect(states).toEqual(['granted', 'held'])
  })

  it('grants 1000 leases, all different, and takes their fills', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `many-${i}`)
    const found: Item[] = await getMany(keys)
    const tokens = found.map(({ lease }) => lease?.token)
    expect(new Set(tokens).size).toBe(1_000)

    await harness.request('delete', '/v1/cache/users/many-1').expect(204)
    const filled = await setMany(keys.map((key, i) => ({ key, value: i, leaseToken: tokens[i] })))

    expect(filled.slice(0, 3).map(({ status }: { status: string }) => status)).toEqual([
      'created',
      'lease-lost',
      'created',
    ])
    const states = (await getMany(keys)).map(({ lease }: Item) => lease?.status)
    expect(states.indexOf('granted')).toBe(1)
    expect(states.filter((state: string | undefined) => state !== undefined)).toHaveLength(1)
  })

  it('needs the scope to store', async () => {
    const locked = await startHarness({
      configFile: tokensYaml([{ token: 'reader', scopes: ['cache:read'] }]),
    })
    const read = (body: object) =>
      locked
        .request('post', '/v1/cache/users/get-many')
        .set('authorization', 'Bearer reader')
        .send(body)
    await read({ keys: ['a'] }).expect(200)
    await read({ keys: ['a'], lease: true }).expect(403)
    await locked.close()
  })
})

it('a pipeline takes fills as well', async () => {
  const [{ lease }] = await getMany(['piped'])
  const operation = { op: 'put', space: 'users', key: 'piped', value: 'x', leaseToken: lease.token }
  const { body } = await post('/v1/cache-pipeline', { operations: [operation] }).expect(200)
  expect(body.results[0].status).toBe('created')
  const late = { ...operation, leaseToken: 'sixteen-chars-no.1' }
  const again = await post('/v1/cache-pipeline', { operations: [late] }).expect(200)
  expect(again.body.results[0].status).toBe('lease-lost')
})

it.each([{ ifMatch: '*' }, { ifNoneMatch: '*' }])('a fill allows no %j', async (other) => {
  const entry = { key: 'a', value: 1, leaseToken: 'sixteen-chars-no.1', ...other }
  const { body } = await post('/v1/cache/users/set-many', { entries: [entry] }).expect(400)
  expect(placeOf(body.errors[0])).toBe('body/entries/0/leaseToken')
})

it('leases, fills and refreshes are counted', async () => {
  const counts = async (name: string, label: string) => {
    const metric = await harness.app.metrics.registry.getSingleMetric(name)?.get()
    return Object.fromEntries(
      (metric?.values ?? []).map(({ labels, value }) => [labels[label], value]),
    ) as Record<string, number>
  }
  const all = async () => ({
    ...(await counts('lockstep_cache_leases_total', 'result')),
    ...(await counts('lockstep_cache_fills_total', 'result')),
    ...(await counts('lockstep_cache_refreshes_total', 'reason')),
  })
  const before: Record<string, number> = await all()
  const [{ lease }] = await getMany(['counted'])
  await getMany(['counted'])
  await setMany([{ key: 'counted', value: 1, ttlMs: 1_000, leaseToken: lease.token }])
  await setMany([{ key: 'counted', value: 1, leaseToken: 'sixteen-chars-no.1' }])
  harness.advance(1_000)
  const [stale] = await getMany(['counted'])
  harness.advance(100_000)
  const [next] = await getMany(['counted'])
  const failed = { token: next.lease.token, failed: true, backoffMs: 60_000 }
  await post('/v1/cache/users/counted/lease/cancel', failed)
  await getMany(['counted'])
  expect(stale.lease.status).toBe('granted')

  const after: Record<string, number> = await all()
  const grown = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  )
  expect(grown).toMatchObject({ granted: 3, held: 1, backoff: 1, expired: 1, stale: 2 })
  expect(grown).toMatchObject({ accepted: 1, refused: 1 })
})
