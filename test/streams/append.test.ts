import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { keyOf, numberOf, testStream } from './stores.js'

const harness = useHarness()

it('numbers entries, after the time of their append', async () => {
  const stream = testStream(harness)
  const ids = [...(await stream.append('a', 'b')), ...(await stream.append('c'))]
  expect(ids.map(numberOf)).toEqual([1, 2, 3])
  for (const id of ids) expect(Math.abs(Number(id.split('-')[0]) - Date.now())).toBeLessThan(60_000)
  expect(await stream.texts()).toEqual(['a', 'b', 'c'])
})

it('lets ids grow when the clock steps back', async () => {
  const stream = testStream(harness)
  const [first] = await stream.append('a')
  harness.advance(-3_600_000)
  const [second] = await stream.append('b')
  harness.advance(3_600_000)
  expect(second).toBe(`${first!.split('-')[0]}-2`)
})

describe('a bound', () => {
  it('of entries drops the oldest ones, also of one append', async () => {
    const stream = testStream(harness, { capacity: 3 })
    await stream.append('a', 'b')
    expect(await stream.appendAll(['c', 'd'])).toMatchObject({ kind: 'appended', dropped: 1 })
    expect(await stream.texts()).toEqual(['b', 'c', 'd'])
    await stream.append('1', '2', '3', '4', '5')
    expect(await stream.texts()).toEqual(['3', '4', '5'])
  })

  it('of entries drops 1000 with each append, when it was lowered', async () => {
    const stream = testStream(harness)
    const texts = Array.from({ length: 100 }, () => 'x')
    for (let i = 0; i < 12; i++) await stream.append(...texts)
    stream.configure({ capacity: 10 })
    await stream.append('y')
    expect((await stream.show())?.length).toBe(201)
    await stream.append('y')
    expect((await stream.show())?.length).toBe(10)
  })

  it('drops little of large entries with each append, when it was lowered', async () => {
    const stream = testStream(harness)
    await stream.append(...Array.from({ length: 40 }, () => 'x'.repeat(32 * 1024)))
    stream.configure({ capacity: 1 })
    const lengths: unknown[] = []
    for (let i = 0; i < 3; i++) {
      await stream.append('y')
      lengths.push((await stream.show())?.length)
    }
    expect(lengths).toEqual([25, 10, 1])
  })

  it('of entries holds when small ones take the place of large ones', async () => {
    const stream = testStream(harness, { capacity: 20 })
    await stream.append(...Array.from({ length: 20 }, () => 'x'.repeat(64 * 1024)))
    const texts = Array.from({ length: 20 }, (_, at) => `y${at}`)
    expect(await stream.appendAll(texts)).toMatchObject({ dropped: 20 })
    expect(await stream.texts()).toEqual(texts)
  })

  it('of bytes holds when a large entry takes the place of small ones', async () => {
    const stream = testStream(harness, { maxBytes: 1_000_000 })
    await stream.append(...Array.from({ length: 50 }, () => 'x'.repeat(19_997)))
    expect(await stream.appendAll(['y'.repeat(599_997)])).toMatchObject({ dropped: 30 })
    expect((await stream.show())?.bytes).toBe(1_000_000)
  })

  it('of bytes drops the oldest ones', async () => {
    // Each entry takes three bytes and its text.
    const stream = testStream(harness, { maxBytes: 12 })
    await stream.append('a', 'b', 'c')
    expect(await stream.texts()).toEqual(['a', 'b', 'c'])
    await stream.append('dd')
    expect(await stream.texts()).toEqual(['c', 'dd'])
    expect((await stream.show())?.bytes).toBe(9)
  })

  it('of age drops what is too old', async () => {
    const stream = testStream(harness, { maxAgeMs: 60_000 })
    await stream.append('a')
    harness.advance(30_000)
    await stream.append('b')
    harness.advance(30_000)
    expect(await stream.appendAll(['c'])).toMatchObject({ dropped: 1 })
    expect(await stream.texts()).toEqual(['b', 'c'])
  })
})

