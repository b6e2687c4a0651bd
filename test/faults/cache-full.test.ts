import { createHash, randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readScript } from '../../src/cache/entries/scripts.js'
import { createWriteLeases } from '../../src/cache/origins/writing/store.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { layoutOf } from '../../src/redis/layout.js'
import { type ManagedRedis, startManagedRedis } from '../../src/redis/managed.js'
import { leaseStatusOf } from '../cache/driver.js'
import { keysOf } from '../cache/keys.js'
import { loadingDriver, SPACE } from '../cache/origins/driver.js'
import { useOrigin, usual } from '../cache/origins/test-origin.js'
import { WAIT_MS } from '../support/bounds.js'
import { type Harness, startHarness } from '../support/harness.js'
import { find, toolsFolder } from '../support/server-place.js'
import { until } from '../support/until.js'

const SPACES = 'spaces: { users: { jitter: 0, staleMs: 60000 } }'

let redis: ManagedRedis
let raw: Redis
/** Keeps a fifth of the memory free of cache entries. */
let careful: Harness
/** Has no limit of its own: only Redis refuses writes. */
let full: Harness

beforeAll(async () => {
  redis = await startManagedRedis({ toolsFolder, find })
  raw = new Redis(redis.url)
  // A tenth of the memory must exceed the text of a script loaded during the test.
  await raw.setrange('ballast', 8 * 1024 * 1024, '.')
  careful = await startHarness({ configFile: SPACES, redisUrl: redis.url })
  full = await startHarness({
    configFile: SPACES,
    redisUrl: redis.url,
    environment: { LOCKSTEP_CACHE_MEMORY_RATIO: '1' },
  })
})
afterAll(async () => {
  raw.disconnect()
  await Promise.all([careful.close(), full.close()])
  await redis.stop()
})

const at = (key: string, space = 'users') => `/v1/cache/${space}/${key}`
const setMaxMemory = (bytes: number) => raw.call('CONFIG', 'SET', 'maxmemory', Math.round(bytes))
const used = async () => Number(/^used_memory:(\d+)/m.exec(await raw.info('memory'))?.[1])
/** Redis frees its buffers after a while, so maxmemory is lowered until a write is refused. */
const fillUp = () =>
  until('a refusal', async () => {
    await setMaxMemory((await used()) / 0.9)
    return (await put(careful, 'probe')).status === 503
  })
const put = (harness: Harness, key: string, value: string | Buffer = 'value') =>
  harness
    .request('put', at(key))
    .type('application/octet-stream')
    .set('surrogate-key', 't')
    .send(value)
const get = (harness: Harness, key: string) => harness.request('get', at(key)).buffer(true)
const post = (harness: Harness, path: string, body: object = {}) =>
  harness.request('post', path).send(body)
const invalidate = (harness: Harness, body: object) =>
  post(harness, '/v1/cache/users/invalidate', body).expect(204)
const stateOf = async (harness: Harness, key: string) =>
  (await get(harness, key)).headers['lockstep-state']

/** The calls that add data. */
const WRITES: readonly [string, (harness: Harness) => ReturnType<typeof post>][] = [
  ['PUT of a new key', (harness) => put(harness, 'new')],
  ['PUT over a value', (harness) => put(harness, 'old', 'changed')],
  ['a negative entry', (h) => h.request('put', at('old')).set('lockstep-negative', 'true')],
  ['incr of a new counter', (harness) => post(harness, `${at('new-count')}/incr`)],
  ['incr of a counter', (harness) => post(harness, `${at('count')}/incr`)],
  [
    'a patch',
    (h) =>
      h
        .request('patch', `${at('object')}/fields`)
        .send({ set: { a: '2', b: '1' }, incr: { n: 1 } }),
  ],
  [
    'set-many',
    (harness) =>
      post(harness, '/v1/cache/users/set-many', {
        entries: [
          { key: 'new', value: 1 },
          { key: 'old', value: 2 },
        ],
      }),
  ],
  [
    'a pipeline of writes',
    (harness) =>
      post(harness, '/v1/cache-pipeline', {
        operations: [
          { op: 'put', space: 'users', key: 'new', value: 1 },
          { op: 'incr', space: 'users', key: 'count' },
        ],
      }),
  ],
]

