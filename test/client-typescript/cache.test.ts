import { expect, it, onTestFinished } from 'vitest'
import { bytes, LoadFailedError, text } from '../../clients/typescript/src/lockstep.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { connect, connectThroughFaults } from './service.js'

const harness = useHarness()

const invalidate = (key: string, mode: 'soft' | 'hard' = 'hard') =>
  harness
    .request('post', '/v1/cache/pages/invalidate')
    .send({ keys: [key], mode })
    .expect(204)
const statusOf = async (key: string) =>
  (await harness.request('get', `/v1/cache/pages/${key}`)).status

it('stores JSON, text and bytes, and reads them', async () => {
  const { cache } = connect(harness)
  await cache.put('pages', 'json', { n: 1 }, { ttlMs: 60_000 })
  await cache.put('pages', 'text', 'ä', { codec: text })
  await cache.put('pages', 'bytes', Uint8Array.of(0, 255), { codec: bytes })
  expect(await cache.get('pages', 'json')).toMatchObject({ value: { n: 1 }, isStale: false })
  expect((await cache.get('pages', 'text', { codec: text }))?.value).toBe('ä')
  expect((await cache.get('pages', 'bytes', { codec: bytes }))?.value).toEqual(
    Uint8Array.of(0, 255),
  )
  expect(await cache.get('pages', 'none')).toBeUndefined()
  const all = new Map<string, unknown>([
    ['json', { n: 1 }],
    ['text', 'ä'],
    ['bytes', Uint8Array.of(0, 255)],
  ])
  expect(await cache.getMany('pages', ['json', 'text', 'bytes', 'none'])).toEqual(all)
})

it('invalidates by tag, deletes, and counts beyond 2^53', async () => {
  const { cache } = connect(harness)
  await cache.put('pages', 'tagged', 1, { tags: ['team "a"'] })
  await cache.invalidate('pages', { tags: ['team "a"'], mode: 'hard' })
  expect(await cache.get('pages', 'tagged')).toBeUndefined()
  await cache.put('pages', 'gone', 1)
  await cache.delete('pages', 'gone')
  expect(await cache.get('pages', 'gone')).toBeUndefined()
  expect(await cache.increment('pages', 'count', 2n ** 60n)).toBe(2n ** 60n)
})

it('loads once for callers of two clients, and stores the value', async () => {
  let loads = 0
  const load = async () => {
    loads++
    await until('another waits', () => waits() > 0)
    return { name: 'Ada' }
  }
  const { client: other, proxy } = await connectThroughFaults(harness)
  const waits = () => proxy.sent('/v1/cache/pages/ada')
  const first = connect(harness).cache.getOrLoad('pages', 'ada', load)
  await until('it loads', () => loads === 1)
  const values = await Promise.all([first, other.cache.getOrLoad('pages', 'ada', load)])
  expect(values).toEqual([{ name: 'Ada' }, { name: 'Ada' }])
  expect(loads).toBe(1)
})

it('stores that there is no value', async () => {
  const { cache } = connect(harness)
  expect(await cache.getOrLoad('pages', 'nobody', () => undefined)).toBeUndefined()
  const again = cache.getOrLoad('pages', 'nobody', () => expect.unreachable())
  expect(await again).toBeUndefined()
})

it('drops a value that came too late, without noise', async () => {
  const { cache } = connect(harness)
  const notStored: unknown[] = []
  const load = async () => {
    await invalidate('late')
    return 'old'
  }
  const onNotStored = (error: unknown) => notStored.push(error)
  expect(await cache.getOrLoad('pages', 'late', load, { onNotStored })).toBe('old')
  expect(notStored).toEqual([])
  expect(await statusOf('late')).toBe(404)
})

it('says why a value was not stored, and returns it', async () => {
  const { cache } = connect(harness)
  const notStored: unknown[] = []
  const options = { onNotStored: (error: unknown) => notStored.push(error) }
  const large = 'x'.repeat(2_000_000)
  expect(await cache.getOrLoad('pages', 'large', () => large, options)).toBe(large)
  expect(notStored).toMatchObject([{ code: 'too-large' }])
})

it('gives a load that failed up, so that no caller loads for a while', async () => {
  const { cache } = connect(harness)
  const fails = () => {
    throw new Error('the source is down')
  }
  await expect(cache.getOrLoad('pages', 'down', fails)).rejects.toThrow('the source is down')
  // The next one starts within the back-off, however long that takes here.
  harness.advance(-60_000)
  onTestFinished(() => harness.advance(60_000))
  await expect(cache.getOrLoad('pages', 'down', fails)).rejects.toThrow(LoadFailedError)
})

it('serves the stale value when the load fails', async () => {
  const { cache } = connect(harness)
  await cache.put('pages', 'stale', 'old', { staleMs: 600_000 })
  await invalidate('stale', 'soft')
  const fails = () => Promise.reject(new Error('the source is down'))
  expect(await cache.getOrLoad('pages', 'stale', fails)).toBe('old')
})

it('renews the lease while it loads', async () => {
  const space = { leaseMs: 9_000, maxLeaseMs: 9_000 }
  await harness.request('put', '/v1/cache-spaces/slow').send(space).expect(201)
  const { client, proxy } = await connectThroughFaults(harness)
  const load = () => until('it is renewed', () => proxy.sent('/v1/cache/slow/a/lease/renew') > 1)
  await client.cache.getOrLoad('slow', 'a', load)
  expect((await client.cache.get('slow', 'a'))?.value).toBe(true)
})

it('loads without the service while it is away', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  proxy.refuse()
  const soon = { timeoutMs: 100 }
  expect(await client.cache.getOrLoad('pages', 'away', () => 'loaded', soon)).toBe('loaded')
  expect(await statusOf('away')).toBe(404)
})

it('asks for no load when the request is refused', async () => {
  const { cache } = connect(harness)
  await cache.increment('pages', 'a-counter')
  const read = cache.getOrLoad('pages', 'a-counter', () => expect.unreachable())
  await expect(read).rejects.toMatchObject({ code: 'kind-mismatch' })
})
