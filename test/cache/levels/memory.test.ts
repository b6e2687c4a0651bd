import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/cache/entries/scripts.js'
import { Memory } from '../../../src/cache/levels/memory.js'
import type { LevelMetrics } from '../../../src/cache/levels/metrics.js'
import { keep, type Room } from '../../../src/cache/levels/room.js'
import { Partitions } from '../../../src/cache/partition.js'
import { DEFAULT_L1 } from '../../../src/cache/spaces/policy.js'
import type { Signals } from '../../../src/redis/signals.js'

const MAX_BYTES = 1_000_000

let memory: Memory
let forgotten: string[]
/** By channel: how many listen. */
let listeners: Map<string, number>

beforeEach(() => {
  forgotten = []
  listeners = new Map()
  const count = (channel: string, by: number) =>
    listeners.set(channel, (listeners.get(channel) ?? 0) + by)
  const signals: Signals = {
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
  const metrics: LevelMetrics = {
    read: () => undefined,
    evicted: () => undefined,
    gap: () => undefined,
    refused: () => undefined,
    watch: () => undefined,
    forgotten: (what) => void forgotten.push(what),
  }
  const partitions = new Partitions({ lockBuckets: 1, cachePartitions: 1 } as never, 'keep')
  memory = new Memory({ partitions, signals, metrics, maxBytes: MAX_BYTES })
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

function store(room: Room, key: string, payload: Buffer) {
  const { namespace, space } = room
  const partition = memory.usePartition(namespace, 0)
  const at = { space, key, since: partition.snapshot(space, key), readAt: 0 }
  const reply = { asOf: 1, lease: { kind: 'none' } as const, entry: entry(payload) }
  const kept = keep(room, partition, at, reply, 60_000)
  memory.fit(room)
  return kept
}
const useRoom = (space: string, namespace = 'n') => memory.useRoom(namespace, space, DEFAULT_L1)
const total = () => memory.sizes().reduce((sum, { bytes }) => sum + bytes, 0)

describe('what a process keeps', () => {
  it('is bytes of its own, not a slice of all that the network brought', () => {
    const chunk = Buffer.alloc(65_536, 'x')
    const kept = store(useRoom('s'), 'k', chunk.subarray(10, 110))
    expect(kept?.entry.payload?.toString()).toBe('x'.repeat(100))
    expect(kept?.entry.payload?.buffer.byteLength).toBe(100)
  })

  it('is not copied where it is most of what it came with', () => {
    const chunk = Buffer.alloc(65_536, 'x')
    const kept = store(useRoom('s'), 'k', chunk.subarray(0, 40_000))
    expect(kept?.entry.payload?.buffer).toBe(chunk.buffer)
  })

  it('is bounded over all spaces and namespaces; what was used longest ago goes', () => {
    const payload = Buffer.alloc(50_000)
    for (let i = 0; i < 100; i++) {
      store(useRoom(`s${i % 4}`, `n${Math.floor(i / 25)}`), `k${i}`, payload)
      expect(total()).toBeLessThanOrEqual(MAX_BYTES)
    }
    expect(total()).toBeGreaterThan(MAX_BYTES / 2)
    expect(memory.room('n3', 's3')?.shelf.size).toBeGreaterThan(0)
    expect(memory.room('n0', 's0')).toBeUndefined()
    expect(forgotten).toContain('space')
  })

  it('makes room within a space that is alone', () => {
    const room = useRoom('s')
    for (let i = 0; i < 100; i++) store(room, `k${i}`, Buffer.alloc(50_000))
    expect(total()).toBeLessThanOrEqual(MAX_BYTES)
    expect(room.shelf.peek('k99')).toBeDefined()
    expect(room.shelf.peek('k0')).toBeUndefined()
  })

  it('is of the last 1024 spaces', () => {
    for (let i = 0; i < 1_025; i++) useRoom('s', `n${i}`)
    expect(memory.room('n0', 's')).toBeUndefined()
    expect(memory.room('n1', 's')).toBeDefined()
    expect(forgotten).toEqual(['space'])
  })
})

describe('partitions', () => {
  it('are the last 1024 that were used; what was kept under one that was forgotten is not served', () => {
    const room = useRoom('s', 'n0')
    const kept = store(room, 'k', Buffer.from('x'))
    if (!kept) throw new Error('was not kept')
    const first = memory.usePartition('n0', 0)
    for (let i = 1; i < 1_024; i++) memory.usePartition(`n${i}`, 0)
    memory.usePartition('n0', 0)
    memory.usePartition('one more', 0)
    expect(memory.partition('n0', 0)).toBe(first)
    expect(memory.partition('n1', 0)).toBeUndefined()
    expect(forgotten).toEqual(['partition'])
    expect(listeners.get('ls:{n1:c0}:clock')).toBe(0)
    expect(listeners.get('gaps')).toBe(-1)

    expect(first.holds(kept)).toBe(true)
    for (let i = 0; i < 1_024; i++) memory.usePartition(`m${i}`, 0)
    const next = memory.usePartition('n0', 0)
    expect(next).not.toBe(first)
    expect([next.holds(kept), next.outlives(kept)]).toEqual([false, false])
  })
})