async function prepare(harness: Harness) {
  await setMaxMemory(0)
  await until('room', async () => (await put(harness, 'old')).status < 300)
  await harness.request('delete', at('new'))
  for (const key of ['count', 'object']) await harness.request('delete', at(key))
  await post(harness, `${at('count')}/incr`, { by: 7 }).expect(200)
  await harness
    .request('patch', `${at('object')}/fields`)
    .send({ set: { a: '1', n: '5' } })
    .expect(200)
}

/** Reads the values, versions and clock of a key from Redis. */
async function stored(harness: Harness) {
  const keys = ['old', 'new', 'count', 'new-count', 'object'].map((key) => keysOf(harness, key))
  const dumps = await Promise.all(
    keys.flatMap(({ entry, values }) => [raw.dumpBuffer(entry), raw.dumpBuffer(values)]),
  )
  const clock = await raw.zrange(keys[0]?.clock as string, '0', '-1', 'WITHSCORES')
  return { dumps: dumps.map((dump) => dump?.toString('base64')), clock }
}

async function refusesWrites(harness: Harness) {
  const before = await stored(harness)
  for (const [what, write] of WRITES) {
    const { status, body, headers } = await write(harness)
    expect([what, status, body.code]).toEqual([what, 503, 'store-full'])
    expect(headers['retry-after']).toBe('1')
  }
  expect(await stored(harness)).toEqual(before)
}

async function readsOn(harness: Harness) {
  expect((await get(harness, 'old').expect(200)).body.toString()).toBe('value')
  await harness.request('head', at('old')).expect(200)
  const count = await harness.request('get', `${at('count')}/counter`).expect(200)
  expect(count.body.value).toBe('7')
  const object = await harness.request('get', `${at('object')}/fields`).expect(200)
  expect(object.body.fields).toEqual({ a: '1', n: '5' })
  const many = await post(harness, '/v1/cache/users/get-many', { keys: ['old', 'none'] })
  expect(many.body.results).toMatchObject([{ status: 'hit' }, { status: 'cache-miss' }])
}

/** Each request loads for itself. */
async function loadsUnstored(harness: Harness) {
  const origin = await useOrigin()
  const { loadFrom, ...driver } = loadingDriver(harness)
  loadFrom(origin)
  const load = () => driver.get('unstored').expect(200)
  expect(statusOf(await load())).toBe('lockstep; fwd=uri-miss; fwd-status=200')
  let answer: (() => void) | undefined
  origin.answer = (request, response) => {
    answer = () => usual(request, response)
  }
  const first = load().then((loaded) => loaded)
  const now = await until('the load', () => answer)
  expect(origin.count('unstored')).toBe(2)
  now()
  expect((await first).text).toBe('value of unstored')
  expect(await raw.exists(keysOf(harness, 'unstored', SPACE).entry)).toBe(0)
  harness.reload(SPACES)
}
const statusOf = (answer: { headers: Record<string, string> }) => answer.headers['cache-status']

/** Each call starts with a command that a full Redis accepts. */
async function forgets(harness: Harness) {
  await post(harness, `${at('old')}/touch`, { ttlMs: 60_000 }).expect(204)
  await invalidate(harness, { keys: ['old'] })
  expect(await stateOf(harness, 'old')).toBe('stale')
  await harness.request('delete', at('new')).set('if-fence', 'lock=5').expect(204)
  await harness.request('delete', at('count')).expect(204)
  await harness.request('get', `${at('count')}/counter`).expect(404)
  await invalidate(harness, { tags: ['t'], mode: 'hard' })
  await get(harness, 'old').expect(404)
  await harness.request('get', `${at('object')}/fields`).expect(200)
  await invalidate(harness, { all: true, mode: 'hard' })
  await harness.request('get', `${at('object')}/fields`).expect(404)
}

