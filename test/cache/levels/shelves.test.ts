import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zipf } from '../../../bench/zipf.mjs'
import { Frequency } from '../../../src/cache/levels/frequency.js'
import { createShelf, type Shelved } from '../../../src/cache/levels/shelf.js'

interface Thing extends Shelved {
  readonly name: string
}

const POLICIES = ['lru', 'lfu', 'ttl'] as const
const thing = (name: string, weight = 1, expiresAt = 0): Thing => ({ name, weight, expiresAt })

function shelf(policy: (typeof POLICIES)[number], maxEntries: number, maxBytes = 1_000) {
  let evicted = 0
  const made = createShelf<Thing>(policy, {
    maxEntries,
    maxBytes,
    onEvict: () => {
      evicted += 1
    },
  })
  return { made, evicted: () => evicted }
}

describe.each(POLICIES)('a shelf with the policy %s', (policy) => {
  it('gives up one thing at a time when it is told to', () => {
    const { made, evicted } = shelf(policy, 10)
    for (const name of ['a', 'b']) made.set(name, thing(name, 3))
    made.evict()
    expect([made.size, made.bytes, evicted()]).toEqual([1, 3, 1])
    made.evict()
    made.evict()
    expect([made.size, made.bytes, evicted()]).toEqual([0, 0, 2])
  })

  it('gives back what it keeps, and nothing else', () => {
    const { made } = shelf(policy, 10)
    made.set('a', thing('a', 3))
    made.set('b', thing('b', 4))
    expect(made.get('a')?.name).toBe('a')
    expect(made.peek('b')?.name).toBe('b')
    expect([made.size, made.bytes]).toEqual([2, 7])
    made.set('a', thing('a2', 5))
    expect(made.get('a')?.name).toBe('a2')
    expect([made.size, made.bytes]).toEqual([2, 9])
    made.delete('a')
    made.delete('a')
    expect(made.get('a')).toBeUndefined()
    expect([made.size, made.bytes]).toEqual([1, 4])
    made.clear()
    expect(made.peek('b')).toBeUndefined()
    expect([made.size, made.bytes]).toEqual([0, 0])
  })

  it('keeps nothing that is larger than all of it, and forgets what stood there', () => {
    const { made } = shelf(policy, 10, 100)
    made.set('a', thing('a', 10))
    made.set('a', thing('huge', 101))
    expect(made.peek('a')).toBeUndefined()
    expect(made.size).toBe(0)
    made.set('b', thing('b', 100))
    expect(made.peek('b')?.name).toBe('b')
  })

  it('stays within both bounds, and never gives back another thing', () => {
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
          const { made, evicted } = shelf(policy, maxEntries, maxBytes)
          const latest = new Map<string, Thing>()
          let added = 0
          let gone = 0
          for (const [i, each] of steps.entries()) {
            const key = `k${each.key}`
            if (each.do === 'delete') {
              if (made.peek(key)) gone += 1
              made.delete(key)
              latest.delete(key)
            } else if (each.do === 'get') {
              const found = made.get(key)
              if (found) expect(found).toBe(latest.get(key))
            } else {
              const present = made.peek(key) !== undefined
              const set = thing(`${key}-${i}`, each.weight, each.expiresAt)
              latest.set(key, set)
              made.set(key, set)
              if (each.weight > maxBytes) gone += present ? 1 : 0
              else added += present ? 0 : 1
            }
            expect(made.size).toBeLessThanOrEqual(maxEntries)
            expect(made.bytes).toBeLessThanOrEqual(maxBytes)
          }
          const kept = [...latest].filter(([key]) => made.peek(key))
          expect(made.size).toBe(kept.length)
          expect(made.bytes).toBe(kept.reduce((sum, [, { weight }]) => sum + weight, 0))
          // Whatever came and was not taken away had to go for lack of room, and was counted.
          expect(evicted()).toBe(added - gone - made.size)
        },
      ),
    )
  })
})

describe('lru', () => {
  it('lets go what was used longest ago', () => {
    const { made } = shelf('lru', 3)
    for (const name of ['a', 'b', 'c']) made.set(name, thing(name))
    made.get('a')
    made.peek('b')
    made.set('d', thing('d'))
    expect(['a', 'b', 'c', 'd'].filter((key) => made.peek(key))).toEqual(['a', 'c', 'd'])
  })
})

describe('ttl', () => {
  it('lets go what ends soonest, used or not', () => {
    const { made } = shelf('ttl', 3)
    for (const [name, end] of [
      ['a', 30],
      ['b', 10],
      ['c', 20],
    ] as const)
      made.set(name, thing(name, 1, end))
    made.get('b')
    made.set('d', thing('d', 1, 40))
    expect(made.peek('b')).toBeUndefined()
    made.set('c', thing('c', 1, 99))
    made.set('e', thing('e', 1, 50))
    expect(['a', 'c', 'd', 'e'].filter((key) => made.peek(key))).toEqual(['c', 'd', 'e'])
  })
})

describe('lfu', () => {
  it('keeps what is asked for often through a scan over many keys', () => {
    const { made } = shelf('lfu', 100)
    const hot = Array.from({ length: 50 }, (_, i) => `hot-${i}`)
    for (let round = 0; round < 5; round += 1) {
      for (const key of hot) if (!made.get(key)) made.set(key, thing(key))
    }
    for (let i = 0; i < 5_000; i += 1) if (!made.get(`scan-${i}`)) made.set(`scan-${i}`, thing('x'))
    expect(hot.filter((key) => made.peek(key)).length).toBeGreaterThanOrEqual(48)
  })

  it('lets new favourites take the place of old ones', () => {
    const { made } = shelf('lfu', 100)
    const use = (prefix: string, rounds: number) => {
      for (let round = 0; round < rounds; round += 1) {
        for (let i = 0; i < 80; i += 1) {
          const key = `${prefix}-${i}`
          if (!made.get(key)) made.set(key, thing(key))
        }
      }
    }
    use('old', 30)
    use('new', 200)
    const kept = Array.from({ length: 80 }, (_, i) => `new-${i}`).filter((key) => made.peek(key))
    expect(kept.length).toBeGreaterThan(70)
  })

  it('hits more often than lru on a skewed trace', () => {
    const ratio = (policy: 'lru' | 'lfu') => {
      const { made } = shelf(policy, 100, 1e9)
      const next = zipf({ keys: 10_000, exponent: 1, seed: 7 })
      let hits = 0
      for (let i = 0; i < 60_000; i += 1) {
        const key = `k${next()}`
        if (made.get(key)) hits += 1
        else made.set(key, thing(key))
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
