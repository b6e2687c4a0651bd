import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpaceSaving } from '../../src/metrics/space-saving.js'

const still = { halfLifeMs: 60_000, now: () => 0 }

describe('the most frequent keys of a stream', () => {
  it('counts exactly up to as many keys as counters', () => {
    const sketch = new SpaceSaving({ capacity: 3, ...still })
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) sketch.add(key)
    expect(sketch.top(10)).toEqual([
      { key: 'a', count: 3, error: 0 },
      { key: 'b', count: 2, error: 0 },
      { key: 'c', count: 1, error: 0 },
    ])
    expect(sketch.top(1).map(({ key }) => key)).toEqual(['a'])
  })

  it('gives a new key the smallest counter, with its possible error', () => {
    const sketch = new SpaceSaving({ capacity: 2, ...still })
    sketch.add('a', 5)
    sketch.add('b', 2)
    sketch.add('c')
    expect(sketch.top(10)).toEqual([
      { key: 'a', count: 5, error: 0 },
      { key: 'c', count: 3, error: 2 },
    ])
  })

  it('keeps its bounds on any stream', () => {
    const stream = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 9 })),
      { maxLength: 400 },
    )
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 12 }), (seen, capacity) => {
        const sketch = new SpaceSaving({ capacity, ...still })
        const truth = new Map<string, number>()
        let total = 0
        for (const [id, times] of seen) {
          sketch.add(`k${id}`, times)
          truth.set(`k${id}`, (truth.get(`k${id}`) ?? 0) + times)
          total += times
        }
        const top = sketch.top(capacity)
        expect(sketch.size).toBe(Math.min(capacity, truth.size))
        expect(top.reduce((sum, { count }) => sum + count, 0)).toBe(total)
        expect(top.map(({ count }) => count)).toEqual(
          top.map(({ count }) => count).sort((a, b) => b - a),
        )
        for (const { key, count, error } of top) {
          expect(count).toBeGreaterThanOrEqual(truth.get(key) as number)
          expect(count - error).toBeLessThanOrEqual(truth.get(key) as number)
        }
        const counted = new Set(top.map(({ key }) => key))
        for (const [key, times] of truth) {
          if (times > total / capacity) expect(counted).toContain(key)
        }
      }),
    )
  })

  it('finds the hot ten among a hundred thousand keys with 200 counters', () => {
    const sketch = new SpaceSaving({ capacity: 200, ...still })
    for (let i = 0; i < 200_000; i += 1) {
      sketch.add(i % 4 === 0 ? `hot-${(i / 4) % 10}` : `cold-${(i * 7_919) % 100_003}`)
    }
    expect(sketch.size).toBe(200)
    expect(
      sketch
        .top(10)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(Array.from({ length: 10 }, (_, i) => `hot-${i}`))
  })

  it('halves counts at each half-life, and drops those below 1', () => {
    let now = 0
    const sketch = new SpaceSaving({ capacity: 8, halfLifeMs: 1_000, now: () => now })
    for (const [key, times] of [
      ['a', 40],
      ['b', 12],
      ['c', 3],
      ['d', 1],
    ] as const) {
      sketch.add(key, times)
    }
    now = 999
    expect(sketch.top(1)).toEqual([{ key: 'a', count: 40, error: 0 }])
    now = 2_500
    expect(sketch.top(10)).toEqual([
      { key: 'a', count: 10, error: 0 },
      { key: 'b', count: 3, error: 0 },
    ])
    // 500 ms of the third half-life had passed already, so it ends here.
    now = 3_000
    sketch.add('b', 9)
    expect(sketch.top(10)).toEqual([
      { key: 'b', count: 10.5, error: 0 },
      { key: 'a', count: 5, error: 0 },
    ])
  })

  it('stays a heap after keys were dropped', () => {
    let now = 0
    const sketch = new SpaceSaving({ capacity: 4, halfLifeMs: 1_000, now: () => now })
    for (const [key, times] of [
      ['a', 1],
      ['b', 8],
      ['c', 1],
      ['d', 4],
    ] as const) {
      sketch.add(key, times)
    }
    now = 1_000
    for (const key of ['e', 'f', 'g']) sketch.add(key)
    // b 4, d 2, e 1, f 1: g replaced the smallest, which is one of the new keys.
    expect(sketch.top(2)).toEqual([
      { key: 'b', count: 4, error: 0 },
      { key: 'd', count: 2, error: 0 },
    ])
    expect(sketch.top(4)).toContainEqual({ key: 'g', count: 2, error: 1 })
  })
})