describe('above the share of the memory that the cache may take', () => {
  beforeEach(async () => {
    await prepare(careful)
    await fillUp()
  })

  it('the cache writes nothing, not even in part', () => refusesWrites(careful))
  it('reads go on', () => readsOn(careful))
  it('values of an origin are loaded, and not stored', () => loadsUnstored(careful))
  it('no lease is granted, because its fill would be refused', async () => {
    const { headers } = await careful.request('get', at('none')).query({ lease: true }).expect(404)
    expect(headers).not.toHaveProperty('lockstep-lease-status')
    const body = { keys: ['none'], lease: true }
    const { results } = (await post(careful, '/v1/cache/users/get-many', body).expect(200)).body
    expect(results[0]).not.toHaveProperty('lease')
  })
  it('invalidations, deletes and touches go on', () => forgets(careful))

  it('locks can use the memory that is reserved for them', async () => {
    await post(careful, '/v1/locks/kept/acquire').expect(200)
  })

  it('invalidations of arbitrary tags use no more of it', async () => {
    const { clock } = keysOf(careful, 'old')
    const invalidateTags = (from: number) =>
      invalidate(careful, { tags: Array.from({ length: 100 }, (_, i) => `made-up-${from + i}`) })
    await invalidateTags(0)
    await invalidateTags(100)
    const before = await raw.zcard(clock)
    for (let from = 200; from < 2_000; from += 100) await invalidateTags(from)
    expect(await raw.zcard(clock)).toBeLessThanOrEqual(before)
    await post(careful, '/v1/locks/beside-marks/acquire').expect(200)
  })

  it('an instance without the limit continues to write', async () => {
    await put(full, 'other').expect(201)
  })

  it('an invalidation of all frees memory, so that writes succeed again', async () => {
    await setMaxMemory(0)
    await until('room', async () => (await put(careful, 'probe')).status < 300)
    for (let i = 0; i < 30; i++) await put(careful, `large-${i}`, randomBytes(100_000)).expect(201)
    await fillUp()
    await invalidate(careful, { all: true, mode: 'hard' })
    await until('a write', async () => (await put(careful, 'after')).status === 201)
  })

  it('shows at /metrics what Redis has', async () => {
    const { text } = await careful.request('get', '/metrics').expect(200)
    const of = (name: string) =>
      Number(new RegExp(`^lockstep_redis_${name}{redis="main"} (\\d+)`, 'm').exec(text)?.[1])
    expect(of('memory_used_bytes')).toBeGreaterThan(0.8 * of('memory_max_bytes'))
    expect(of('memory_max_bytes')).toBeGreaterThan(500_000)
    expect(of('evicted_keys_total')).toBe(0)
  })

  it('writes succeed again when memory is free', async () => {
    await setMaxMemory((await used()) / 0.5)
    await until('room', async () => (await put(careful, 'again')).status < 300)
  })
})

