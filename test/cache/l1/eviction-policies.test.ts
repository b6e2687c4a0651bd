import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zipf } from '../../../bench/zipf.mjs'
import { Frequency } from '../../../src/cache/l1/eviction/frequency.js'
import { createEvictionPolicy } from '../../../src/cache/l1/eviction/policies.js'
import type { Evictable } from '../../../src/cache/l1/eviction/policy.js'

interface Value extends Evictable {
  readonly name: string
}

const POLICIES = ['lru', 'lfu', 'ttl'] as const
const sized = (name: string, weight = 1, expiresAt = 0): Value => ({ name, weight, expiresAt })

function create(policy: (typeof POLICIES)[number], maxEntries: number, maxBytes = 1_000) {
  let evicted = 0
  const values = createEvictionPolicy<Value>(policy, {
    maxEntries,
    maxBytes,
    onEvict: () => {
      evicted += 1
    },
  })
  return { values, evicted: () => evicted }
}

describe.each(POLICIES)('the eviction policy %s', (policy) => {
  it('evicts one value per call of evict', () => {
    const { values, evicted } = create(policy, 10)
    for (const name of ['a', 'b']) values.set(name, sized(name, 3))
    values.evict()
    expect([values.size, values.bytes, evicted()]).toEqual([1, 3, 1])
    values.evict()
    values.evict()
    expect([values.size, values.bytes, evicted()]).toEqual([0, 0, 2])
  })

  it('returns the values that it keeps, and no others', () => {
    const { values } = create(policy, 10)
    values.set('a', sized('a', 3))
    values.set('b', sized('b', 4))
    expect(values.get('a')?.name).toBe('a')
    expect(values.peek('b')?.name).toBe('b')
    expect([values.size, values.bytes]).toEqual([2, 7])
    values.set('a', sized('a2', 5))
    expect(values.get('a')?.name).toBe('a2')
    expect([values.size, values.bytes]).toEqual([2, 9])
    values.delete('a')
    values.delete('a')
    expect(values.get('a')).toBeUndefined()
    expect([values.size, values.bytes]).toEqual([1, 4])
  })

  it('refuses a value larger than its bound, and drops the value before it', () => {
    const { values } = create(policy, 10, 100)
    values.set('a', sized('a', 10))
    values.set('a', sized('huge', 101))
    expect(values.peek('a')).toBeUndefined()
    expect(values.size).toBe(0)
    values.set('b', sized('b', 100))
    expect(values.peek('b')?.name).toBe('b')
  })

  it('stays within both bounds, and never returns the value of another key', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('get' as const), key: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ do: fc.constant('delete' as const), key: fc.integer({ min: 0, max: 40 }) }),
      fc.record({
        do: fc.constant('set' as const),
        key: fc.integer({ min: 0, max: 40 }),
        weight: fc.integer({ min: 1, max: 60 }),
        expiresAt: fc.integer({ min: 0, max: 9 }),
      }),
    )
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 200 }),
        (steps, maxEntries, maxBytes) => {
          const { values, evicted } = create(policy, maxEntries, maxBytes)
          const latest = new Map<string, Value>()
          let added = 0
          let gone = 0
          for (const [i, each] of steps.entries()) {
            const key = `k${each.key}`
            if (each.do === 'delete') {
              if (values.peek(key)) gone += 1
              values.delete(key)
              latest.delete(key)
            } else if (each.do === 'get') {
              const found = values.get(key)
              if (found) expect(found).toBe(latest.get(key))
            } else {
              const present = values.peek(key) !== undefined
              const set = sized(`${key}-${i}`, each.weight, each.expiresAt)
              latest.set(key, set)
              values.set(key, set)
              if (each.weight > maxBytes) gone += present ? 1 : 0
              else added += present ? 0 : 1
            }
            expect(values.size).toBeLessThanOrEqual(maxEntries)
            expect(values.bytes).toBeLessThanOrEqual(maxBytes)
          }
          const kept = [...latest].filter(([key]) => values.peek(key))
          expect(values.size).toBe(kept.length)
          expect(values.bytes).toBe(kept.reduce((sum, [, { weight }]) => sum + weight, 0))
          // Every value that was set and not deleted is kept or counted as evicted.
          expect(evicted()).toBe(added - gone - values.size)
        },
      ),
    )
  })
})

