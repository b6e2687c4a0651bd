import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { type TestStream, testStream } from './stores.js'

const harness = useHarness()

/** Each in a minute of its own. */
async function appendEach(stream: TestStream, ...texts: string[]): Promise<string[]> {
  const ids: string[] = []
  for (const text of texts) {
    ids.push(...(await stream.append(text)))
    harness.advance(60_000)
  }
  return ids
}

const msOf = (id: string): number => Number(id.split('-')[0])

describe('a page', () => {
  it('begins after a place and ends before another', async () => {
    const stream = testStream(harness)
    const [, b, , d] = await appendEach(stream, 'a', 'b', 'c', 'd')
    expect(await stream.texts({ after: b! })).toEqual(['c', 'd'])
    expect(await stream.texts({ before: d! })).toEqual(['a', 'b', 'c'])
    expect(await stream.texts({ after: b!, before: d! })).toEqual(['c'])
    expect(await stream.texts({ after: 'end' })).toEqual([])
    expect(await stream.texts({ after: `at:${msOf(b!)}` })).toEqual(['b', 'c', 'd'])
    expect(await stream.texts({ after: `at:${msOf(b!) + 1}` })).toEqual(['c', 'd'])
    expect(await stream.texts({ before: `at:${msOf(b!)}` })).toEqual(['a'])
    expect(await stream.texts({ after: b!, order: 'desc' })).toEqual(['d', 'c'])
    expect(await stream.texts({ before: d!, order: 'desc', limit: 2 })).toEqual(['c', 'b'])
  })

  it('says whether more follow, and what later entries follow', async () => {
    const stream = testStream(harness)
    expect(await stream.page()).toMatchObject({ entries: [], more: false, last: '0-0' })
    const [a, b, c] = await appendEach(stream, 'a', 'b', 'c')
    expect(await stream.page({ limit: 2 })).toMatchObject({ more: true, last: b })
    expect(await stream.page({ limit: 3 })).toMatchObject({ more: false, last: c })
    expect(await stream.page({ limit: 2, order: 'desc' })).toMatchObject({ more: true, last: c })
    expect(await stream.page({ after: c! })).toMatchObject({ more: false, last: c })
    expect(await stream.page({ after: 'end' })).toMatchObject({ more: false, last: c })
    expect(await stream.page({ after: 'at:9999999999999' })).toMatchObject({ last: c })
    expect(await stream.page({ before: a! })).toMatchObject({ entries: [], last: '0-0' })
    expect(await stream.page({ before: '0-0' })).toMatchObject({ entries: [] })
    expect(await stream.page({ before: 'at:0' })).toMatchObject({ entries: [] })
  })

  it('has as many small entries as it may', async () => {
    const stream = testStream(harness)
    const texts = Array.from({ length: 100 }, (_, at) => `${at}`)
    await stream.append(...texts)
    expect(await stream.texts()).toEqual(texts)
    expect(await stream.texts({ order: 'desc' })).toEqual([...texts].reverse())
    expect(await stream.page({ limit: 99 })).toMatchObject({ more: true })
    expect(await stream.page({ limit: 100 })).toMatchObject({ more: false })
  })

  it('ends after 256 KiB, and has one entry at least', async () => {
    const stream = testStream(harness)
    const large = 'x'.repeat(131_000)
    await stream.append(large, large, large)
    expect(await stream.page()).toMatchObject({ entries: [{}, {}], more: true })
    await stream.append('y'.repeat(300_000))
    const { last } = await stream.page({ limit: 3, after: 'start', before: 'end' })
    const third = (await stream.page({ after: last })).entries
    expect(third).toHaveLength(1)
    expect(await stream.page({ after: third[0]!.id })).toMatchObject({ entries: [{}], more: false })
  })

  it('has no entry that is too old', async () => {
    const stream = testStream(harness, { maxAgeMs: 150_000 })
    const [a, b, c] = await appendEach(stream, 'a', 'b', 'c')
    // `a` is three minutes old, `b` two.
    expect(await stream.texts()).toEqual(['b', 'c'])
    expect(await stream.texts({ order: 'desc' })).toEqual(['c', 'b'])
    expect(await stream.texts({ after: 'at:0' })).toEqual(['b', 'c'])
    expect(await stream.texts({ after: a! })).toEqual(['b', 'c'])
    expect(await stream.texts({ after: b! })).toEqual(['c'])
    expect(await stream.page()).toMatchObject({ missed: 1 })
    expect(await stream.show()).toMatchObject({ length: 2, oldest: b, newest: c, appended: 3 })
    harness.advance(150_000)
    expect(await stream.page({ after: c! })).toMatchObject({ entries: [], last: c })
    expect(await stream.page({ after: 'end' })).toMatchObject({ entries: [], last: c })
    expect(await stream.show()).toEqual({ length: 0, bytes: 0, appended: 3 })
  })
})

