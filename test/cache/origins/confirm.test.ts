import { beforeAll, describe, expect, it } from 'vitest'
import { createEntryStore, type EntryStore } from '../../../src/cache/entries/store.js'
import { createInvalidationStore } from '../../../src/cache/invalidation/store.js'
import { createLeaseStore, type LeaseStore } from '../../../src/cache/leases/store.js'
import { createWriteLeases, type WriteLeases } from '../../../src/cache/origins/writing/store.js'
import { Partitions } from '../../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../../src/cache/spaces/policy.js'
import { layoutOf } from '../../../src/redis/layout.js'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { keysOf } from '../keys.js'

const harness = useHarness()

const HOUR_MS = 3_600_000
/** Nothing on a busy machine takes as long. */
const MINUTE_MS = 60_000
const LIFE = { ttlMs: 2 * HOUR_MS, staleMs: 3 * HOUR_MS, errorMs: 5 * HOUR_MS }
const policy = { ...DEFAULT_POLICY, ...LIFE, jitter: 0, leaseMs: 60_000 }
const at = (key: string) => ({ namespace: harness.namespace, space: 'users', key, policy })
const value = {
  payload: Buffer.from('loaded'),
  contentType: 'text/plain',
  contentEncoding: '',
  tags: ['tag'],
}

let leases: LeaseStore
let entries: EntryStore
let invalidation: ReturnType<typeof createInvalidationStore>
let writes: WriteLeases

beforeAll(() => {
  const { binder, connections } = harness
  const partitions = new Partitions(layoutOf(connections.cache), 'keep')
  leases = createLeaseStore(binder, partitions)
  entries = createEntryStore(binder, partitions)
  invalidation = createInvalidationStore(binder, partitions)
  writes = createWriteLeases(binder, partitions)
})

const read = async (key: string) => (await entries.read(at(key))).entry
const seen = async (key: string) => {
  const entry = await read(key)
  if (!entry) throw new Error(`${key} is gone`)
  return entry
}
let tokens = 0
async function win(key: string): Promise<string> {
  const offer = { token: `token-of-a-load-${tokens++}`, isOwn: true, early: 0 }
  const { lease } = await entries.read(at(key), { lease: offer })
  if (lease.kind !== 'granted') throw new Error(lease.kind)
  return lease.proof
}
async function load(key: string, life = LIFE): Promise<void> {
  await entries.write(at(key), { ...value, ...life, fill: await win(key), validator: '"one"\n' })
}
/** A value that became stale, and the lease for its next load. */
async function stale(key: string, life = LIFE): Promise<string> {
  await load(key, life)
  harness.advance(life.ttlMs + MINUTE_MS)
  return win(key)
}