describe('lru', () => {
  it('evicts what was used longest ago', () => {
    const { values } = create('lru', 3)
    for (const name of ['a', 'b', 'c']) values.set(name, sized(name))
    values.get('a')
    values.peek('b')
    values.set('d', sized('d'))
    expect(['a', 'b', 'c', 'd'].filter((key) => values.peek(key))).toEqual(['a', 'c', 'd'])
  })
})

describe('ttl', () => {
  it('evicts what expires soonest, used or not', () => {
    const { values } = create('ttl', 3)
    for (const [name, end] of [
      ['a', 30],
      ['b', 10],
      ['c', 20],
    ] as const)
      values.set(name, sized(name, 1, end))
    values.get('b')
    values.set('d', sized('d', 1, 40))
    expect(values.peek('b')).toBeUndefined()
    values.set('c', sized('c', 1, 99))
    values.set('e', sized('e', 1, 50))
    expect(['a', 'c', 'd', 'e'].filter((key) => values.peek(key))).toEqual(['c', 'd', 'e'])
  })
})

describe('lfu', () => {
  it('keeps popular keys through a scan over many others', () => {
    const { values } = create('lfu', 100)
    const hot = Array.from({ length: 50 }, (_, i) => `hot-${i}`)
    for (let round = 0; round < 5; round += 1) {
      for (const key of hot) if (!values.get(key)) values.set(key, sized(key))
    }
    for (let i = 0; i < 5_000; i += 1)
      if (!values.get(`scan-${i}`)) values.set(`scan-${i}`, sized('x'))
    expect(hot.filter((key) => values.peek(key)).length).toBeGreaterThanOrEqual(48)
  })

  it('replaces old favourites by new ones', () => {
    const { values } = create('lfu', 100)
    const use = (prefix: string, rounds: number) => {
      for (let round = 0; round < rounds; round += 1) {
        for (let i = 0; i < 80; i += 1) {
          const key = `${prefix}-${i}`
          if (!values.get(key)) values.set(key, sized(key))
        }
      }
    }
    use('old', 30)
    use('new', 200)
    const kept = Array.from({ length: 80 }, (_, i) => `new-${i}`).filter((key) => values.peek(key))
    expect(kept.length).toBeGreaterThan(70)
  })

  it('hits more often than lru on a skewed trace', () => {
    const ratio = (policy: 'lru' | 'lfu') => {
      const { values } = create(policy, 100, 1e9)
      const next = zipf({ keys: 10_000, exponent: 1, seed: 7 })
      let hits = 0
      for (let i = 0; i < 60_000; i += 1) {
        const key = `k${next()}`
        if (values.get(key)) hits += 1
        else values.set(key, sized(key))
      }
      return hits / 60_000
    }
    expect(ratio('lfu')).toBeGreaterThan(ratio('lru') + 0.05)
  })
})

describe('the frequency of keys', () => {
  it('is never too low before the halving, and at most 15', () => {
    const frequency = new Frequency(1_000)
    for (let i = 0; i < 2_000; i += 1) frequency.saw(`k${i % 200}`)
    for (let i = 0; i < 200; i += 1) expect(frequency.of(`k${i}`)).toBeGreaterThanOrEqual(10)
    for (let i = 0; i < 20; i += 1) frequency.saw('k0')
    expect(frequency.of('k0')).toBe(15)
    const unseen = Array.from({ length: 500 }, (_, i) => frequency.of(`u${i}`))
    expect(unseen.filter((count) => count > 1).length).toBeLessThan(25)
  })

  it('halves with time', () => {
    const frequency = new Frequency(16)
    for (let i = 0; i < 12; i += 1) frequency.saw('a')
    for (let i = 0; i < 148; i += 1) frequency.saw('b')
    expect(frequency.of('a')).toBe(6)
  })
})