describe('a position', () => {
  it('is lost when entries after it were dropped, and says how many', async () => {
    const stream = testStream(harness, { capacity: 2 })
    const [a, b, c, d, e] = await appendEach(stream, 'a', 'b', 'c', 'd', 'e')
    expect(await stream.read({ after: a! })).toEqual({
      kind: 'lost',
      missed: 2,
      oldest: d,
      newest: e,
    })
    expect(await stream.read({ after: b! })).toMatchObject({ kind: 'lost', missed: 1 })
    expect(await stream.texts({ after: c! })).toEqual(['d', 'e'])
    expect(await stream.read({ after: '0-0' })).toMatchObject({ kind: 'lost', missed: 3 })
    expect(await stream.page()).toMatchObject({ missed: 3 })
    expect(await stream.page({ after: 'end' })).toMatchObject({ missed: 0 })
    expect(await stream.page({ after: 'at:0' })).toMatchObject({ missed: 0 })
  })

  it('is lost when all entries after it are too old', async () => {
    const stream = testStream(harness, { maxAgeMs: 60_000 })
    const [a] = await appendEach(stream, 'a', 'b', 'c')
    harness.advance(60_000)
    expect(await stream.read({ after: a! })).toEqual({
      kind: 'lost',
      missed: 2,
      oldest: undefined,
      newest: undefined,
    })
  })

  it('is not lost by a deletion', async () => {
    const stream = testStream(harness)
    const [a, b, c, d] = await appendEach(stream, 'a', 'b', 'c', 'd')
    for (const id of [a!, b!, d!]) expect(await stream.removeEntry(id)).toBe(true)
    expect(await stream.removeEntry(a!)).toBe(false)
    for (const id of ['0-0', a!, b!]) expect(await stream.texts({ after: id })).toEqual(['c'])
    expect(await stream.page({ after: d! })).toMatchObject({ entries: [], last: d })
    expect(await stream.removeEntry(c!)).toBe(true)
    expect(await stream.page({ after: b! })).toMatchObject({ entries: [] })
    const later = `${msOf(d!) + 1}-2`
    expect(await stream.read({ after: later })).toMatchObject({ kind: 'lost', missed: undefined })
    expect(await stream.show()).toEqual({ length: 0, bytes: 0, appended: 4 })
    expect(await stream.append('e')).toEqual([expect.stringMatching(/-5$/)])
  })

  it('is lost by a DELETE of the stream, also when it goes on', async () => {
    const stream = testStream(harness)
    const [a, b] = await appendEach(stream, 'a', 'b')
    await stream.remove()
    expect(await stream.show()).toBeUndefined()
    expect(await stream.texts()).toEqual([])
    expect(await stream.read({ after: a! })).toMatchObject({ kind: 'lost', missed: 1 })
    const [c] = await stream.append('c')
    expect(c).toMatch(/-3$/)
    expect(await stream.read({ after: a! })).toMatchObject({ kind: 'lost', missed: 1, oldest: c })
    expect(await stream.texts({ after: b! })).toEqual(['c'])
    expect(await stream.show()).toMatchObject({ length: 1, bytes: 4 })
  })

  it('in a stream that never was is only that before its first entry', async () => {
    const stream = testStream(harness)
    expect(await stream.page({ after: '0-0' })).toMatchObject({ entries: [], last: '0-0' })
    expect(await stream.read({ after: '1795223400123-7' })).toEqual({
      kind: 'lost',
      missed: undefined,
      oldest: undefined,
      newest: undefined,
    })
  })
})

describe('a stream that ended by its age', () => {
  it('goes on with its numbers, so readers learn what they missed', async () => {
    const stream = testStream(harness, { maxAgeMs: 60_000 })
    const [a, , c] = await appendEach(stream, 'a', 'b', 'c')
    await harness.redis.unlink(stream.key('log'))
    expect(await stream.show()).toBeUndefined()
    expect(await stream.page({ after: c! })).toMatchObject({ entries: [], last: c })
    expect(await stream.read({ after: a! })).toMatchObject({ kind: 'lost', missed: 2 })
    expect(await stream.read({ after: '0-0' })).toMatchObject({ kind: 'lost', missed: 3 })

    const [d] = await stream.append('d')
    expect(d).toMatch(/-4$/)
    expect(await stream.show()).toEqual({ length: 1, bytes: 4, appended: 4, oldest: d, newest: d })
    expect(await stream.texts({ after: c! })).toEqual(['d'])
    expect(await stream.read({ after: a! })).toMatchObject({ kind: 'lost', missed: 2, oldest: d })
    expect(await stream.page()).toMatchObject({ missed: 3 })
  })
})

describe('a history that another one replaced, as after a failover,', () => {
  /** The stream as it was after so many of its entries, and other entries since. */
  async function replaced(kept: number, since: number, capacity = 100) {
    const stream = testStream(harness, { capacity })
    const ids = await appendEach(stream, ...Array.from({ length: kept }, (_, at) => `k${at}`))
    const [meta, log] = [stream.key('meta'), stream.key('log')]
    const before = await harness.redis.hgetall(meta)
    const lost = await appendEach(stream, 'x', 'y', 'z')
    await harness.redis.xdel(log, ...lost)
    await harness.redis.hset(meta, before)
    await appendEach(stream, ...Array.from({ length: since }, (_, at) => `n${at}`))
    return { stream, ids, lost }
  }

  it.each([0, 1, 2, 3, 4])('shows in positions within it, with %i new entries', async (since) => {
    const { stream, ids, lost } = await replaced(2, since)
    for (const id of lost) {
      expect(await stream.read({ after: id })).toMatchObject({ kind: 'lost', missed: undefined })
    }
    expect(await stream.page({ after: ids[1]! })).toMatchObject({ missed: 0 })
  })

  it.each([1, 2, 3, 4])('shows when the new entries were dropped but %i', async (capacity) => {
    const { stream, lost } = await replaced(2, 5, capacity)
    for (const id of lost) expect(await stream.read({ after: id })).toMatchObject({ kind: 'lost' })
  })

  it('shows in a position whose number is the one that was dropped last', async () => {
    const { stream, lost } = await replaced(1, 4, 2)
    // Numbers 2 and 3 of the new history are gone; 3 is `y` of the old one.
    expect(await stream.read({ after: lost[1]! })).toEqual({
      kind: 'lost',
      missed: undefined,
      oldest: expect.stringMatching(/-4$/),
      newest: expect.stringMatching(/-5$/),
    })
  })
})
