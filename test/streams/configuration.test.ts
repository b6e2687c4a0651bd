import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { streamDriver } from './driver.js'

const file = (settings: object) => JSON.stringify({ streams: { filed: settings } })

const harness = useHarness({ configFile: file({ capacity: 7 }) })
/** An instance that learns of changes from Redis. */
const other = useHarness()

it('takes every setting, and answers it', async () => {
  const settings = {
    capacity: 1_000_000,
    maxBytes: 4_294_967_296,
    whenFull: 'refuse',
    maxEntryBytes: 524_288,
    maxAgeMs: 31_622_400_000,
  }
  const { body } = await streamDriver(harness, 'every').put(settings).expect(201)
  const { version, ...rest } = body
  expect(rest).toEqual({ name: 'every', ...settings, source: 'api' })
})

it.each([
  [{ capacity: 0 }, '/capacity'],
  [{ capacity: 1_000_001 }, '/capacity'],
  [{ maxBytes: 1_048_575 }, '/maxBytes'],
  [{ maxBytes: 4_294_967_297 }, '/maxBytes'],
  [{ whenFull: 'drop' }, '/whenFull'],
  [{ maxEntryBytes: 0 }, '/maxEntryBytes'],
  [{ maxEntryBytes: 524_289 }, '/maxEntryBytes'],
  [{ maxAgeMs: -1 }, '/maxAgeMs'],
  [{ maxAgeMs: 31_622_400_001 }, '/maxAgeMs'],
  [{ maxAgeMs: null }, '/maxAgeMs'],
  [{ name: 'x' }, '/name'],
])('refuses %j', async (settings, pointer) => {
  const stream = streamDriver(harness, 'refusing')
  for (const call of [stream.put(settings), harness.request('patch', stream.at).send(settings)]) {
    const { body } = await call.expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'body', pointer })
  }
})

describe('a change of maxAgeMs', () => {
  const WEEK_MS = 7 * 86_400_000

  it('moves the end of a stream at once, also without an append', async () => {
    const stream = streamDriver(harness, 'aging')
    const leftMs = async () => {
      const [numbers, entries] = await Promise.all(
        ['meta', 'log'].map((part) =>
          harness.redis.pttl(`ls:{${harness.namespace}:s:aging}:${part}`),
        ),
      )
      return { numbers: numbers!, entries: entries! }
    }
    await stream.appendData(1)
    harness.advance(600_000)
    await stream.put({ maxAgeMs: 3_600_000 }).expect(201)
    const { numbers, entries } = await leftMs()
    expect(entries).toBeGreaterThan(2_900_000)
    expect(entries).toBeLessThanOrEqual(3_000_000)
    expect(numbers - entries).toBeGreaterThanOrEqual(WEEK_MS)
    expect(numbers).toBeLessThanOrEqual(3_000_000 + WEEK_MS)

    await stream.put({ maxAgeMs: 7_200_000 }).expect(200)
    expect((await leftMs()).entries).toBeGreaterThan(6_500_000)
    const patch = harness.request('patch', stream.at).send({ maxAgeMs: 0 })
    expect((await patch.expect(200)).body.maxAgeMs).toBe(0)
    expect(await leftMs()).toEqual({ numbers: -1, entries: -1 })
    expect(await stream.data()).toEqual([1])
  })

  it('keeps the numbers for a week, also of a stream whose entries are too old for long', async () => {
    const stream = streamDriver(harness, 'old')
    await stream.appendData(1)
    harness.advance(9 * 86_400_000)
    await stream.put({ maxAgeMs: 86_400_000 }).expect(201)
    const key = `ls:{${harness.namespace}:s:old}:meta`
    expect(await harness.redis.pttl(key)).toBeGreaterThan(WEEK_MS - 60_000)
    const [id] = await stream.appendData(2)
    expect(id).toMatch(/-2$/)
    expect(await stream.data()).toEqual([2])
  })

  it('keeps the numbers of a deleted stream no longer', async () => {
    const stream = streamDriver(harness, 'deleted')
    await stream.appendData(1)
    await harness.request('delete', stream.at).expect(204)
    await stream.put({}).expect(201)
    const key = `ls:{${harness.namespace}:s:deleted}:meta`
    expect(await harness.redis.pttl(key)).toBeLessThanOrEqual(WEEK_MS)
    expect(await harness.redis.pttl(key)).toBeGreaterThan(0)
  })
})

it('holds in another instance within a second', async () => {
  const stream = streamDriver(harness, 'shared')
  await stream.put({ capacity: 1 }).expect(201)
  const entries = [
    { event: 'e', data: 1 },
    { event: 'e', data: 2 },
  ]
  await until('it drops there', async () => {
    await other
      .request('post', `${stream.at}/entries`)
      .set('lockstep-namespace', harness.namespace)
      .send({ entries })
      .expect(201)
    return (await stream.data()).length === 1
  })
})

it('of the configuration file applies in every namespace, and cannot be changed', async () => {
  const stream = streamDriver(harness, 'filed')
  const { body } = await harness.request('get', stream.at).expect(200)
  expect(body).toMatchObject({ capacity: 7, source: 'file' })
  for (const call of [
    stream.put({}),
    harness.request('patch', stream.at).send({ capacity: 1 }),
    harness.request('delete', stream.at),
  ]) {
    expect((await call.expect(409)).body.code).toBe('in-config-file')
  }
  await stream.appendData(1, 2, 3)
  harness.reload(file({ capacity: 2 }))
  await stream.appendData(4)
  expect(await stream.data()).toEqual([3, 4])
})