describe('on a Redis that is full', () => {
  beforeEach(async () => {
    await prepare(full)
    await setMaxMemory(1)
  })

  it('nothing is written, not even in part', () => refusesWrites(full))
  it('reads go on', () => readsOn(full))
  it('values of an origin are loaded, and not stored', () => loadsUnstored(full))
  it('invalidations, deletes and touches go on', () => forgets(full))

  it('a load lease can be renewed and released, but its value cannot be stored', async () => {
    await setMaxMemory(0)
    const token = (key: string) =>
      full
        .request('get', at(key))
        .query({ lease: true })
        .then(({ headers }) => headers['lockstep-lease'])
    const status = async (key: string) =>
      leaseStatusOf(await full.request('get', at(key)).query({ lease: true }))
    // The service reads the memory use periodically.
    const first = await until('a lease', () => token('loading'))
    const second = await until('another', () => token('loading-too'))
    await setMaxMemory(1)
    const lease = (key: string, verb: string, body: object) =>
      post(full, `${at(key)}/lease/${verb}`, body)

    await lease('loading', 'renew', { token: first, leaseMs: 60_000 }).expect(200)
    const filled = await put(full, 'loading').set('lockstep-lease', first).expect(503)
    expect(filled.body.code).toBe('store-full')
    expect(await status('loading')).toBe('held')
    await lease('loading', 'cancel', { token: first, failed: true }).expect(200)
    expect(await status('loading')).toBe('backoff')
    await lease('loading-too', 'cancel', { token: second }).expect(200)
    expect(await status('loading-too')).toBeUndefined()
  })

  it('no write to an origin begins, and those under way can end', async () => {
    await setMaxMemory(0)
    const partitions = new Partitions(layoutOf(full.connections.cache), 'keep')
    const writes = createWriteLeases(full.binder, partitions)
    const keyOf = (key: string) => {
      return { namespace: full.namespace, space: 'users', key, policy: DEFAULT_POLICY }
    }
    const times = { timeoutMs: WAIT_MS, applyWithinMs: WAIT_MS }
    const begin = async (key: string) => {
      const begun = await writes.begin(keyOf(key), times)
      return begun.kind === 'begun' ? begun.clk : 0
    }
    const dropped = { value: undefined, isCreated: false }
    const [taken, refused, unknown] = [await begin('a'), await begin('a'), await begin('a')]
    const late = await begin('b')
    await setMaxMemory(1)

    await expect(begin('c')).rejects.toMatchObject({ code: 'store-full' })
    expect(await writes.refused(keyOf('a'), refused)).toBe(true)
    expect(await writes.finish(keyOf('a'), taken, dropped)).toEqual({ kind: 'dropped' })
    await writes.unknown(keyOf('a'), unknown, WAIT_MS)
    await full.request('delete', at('a')).expect(204)
    expect(await writes.finish(keyOf('b'), late + 1, dropped)).toEqual({ kind: 'dropped' })
  })

  const READ = {
    on_restart: 'keep 7',
    space: 'users',
    want: 1,
    token: 'token-0000000000',
    lease_ms: 10_000,
    max_lease_ms: 10_000,
    early: '0',
    idle_ms: 0,
    max_stale_ms: -1,
    min_fresh_ms: 0,
    max_bytes: -1,
    keeps: 0,
    has_failed: 0,
  }

  it('a process may keep what it reads, and receives changes', async () => {
    const space = 'kept-on-a-full-redis'
    const keys = keysOf(full, 'old', space)
    const { asOf } = await full.binder.bind(readScript)(keys, { ...READ, space, want: 0, keeps: 1 })
    expect(asOf).toBeGreaterThan(0)
    expect(await raw.zscore(keys.clock, `L:${space}`)).not.toBeNull()
  })

  it('a process keeps nothing that it reads where Redis cannot record the reader', async () => {
    const space = 'not-kept'
    await raw.call('CONFIG', 'SET', 'min-replicas-to-write', '1')
    try {
      const { asOf } = await full.binder.bind(readScript)(keysOf(full, 'old', space), {
        ...READ,
        space,
        want: 0,
        keeps: 1,
      })
      expect(asOf).toBe(-1)
    } finally {
      await raw.call('CONFIG', 'SET', 'min-replicas-to-write', '0')
    }
  })

  it('a miss grants no lease, because Redis could not store it', async () => {
    const { lease } = await full.binder.bind(readScript)(keysOf(full, 'none'), READ)
    expect(lease).toEqual({ kind: 'none' })
    expect(await raw.exists(keysOf(full, 'none').lease)).toBe(0)
    const elsewhere = { ...full, namespace: `${full.namespace}-y` } as Harness
    const { headers } = await full
      .request('get', at('none'))
      .query({ lease: true })
      .set('lockstep-namespace', elsewhere.namespace)
      .expect(404)
    expect(headers).not.toHaveProperty('lockstep-lease-status')
    expect(await raw.exists(keysOf(elsewhere, 'none').clock)).toBe(0)
  })

  it('an invalidation in an empty space takes no memory', async () => {
    const elsewhere = { ...full, namespace: `${full.namespace}-x` } as Harness
    await full
      .request('post', '/v1/cache/users/invalidate')
      .set('lockstep-namespace', elsewhere.namespace)
      .send({ all: true, mode: 'hard' })
      .expect(204)
    const { clock } = keysOf(elsewhere, 'any')
    expect(await raw.exists(clock)).toBe(0)
  })

  it('acknowledged writes are complete, and refused writes left nothing', async () => {
    await setMaxMemory((await used()) + 3 * 1024 * 1024)
    const sums = new Map<string, string>()
    const refused: string[] = []
    for (let i = 0; i < 60; i++) {
      const key = `fill-${i}`
      const value = randomBytes(100_000)
      const { status, body } = await put(full, key, value)
      if (status === 201) sums.set(key, createHash('sha256').update(value).digest('hex'))
      else expect([status, body.code]).toEqual([503, 'store-full'])
      if (status !== 201) refused.push(key)
    }
    expect(sums.size).toBeGreaterThan(10)
    expect(refused.length).toBeGreaterThan(10)
    for (const key of refused) await get(full, key).expect(404)
    for (const [key, sum] of sums) {
      const { body } = await get(full, key).expect(200)
      expect(createHash('sha256').update(body).digest('hex')).toBe(sum)
    }
  })
})