describe('a value that its origin confirms', () => {
  it('keeps its bytes and its version, and is fresh again', async () => {
    const proof = await stale('confirmed')
    const before = await seen('confirmed')
    expect([before.state, before.validator]).toEqual(['stale', '"one"\n'])
    expect(await leases.confirm(at('confirmed'), proof, LIFE)).toBe('confirmed')
    const after = await seen('confirmed')
    const { version, payload, tags, validator, loadMs, contentType } = before
    const same = { version, payload, tags, validator, loadMs, contentType }
    expect(after).toMatchObject({ state: 'fresh', kind: 'bytes', ...same })
    expect(after.ageMs).toBeLessThan(MINUTE_MS)
    expect(after.ttlMs).toBeGreaterThan(LIFE.ttlMs - MINUTE_MS)
    expect(after.ttlMs).toBeLessThanOrEqual(LIFE.ttlMs)
    const { entry, lease } = keysOf(harness, 'confirmed')
    const lives = await harness.redis.pttl(entry)
    expect(lives).toBeLessThanOrEqual(LIFE.ttlMs + LIFE.errorMs)
    expect(lives).toBeGreaterThan(LIFE.ttlMs + LIFE.errorMs - MINUTE_MS)
    expect(await harness.redis.exists(lease)).toBe(0)
  })

  it('has a stale window, and an error window that a failed load opens', async () => {
    await leases.confirm(at('windows'), await stale('windows'), LIFE)
    harness.advance(LIFE.ttlMs + LIFE.staleMs - MINUTE_MS)
    expect((await seen('windows')).state).toBe('stale')
    harness.advance(2 * MINUTE_MS)
    expect(await read('windows')).toBeUndefined()
    const { entry } = await entries.read(at('windows'), { hasFailed: true })
    expect(entry?.state).toBe('stale')
    harness.advance(LIFE.errorMs - LIFE.staleMs)
    expect((await entries.read(at('windows'), { hasFailed: true })).entry).toBeUndefined()
  })

  it('lives on where only its stale window is long', async () => {
    const life = { ttlMs: HOUR_MS, staleMs: 9 * HOUR_MS, errorMs: 0 }
    await leases.confirm(at('long'), await stale('long', life), life)
    const lives = await harness.redis.pttl(keysOf(harness, 'long').entry)
    expect(lives).toBeGreaterThan(10 * HOUR_MS - MINUTE_MS)
  })

  it('announces itself', async () => {
    const heard: string[] = []
    const { clock } = keysOf(harness, 'announced')
    const proof = await stale('announced')
    await harness.connections.cachePubSub.subscribe(clock, (message) => {
      const [, , kind, space, name] = message.split(' ')
      if (space === 'users' && name === 'announced') heard.push(kind as string)
    })
    await leases.confirm(at('announced'), proof, LIFE)
    await until('the message', () => heard.length > 0)
    expect(heard).toEqual(['k'])
  })

  it('counts as a change of the key', async () => {
    const proof = await stale('ticks')
    const { asOf } = await entries.read(at('ticks'))
    await leases.confirm(at('ticks'), proof, LIFE)
    expect((await entries.read(at('ticks'))).asOf).toBeGreaterThan(asOf)
  })

  it('is fresh although it was invalidated softly before the load', async () => {
    await load('softened')
    await invalidation.all(harness.namespace, 'users', 'soft')
    expect((await seen('softened')).state).toBe('stale')
    await leases.confirm(at('softened'), await win('softened'), LIFE)
    expect((await seen('softened')).state).toBe('fresh')
  })

  it.each([
    ['its key', (key: string) => invalidation.keys(harness.namespace, 'users', [key], 'soft')],
    ['its tag', () => invalidation.tags(harness.namespace, 'users', ['tag'], 'soft')],
    ['its space', () => invalidation.all(harness.namespace, 'users', 'soft')],
  ])('is stale where %s was invalidated softly during the load', async (name, invalidate) => {
    const key = `soft ${name}`
    const proof = await stale(key)
    await invalidate(key)
    expect(await leases.confirm(at(key), proof, LIFE)).toBe('confirmed')
    expect((await seen(key)).state).toBe('stale')
  })

  it('ends where it was invalidated softly during the load, and has no windows', async () => {
    const life = { ttlMs: HOUR_MS, staleMs: 0, errorMs: 0 }
    const proof = await stale('ends')
    await invalidation.keys(harness.namespace, 'users', ['ends'], 'soft')
    harness.advance(1)
    await leases.confirm(at('ends'), proof, life)
    expect(await harness.redis.exists(keysOf(harness, 'ends').entry)).toBe(0)
  })

  it('outlives the marks that it has to be judged by', async () => {
    const long = { ...LIFE, ttlMs: 400 * HOUR_MS }
    const proof = await stale('marks')
    await leases.confirm(at('marks'), proof, long)
    await invalidation.tags(harness.namespace, 'users', ['tag'], 'hard')
    harness.advance(100 * HOUR_MS)
    for (let i = 0; i < 5; i++) {
      await invalidation.tags(harness.namespace, 'users', [`other ${i}`], 'hard')
    }
    expect(await read('marks')).toBeUndefined()
  })
})

describe('nothing is confirmed', () => {
  it('under a lease that another caller has, or none', async () => {
    const proof = await stale('held')
    expect(await leases.confirm(at('held'), `${proof}0`, LIFE)).toBe('lost')
    expect((await seen('held')).state).toBe('stale')
    await leases.cancel(at('held'), proof, 0)
    expect(await leases.confirm(at('held'), proof, LIFE)).toBe('lost')
    expect((await seen('held')).state).toBe('stale')
  })

  it('while a write to the origin is under way', async () => {
    const proof = await stale('written')
    await writes.begin(at('written'), { timeoutMs: HOUR_MS, applyWithinMs: HOUR_MS })
    expect(await leases.confirm(at('written'), proof, LIFE)).toBe('lost')
    expect((await seen('written')).state).toBe('stale')
    expect(
      (await entries.read(at('written'), { lease: { token: 'x', isOwn: true, early: 0 } })).lease,
    ).toMatchObject({ isWritten: true })
  })

  it('that was invalidated meanwhile, and the next reader may load', async () => {
    const proof = await stale('hard')
    await invalidation.tags(harness.namespace, 'users', ['tag'], 'hard')
    expect(await leases.confirm(at('hard'), proof, LIFE)).toBe('lost')
    expect(await read('hard')).toBeUndefined()
    await win('hard')
  })

  it('where the value is gone, and the lease goes on', async () => {
    const proof = await stale('gone')
    await harness.redis.del(keysOf(harness, 'gone').entry)
    expect(await leases.confirm(at('gone'), proof, LIFE)).toBe('gone')
    const filled = await entries.write(at('gone'), { ...value, fill: proof })
    expect(filled.kind).toBe('created')
  })

  it('where another value is there', async () => {
    const proof = await stale('other')
    const { entry, lease } = keysOf(harness, 'other')
    const record = await harness.redis.getBuffer(lease)
    await entries.write(at('other'), value)
    await harness.redis.set(lease, record as Buffer, 'PX', HOUR_MS)
    const before = await harness.redis.getBuffer(entry)
    expect(await leases.confirm(at('other'), proof, LIFE)).toBe('gone')
    expect(await harness.redis.getBuffer(entry)).toEqual(before)
  })
})
