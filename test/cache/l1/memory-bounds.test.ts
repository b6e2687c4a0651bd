import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/cache/entries/scripts.js'
import { Memory } from '../../../src/cache/l1/memory.js'
import type { L1Metrics } from '../../../src/cache/l1/metrics.js'
import { keep, type SpaceCache } from '../../../src/cache/l1/space-cache.js'
import { Partitions } from '../../../src/cache/partition.js'
import { DEFAULT_L1 } from '../../../src/cache/spaces/policy.js'
import type { PubSub } from '../../../src/redis/pub-sub.js'

const MAX_BYTES = 1_000_000

let memory: Memory
let forgotten: string[]
/** Number of subscriptions by channel. */
let listeners: Map<string, number>

beforeEach(() => {
  forgotten = []
  listeners = new Map()
  const count = (channel: string, by: number) =>
    listeners.set(channel, (listeners.get(channel) ?? 0) + by)
  const pubSub: PubSub = {
    subscribe: async (channel) => {
      count(channel, 1)
      return () => undefined
    },
    unsubscribe: (channel) => void count(channel, -1),
    onGap: () => () => count('gaps', -1),
    hears: () => true,
    silentForMs: () => 0,
    answeredAt: () => 0,
    roundTripMs: () => 0,
    close: () => undefined,
  }
  const metrics: L1Metrics = {
    read: () => undefined,
    evicted: () => undefined,
    gap: () => undefined,
    refused: () => undefined,
    watch: () => undefined,
    forgotten: (what) => void forgotten.push(what),
  }
  const partitions = new Partitions({ lockBuckets: 1, cachePartitions: 1 } as never, 'keep')
  memory = new Memory({ partitions, pubSub, metrics, maxBytes: MAX_BYTES })
})

const entry = (payload: Buffer): Entry => ({
  state: 'fresh',
  kind: 'bytes',
  version: 1,
  ageMs: 0,
  ttlMs: 60_000,
  servedMs: 60_000,
  loadMs: 0,
  size: payload.length,
  contentType: 'text/plain',
  contentEncoding: '',
  tags: [],
  payload,
})

function store(cache: SpaceCache, key: string, payload: Buffer) {
  const { namespace, space } = cache
  const tracker = memory.useTracker(namespace, 0)
  const at = { space, key, since: tracker.snapshot(space, key), readAt: 0 }
  const reply = { asOf: 1, lease: { kind: 'none' } as const, entry: entry(payload) }
  const kept = keep(cache, tracker, at, reply, 60_000)
  memory.fit(cache)
  return kept
}
const useSpace = (space: string, namespace = 'n') => memory.useSpace(namespace, space, DEFAULT_L1)
const total = () => [...memory.spaces()].reduce((sum, { values }) => sum + values.bytes, 0)

describe('a value in memory', () => {
  it('is copied where it is a small slice of a network buffer', () => {
    const chunk = Buffer.alloc(65_536, 'x')
    const kept = store(useSpace('s'), 'k', chunk.subarray(10, 110))
    expect(kept?.entry.payload?.toString()).toBe('x'.repeat(100))
    expect(kept?.entry.payload?.buffer.byteLength).toBe(100)
  })

  it('is not copied where it is most of its network buffer', () => {
    const chunk = Buffer.alloc(65_536, 'x')
    const kept = store(useSpace('s'), 'k', chunk.subarray(0, 40_000))
    expect(kept?.entry.payload?.buffer).toBe(chunk.buffer)
  })

  it('is evicted from the least recently used space, over all namespaces', () => {
    const payload = Buffer.alloc(50_000)
    for (let i = 0; i < 100; i++) {
      store(useSpace(`s${i % 4}`, `n${Math.floor(i / 25)}`), `k${i}`, payload)
      expect(total()).toBeLessThanOrEqual(MAX_BYTES)
    }
    expect(total()).toBeGreaterThan(MAX_BYTES / 2)
    expect(memory.space('n3', 's3')?.values.size).toBeGreaterThan(0)
    expect(memory.space('n0', 's0')).toBeUndefined()
    expect(forgotten).toContain('space')
  })

  it('is evicted from its own space where that is the only one', () => {
    const cache = useSpace('s')
    for (let i = 0; i < 100; i++) store(cache, `k${i}`, Buffer.alloc(50_000))
    expect(total()).toBeLessThanOrEqual(MAX_BYTES)
    expect(cache.values.peek('k99')).toBeDefined()
    expect(cache.values.peek('k0')).toBeUndefined()
  })

  it('is forgotten with its space beyond 1024 spaces', () => {
    for (let i = 0; i < 1_025; i++) useSpace('s', `n${i}`)
    expect(memory.space('n0', 's')).toBeUndefined()
    expect(memory.space('n1', 's')).toBeDefined()
    expect(forgotten).toEqual(['space'])
  })
})

describe('a coherence tracker', () => {
  it('is forgotten beyond 1024 partitions, and values kept under it are not served', () => {
    const cache = useSpace('s', 'n0')
    const kept = store(cache, 'k', Buffer.from('x'))
    if (!kept) throw new Error('was not kept')
    const first = memory.useTracker('n0', 0)
    for (let i = 1; i < 1_024; i++) memory.useTracker(`n${i}`, 0)
    memory.useTracker('n0', 0)
    memory.useTracker('one more', 0)
    expect(memory.tracker('n0', 0)).toBe(first)
    expect(memory.tracker('n1', 0)).toBeUndefined()
    expect(forgotten).toEqual(['partition'])
    expect(listeners.get('ls:{n1:c0}:clock')).toBe(0)
    expect(listeners.get('gaps')).toBe(-1)

    expect(first.holds(kept)).toBe(true)
    for (let i = 0; i < 1_024; i++) memory.useTracker(`m${i}`, 0)
    const next = memory.useTracker('n0', 0)
    expect(next).not.toBe(first)
    expect([next.holds(kept), next.outlives(kept)]).toEqual([false, false])
  })
})