describe('a stream that refuses', () => {
  it('refuses entries beyond its capacity, all or none', async () => {
    const stream = testStream(harness, { capacity: 2, whenFull: 'refuse' })
    await stream.append('a')
    expect(await stream.appendAll(['b', 'c'])).toMatchObject({ kind: 'full', limit: 'capacity' })
    await stream.append('b')
    expect(await stream.texts()).toEqual(['a', 'b'])
  })

  it('refuses entries beyond its bytes', async () => {
    const stream = testStream(harness, { maxBytes: 8, whenFull: 'refuse' })
    await stream.append('a')
    expect(await stream.appendAll(['bb'])).toMatchObject({ kind: 'full', limit: 'maxBytes' })
    expect(await stream.append('b')).toHaveLength(1)
  })

  it('drops what is too old first, and says how much', async () => {
    const settings = { capacity: 2, whenFull: 'refuse', maxAgeMs: 60_000 } as const
    const stream = testStream(harness, settings)
    await stream.append('a', 'b')
    harness.advance(60_001)
    expect(await stream.appendAll(['c', 'd'])).toMatchObject({ kind: 'appended', dropped: 2 })
  })

  it('drops 1000 that are too old with one append', async () => {
    const stream = testStream(harness, { whenFull: 'refuse', maxAgeMs: 60_000 })
    await stream.append(...Array.from({ length: 1_100 }, () => 'x'))
    harness.advance(60_001)
    expect(await stream.appendAll(['y'])).toMatchObject({ dropped: 1_000 })
    expect(await stream.appendAll(['y'])).toMatchObject({ dropped: 100 })
  })

  it('drops what is too old, and says how much, also when it refuses', async () => {
    const settings = { capacity: 2, whenFull: 'refuse', maxAgeMs: 60_000 } as const
    const stream = testStream(harness, settings)
    const [, second] = await stream.append('a', 'b')
    harness.advance(60_001)
    expect(await stream.appendAll(['c', 'd', 'e'])).toMatchObject({ kind: 'full', dropped: 2 })
    expect(await harness.redis.hgetall(stream.key('meta'))).toMatchObject({
      n: '2',
      gone: second,
      bytes: '0',
    })
    expect(await stream.append('c', 'd')).toHaveLength(2)
  })
})

describe('an idempotency key', () => {
  it('appends nothing again, and answers the same ids', async () => {
    const stream = testStream(harness)
    const first = await stream.appendAll(['a', 'b'], keyOf('k'))
    expect(first).toMatchObject({ kind: 'appended', replayed: false })
    expect(await stream.appendAll(['a', 'b'], keyOf('k'))).toEqual({ ...first, replayed: true })
    expect(await stream.texts()).toEqual(['a', 'b'])
    const ttl = await harness.redis.pttl(stream.key('record:k'))
    expect(ttl).toBeGreaterThan(200_000)
    expect(ttl).toBeLessThanOrEqual(300_000)
  })

  it('of another request is a conflict', async () => {
    const stream = testStream(harness)
    await stream.appendAll(['a'], keyOf('k'))
    expect(await stream.appendAll(['b'], keyOf('k', 'other'))).toEqual({ kind: 'conflict' })
    expect(await stream.texts()).toEqual(['a'])
  })
})

describe('the keys of a stream', () => {
  const ttls = (stream: ReturnType<typeof testStream>) =>
    Promise.all(['meta', 'log'].map((part) => harness.redis.pttl(stream.key(part))))

  it('end with the newest entry, its number a week later, or never without an age', async () => {
    const stream = testStream(harness, { maxAgeMs: 600_000 })
    await stream.append('a')
    const [numbers, entries] = (await ttls(stream)) as [number, number]
    expect(entries).toBeGreaterThan(500_000)
    expect(entries).toBeLessThanOrEqual(600_000)
    expect(numbers).toBeGreaterThan(7 * 86_400_000 + 500_000)
    expect(numbers).toBeLessThanOrEqual(7 * 86_400_000 + 600_000)
    stream.configure({})
    await stream.append('b')
    expect(await ttls(stream)).toEqual([-1, -1])
  })

  it('are one hash for a week after a DELETE', async () => {
    const stream = testStream(harness)
    await stream.append('a')
    expect(await stream.remove()).toBe(true)
    expect(await stream.remove()).toBe(false)
    expect(await harness.redis.exists(stream.key('log'))).toBe(0)
    const ttl = await harness.redis.pttl(stream.key('meta'))
    expect(ttl).toBeGreaterThan(6 * 86_400_000)
    expect(ttl).toBeLessThanOrEqual(7 * 86_400_000)
  })
})
