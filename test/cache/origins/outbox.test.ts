import { beforeAll, describe, expect, it } from 'vitest'
import { createCounterStore } from '../../../src/cache/counters/store.js'
import { createEntryStore, type EntryStore } from '../../../src/cache/entries/store.js'
import { createInvalidationStore } from '../../../src/cache/invalidation/store.js'
import { createObjectStore } from '../../../src/cache/objects/store.js'
import {
  createOutboxStore,
  type Failing,
  type OutboxStore,
} from '../../../src/cache/origins/outbox/store.js'
import { DEFAULT_BEHIND, toOriginPolicy } from '../../../src/cache/origins/policy.js'
import { createWriteLeases, type WriteLeases } from '../../../src/cache/origins/writing/store.js'
import { Partitions } from '../../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../../src/cache/spaces/policy.js'
import { sweepScript } from '../../../src/cache/sweeping/scripts.js'
import { layoutOf } from '../../../src/redis/layout.js'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { keysOf } from '../keys.js'

const harness = useHarness()

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const INTERVAL_MS = HOUR_MS
const BACKOFF = { baseMs: HOUR_MS, maxMs: 3 * HOUR_MS }
const behind = { ...DEFAULT_BEHIND, intervalMs: INTERVAL_MS, maxAttempts: 3, backoff: BACKOFF }
const TIMES = { timeoutMs: HOUR_MS, applyWithinMs: 2 * HOUR_MS }
/** A claim lasts so long. */
const CLAIM_MS = 3 * HOUR_MS + 1_000
const LEASE_MS = HOUR_MS + 3_000

const policy = {
  ...DEFAULT_POLICY,
  jitter: 0,
  ttlMs: 20 * HOUR_MS,
  staleMs: 10 * HOUR_MS,
  errorMs: 15 * HOUR_MS,
  negativeTtlMs: 5 * HOUR_MS,
  origin: { ...toOriginPolicy({ url: 'http://origin/{key}' }), ...TIMES, behind },
}
type Key = ReturnType<typeof at>
/** Each test has a space of its own, and so an outbox. */
const at = (space: string, key = 'key', bounds: object = {}) => ({
  namespace: harness.namespace,
  space,
  key,
  policy: { ...policy, origin: { ...policy.origin, behind: { ...behind, ...bounds } } },
})
const value = (text = 'written') => ({
  payload: Buffer.from(text),
  contentType: 'text/plain',
  contentEncoding: 'br',
  tags: ['one', 'two'],
})

let outbox: OutboxStore
let entries: EntryStore
let writes: WriteLeases
let invalidation: ReturnType<typeof createInvalidationStore>
let partitions: Partitions

beforeAll(() => {
  const { binder, connections } = harness
  partitions = new Partitions(layoutOf(connections.cache), 'keep')
  outbox = createOutboxStore(binder, partitions)
  entries = createEntryStore(binder, partitions)
  writes = createWriteLeases(binder, partitions)
  invalidation = createInvalidationStore(binder, partitions)
})

const nameOf = ({ namespace, space, key }: Key) => ({
  namespace,
  space,
  partition: partitions.of(space, key),
})
const boxOf = (key: Key) =>
  partitions.outboxOf(key.namespace, partitions.of(key.space, key.key), key.space)
const redisKeysOf = (key: Key) => keysOf(harness, key.key, key.space)

async function put(key: Key, text?: string, more: object = {}): Promise<number> {
  const reply = await outbox.put(key, {
    value: text === undefined ? undefined : value(text),
    ...more,
  })
  if (reply.kind !== 'created' && reply.kind !== 'replaced') throw new Error(reply.kind)
  return reply.version
}
const claim = (key: Key, instance = 'one', most = 10, aheadMs = 0) =>
  outbox.claim(nameOf(key), { instance, policy: key.policy.origin, most, aheadMs })
async function claimed(key: Key, instance?: string) {
  const reply = await claim(key, instance)
  if (reply.kind !== 'claimed') throw new Error(reply.kind)
  return reply
}
/** Makes a write due, and claims it. */
async function taken(key: Key): Promise<string> {
  harness.advance(INTERVAL_MS)
  const { names, token } = await claimed(key)
  expect(names).toEqual([key.key])
  return token
}
const FAILING = { counts: true, isFinal: false, isUnknown: false, why: 'The origin answered 500.' }
const fail = (key: Key, token: string, version: number, more: Partial<Failing> = {}) =>
  outbox.fail(key, { token, version, ...FAILING, ...more })
const settle = (key: Key, token: string, version: number, drops = false) =>
  outbox.settle(key, { token, version, drops })
const read = async (key: Key) => (await entries.read(key)).entry
const state = (key: Key) => outbox.state(nameOf(key))
const IDLE = { pending: 0, failed: 0, bytes: 0, oldestMs: 0 }

/** Collects the messages about a key from now on. */
async function listen(key: Key): Promise<string[]> {
  const heard: string[] = []
  await harness.connections.cachePubSub.subscribe(redisKeysOf(key).clock, (message) => {
    const [, , kind, space, name] = message.split(' ')
    if (space === key.space && name === key.key) heard.push(kind as string)
  })
  return heard
}
const offer = (token = 'token-of-a-load-a') => ({ lease: { token, isOwn: true, early: 0 } })

describe('a write', () => {
  it('is kept without an end, and read as it was given', async () => {
    const key = at('kept')
    const version = await put(key, 'bytes')
    const keys = redisKeysOf(key)
    expect(await harness.redis.pttl(keys.entry)).toBe(-1)
    harness.advance(2 * policy.ttlMs + policy.staleMs)
    const seen = await read(key)
    expect(seen).toMatchObject({
      state: 'fresh',
      kind: 'bytes',
      version,
      isPending: true,
      loadMs: 0,
      size: 5,
      contentType: 'text/plain',
      contentEncoding: 'br',
      tags: ['one', 'two'],
      payload: Buffer.from('bytes'),
    })
    expect([seen?.ttlMs, seen?.servedMs]).toEqual([policy.ttlMs, policy.ttlMs + policy.staleMs])
    const box = boxOf(key)
    for (const name of [box.outbox, box.ages, box.pending]) {
      expect(await harness.redis.pttl(name)).toBe(-1)
    }
  })

  it('says what was there', async () => {
    const key = at('there')
    const kinds = []
    for (const text of ['one', 'two', undefined, 'three'] as const) {
      const sent = { value: text === undefined ? undefined : value(text) }
      kinds.push((await outbox.put(key, sent)).kind)
    }
    expect(kinds).toEqual(['created', 'replaced', 'replaced', 'created'])
  })

  it('that deletes reads as an absence', async () => {
    const key = at('absent')
    await put(key)
    harness.advance(2 * policy.ttlMs)
    expect(await read(key)).toMatchObject({ state: 'negative', isPending: true })
    expect((await entries.read(key, offer())).lease).toEqual({ kind: 'none' })
  })

  it('ends a counter, a load, and what another write through would store', async () => {
    const key = at('ends')
    await createCounterStore(harness.binder, partitions).incr(key, { by: 1n, initial: 0n })
    const begun = await writes.begin(key, TIMES)
    if (begun.kind !== 'begun') throw new Error(begun.kind)
    await put(key, 'behind')
    const keys = redisKeysOf(key)
    expect(await harness.redis.exists(keys.values)).toBe(0)
    expect(await harness.redis.exists(keys.lease)).toBe(1)
    expect(
      await writes.finish(key, begun.clk, { value: value('through'), isCreated: false }),
    ).toEqual({ kind: 'dropped' })
    expect((await read(key))?.payload?.toString()).toBe('behind')

    const other = at('ends', 'other')
    const { lease } = await entries.read(other, offer())
    if (lease.kind !== 'granted') throw new Error(lease.kind)
    const heard = await listen(other)
    await put(other, 'behind')
    await until('the message', () => heard.length > 0)
    expect(await harness.redis.exists(redisKeysOf(other).lease)).toBe(0)
  })

  it('under a condition needs something to compare', async () => {
    const key = at('compares')
    const when = (condition: object) => outbox.put(key, { value: value('new'), condition })
    expect(await when({ none: 'any' })).toEqual({ kind: 'miss' })
    const version = await put(key, 'old')
    expect(await when({ none: 'any' })).toEqual({ kind: 'precondition-failed', version })
    expect(await when({ match: [version] })).toMatchObject({ kind: 'replaced' })
    expect((await state(key)).pending).toBe(1)
  })

  it('finds no value that nothing used for too long', async () => {
    const key = at('idle')
    await entries.write(key, value('old'))
    harness.advance(2 * MINUTE_MS)
    const idle = { ...key, policy: { ...key.policy, idleMs: MINUTE_MS } }
    expect(await outbox.put(idle, { value: value(), condition: { match: 'any' } })).toEqual({
      kind: 'miss',
    })
  })

  it('is taken once under an idempotency key', async () => {
    const key = at('once')
    const idempotency = { digest: 'digest-of-once', fingerprint: 'a', ttlMs: HOUR_MS }
    const once = (fingerprint = 'a') =>
      outbox.put(key, { value: value(), idempotency: { ...idempotency, fingerprint } })
    const first = await once()
    const { record = '' } = keysOf(harness, key.key, key.space, idempotency)
    expect(await harness.redis.pttl(record)).toBeGreaterThan(HOUR_MS - MINUTE_MS)
    expect(await once()).toEqual({ ...first, replayed: true })
    expect(await once('b')).toEqual({ kind: 'conflict' })
  })

  it('has a greater version than the one before, also where the clock was lost and time went back', async () => {
    const key = at('grows')
    const first = await put(key, 'one')
    await harness.redis.del(redisKeysOf(key).clock)
    harness.advance(-HOUR_MS)
    expect(await put(key, 'two')).toBe(first + 1)
    harness.advance(HOUR_MS)
  })

  it('is refused where too much is pending, but for a key that is there', async () => {
    const bounded = (key: string, bounds: object) => at('full', key, bounds)
    const few = { maxPending: partitions.count }
    await put(bounded('a', few), 'x')
    const names = Array.from({ length: 50 * partitions.count }, (_, i) => `other-${i}`)
    const kinds = await Promise.all(
      names.map(async (name) => (await outbox.put(bounded(name, few), { value: value() })).kind),
    )
    expect(kinds.filter((kind) => kind === 'created').length).toBeLessThanOrEqual(partitions.count)
    expect(kinds).toContain('full')
    await put(bounded('a', few), 'y')

    const small = { maxPendingBytes: 300 * partitions.count }
    const alone = at('full-bytes', 'a', small)
    await put(alone, 'x'.repeat(1_000))
    const near = Array.from({ length: 5_000 }, (_, i) => `near-${i}`).find(
      (name) => partitions.of('full-bytes', name) === nameOf(alone).partition,
    ) as string
    const next = at('full-bytes', near, small)
    expect(await outbox.put(next, { value: value() })).toEqual({ kind: 'full' })
    await put(alone, 'x')
    await put(next, 'x')
    expect(await outbox.put(next, { value: value('x'.repeat(300)) })).toEqual({ kind: 'full' })
  })
})

describe('what is pending', () => {
  it('is counted', async () => {
    const key = at('counted')
    expect(await state(key)).toEqual(IDLE)
    await put(key, 'x'.repeat(100))
    harness.advance(HOUR_MS)
    await put(key, 'x'.repeat(50))
    const seen = await state(key)
    expect(seen).toMatchObject({ pending: 1, failed: 0 })
    const strlen = await harness.redis.strlen(redisKeysOf(key).entry)
    expect(seen.bytes).toBe(strlen + key.key.length)
    expect(seen.oldestMs).toBeGreaterThanOrEqual(HOUR_MS)
    const claims = await claimed(key)
    expect(claims.state.bytes).toBe(seen.bytes)
    const token = claims.token
    expect(await settle(key, token, (await read(key))?.version ?? 0)).toBe('settled')
    expect(await state(key)).toEqual(IDLE)
    const { outbox: due, ages, pending } = boxOf(key)
    expect(await harness.redis.exists(due)).toBe(0)
    expect(await harness.redis.exists(ages)).toBe(0)
    expect(await harness.redis.exists(pending)).toBe(0)
  })

  it.each([
    ['soft', (key: Key) => invalidation.keys(key.namespace, key.space, [key.key], 'soft')],
    ['soft by tag', (key: Key) => invalidation.tags(key.namespace, key.space, ['one'], 'soft')],
    ['soft for all', (key: Key) => invalidation.all(key.namespace, key.space, 'soft')],
  ])('is stale after an invalidation, once it is delivered: %s', async (name, invalidate) => {
    const key = at(`invalid-${name.replaceAll(' ', '-')}`)
    const version = await put(key, 'x')
    await invalidate(key)
    expect((await read(key))?.state).toBe('fresh')
    await settle(key, await taken(key), version)
    const seen = await read(key)
    expect(seen).toMatchObject({ state: 'stale', isPending: false })
    expect(seen?.servedMs).toBeGreaterThan(policy.staleMs - 3 * HOUR_MS)
  })

  it.each([
    ['hard', (key: Key) => invalidation.keys(key.namespace, key.space, [key.key], 'hard')],
    ['hard by tag', (key: Key) => invalidation.tags(key.namespace, key.space, ['one'], 'hard')],
    ['hard for all', (key: Key) => invalidation.all(key.namespace, key.space, 'hard')],
    ['a lost clock', (key: Key) => harness.redis.del(redisKeysOf(key).clock)],
    [
      'marks that are forgotten',
      async (key: Key) => {
        const { clock } = redisKeysOf(key)
        harness.advance(3 * (policy.ttlMs + policy.errorMs))
        await harness.redis.zrem(clock, `h:${key.space}`)
      },
    ],
  ])('ends after an invalidation, once it is delivered: %s', async (name, invalidate) => {
    const key = at(`ended-${name.replaceAll(' ', '-')}`)
    const version = await put(key, 'x')
    await invalidate(key)
    await harness.binder.bind(sweepScript)(
      { clock: redisKeysOf(key).clock, entry: [redisKeysOf(key).entry] },
      { on_restart: partitions.onRestart(), space: key.space },
    )
    expect((await read(key))?.payload?.toString()).toBe('x')
    await settle(key, await taken(key), version)
    expect(await read(key)).toBeUndefined()
  })

  it('is served whatever a reader accepts', async () => {
    const key = at('accepted')
    await put(key, 'x')
    const { entry } = await entries.read(key, { minFreshMs: 10 * policy.ttlMs, ...offer() })
    expect(entry?.state).toBe('fresh')
  })

  it('is changed by nothing else', async () => {
    const key = at('guarded')
    const version = await put(key, 'x')
    const refused = { kind: 'outbox-pending' }
    const counters = createCounterStore(harness.binder, partitions)
    const objects = createObjectStore(harness.binder, partitions)
    const change = { verb: 'set', field: 'a', value: 'b' } as const
    for (const text of ['x', undefined] as const) {
      await put(key, text)
      expect(await entries.write(key, value('y'))).toEqual(refused)
      expect(await entries.remove(key)).toEqual(refused)
      expect(await counters.incr(key, { by: 1n, initial: 0n })).toEqual(refused)
      expect(await objects.patch(key, { changes: [change] })).toEqual(refused)
      expect((await entries.touch(key, HOUR_MS)).state).toBe('outbox-pending')
      expect(await writes.begin(key, TIMES)).toEqual(refused)
    }
    expect((await read(key))?.version).toBeGreaterThan(version)
    expect(await harness.redis.pttl(redisKeysOf(key).entry)).toBe(-1)
  })

  it('survives the end of a write through that began before', async () => {
    for (const end of ['finish', 'unknown'] as const) {
      const key = at(`through-${end}`)
      const begun = await writes.begin(key, TIMES)
      if (begun.kind !== 'begun') throw new Error(begun.kind)
      await put(key, 'behind')
      if (end === 'unknown') await writes.unknown(key, begun.clk, HOUR_MS)
      else await writes.finish(key, begun.clk, { value: value('through'), isCreated: false })
      expect((await read(key))?.payload?.toString()).toBe('behind')
    }
  })
})

describe('a claim', () => {
  it('has what is due, once, until it is over', async () => {
    const key = at('due')
    await put(key, 'x')
    expect((await claimed(key)).names).toEqual([])
    harness.advance(INTERVAL_MS)
    expect((await claimed(key)).names).toEqual([key.key])
    harness.advance(CLAIM_MS - MINUTE_MS)
    expect((await claimed(key)).names).toEqual([])
    harness.advance(MINUTE_MS)
    expect((await claimed(key)).names).toEqual([key.key])
  })

  it('says until when to send', async () => {
    const key = at('sends')
    await put(key, 'x')
    harness.advance(INTERVAL_MS)
    const before = performance.now()
    const { sendBefore } = await claimed(key)
    expect(sendBefore).toBeGreaterThanOrEqual(before + TIMES.timeoutMs)
    expect(sendBefore).toBeLessThanOrEqual(performance.now() + TIMES.timeoutMs)
  })

  it('of a key that is written again and again is not put off', async () => {
    const key = at('put-off')
    for (let i = 0; i < 4; i++) {
      await put(key, `${i}`)
      harness.advance(INTERVAL_MS / 4)
    }
    expect((await claimed(key)).names).toEqual([key.key])
  })

  it('takes as many as were asked for, and ahead of their time', async () => {
    const key = at('many')
    await put(key, 'x')
    expect(await claim(key, 'one', 10, INTERVAL_MS - MINUTE_MS)).toMatchObject({ names: [] })
    expect(await claim(key, 'one', 0, INTERVAL_MS)).toMatchObject({ names: [] })
    expect(await claim(key, 'one', 1, INTERVAL_MS)).toMatchObject({ names: [key.key] })
    expect(await claim(key, 'one', 1, 10 * CLAIM_MS)).toMatchObject({ names: [] })
  })

  it('is for one instance, until its lease ends or it leaves', async () => {
    const key = at('instances')
    await put(key, 'x')
    expect((await claim(key, 'one', 0)).kind).toBe('claimed')
    const held = await claim(key, 'two', 0)
    if (held.kind !== 'held') throw new Error(held.kind)
    expect(held.leftMs).toBeLessThanOrEqual(LEASE_MS)
    expect(held.leftMs).toBeGreaterThan(LEASE_MS - MINUTE_MS)
    expect(held.state.pending).toBe(1)
    expect(await harness.redis.pttl(boxOf(key).deliverer)).toBeGreaterThan(LEASE_MS - MINUTE_MS)
    harness.advance(LEASE_MS - MINUTE_MS)
    expect((await claim(key, 'one', 0)).kind).toBe('claimed')
    harness.advance(MINUTE_MS)
    expect((await claim(key, 'two', 0)).kind).toBe('held')
    harness.advance(LEASE_MS)
    expect((await claim(key, 'two', 0)).kind).toBe('claimed')
    await outbox.leave(nameOf(key), 'one')
    expect((await claim(key, 'one', 0)).kind).toBe('held')
    await outbox.leave(nameOf(key), 'two')
    expect((await claim(key, 'one', 0)).kind).toBe('claimed')
  })
})

describe('a write that is delivered', () => {
  it('ends as others do, from now on', async () => {
    const key = at('delivered')
    const version = await put(key, 'x')
    const heard = await listen(key)
    const token = await taken(key)
    const { clock, entry } = redisKeysOf(key)
    const before = Number(await harness.redis.zscore(clock, 'clk'))
    await entries.read({ ...key, policy: { ...key.policy, l1: { ...policy.l1, enabled: true } } })
    expect(await settle(key, token, version)).toBe('settled')
    expect(Number(await harness.redis.zscore(clock, 'clk'))).toBeGreaterThan(before)
    await until('the message', () => heard.length === 1)
    const seen = await read(key)
    expect(seen).toMatchObject({ state: 'fresh', version, isPending: false })
    for (const [left, whole] of [
      [seen?.ttlMs, policy.ttlMs],
      [seen?.servedMs, policy.ttlMs + policy.staleMs],
    ] as const) {
      expect(left).toBeLessThanOrEqual(whole)
      expect(left).toBeGreaterThan(whole - MINUTE_MS)
    }
    expect(await harness.redis.pttl(entry)).toBeGreaterThan(
      policy.ttlMs + policy.errorMs - MINUTE_MS,
    )
    expect(Number(await harness.redis.zscore(clock, 'life'))).toBeGreaterThanOrEqual(
      (policy.ttlMs + policy.errorMs + INTERVAL_MS) * 1_000,
    )
    expect((await entries.write(key, value('y'))).kind).toBe('replaced')
  })

  it('may be an absence, for its time', async () => {
    const key = at('delivered-absence')
    const version = await put(key)
    await settle(key, await taken(key), version)
    expect(await read(key)).toMatchObject({ state: 'negative', isPending: false })
    harness.advance(policy.negativeTtlMs)
    expect(await read(key)).toBeUndefined()
  })

  it('is dropped where the origin has something else', async () => {
    const key = at('delivered-dropped')
    const version = await put(key, 'x')
    await settle(key, await taken(key), version, true)
    expect(await read(key)).toBeUndefined()
    expect(await state(key)).toEqual(IDLE)
  })

  it('that was written again meanwhile is due again', async () => {
    const key = at('newer')
    const first = await put(key, 'first')
    const token = await taken(key)
    harness.advance(MINUTE_MS)
    const second = await put(key, 'second')
    expect((await claimed(key)).names).toEqual([])
    expect(await settle(key, token, first)).toBe('newer')
    const seen = await state(key)
    expect(seen.pending).toBe(1)
    expect(seen.oldestMs).toBeLessThan(MINUTE_MS)
    expect(await read(key)).toMatchObject({ isPending: true, version: second })
    expect((await claimed(key)).names).toEqual([])
    expect(await settle(key, await taken(key), second)).toBe('settled')
    expect(await settle(key, token, second)).toBe('lost')
  })

  it('counts only for the claim that stands', async () => {
    const key = at('lost')
    const version = await put(key, 'x')
    const old = await taken(key)
    harness.advance(CLAIM_MS)
    const { token } = await claimed(key)
    expect(await settle(key, old, version)).toBe('lost')
    expect(await fail(key, old, version)).toBe('lost')
    expect((await read(key))?.isPending).toBe(true)
    expect(await settle(key, token, version)).toBe('settled')
    expect(await settle(key, token, version)).toBe('lost')
    expect(await fail(key, token, version)).toBe('lost')
  })

  it('after Redis restarted is judged by the marks of then', async () => {
    const key = at('restarted')
    const version = await put(key, 'x')
    const token = await taken(key)
    await harness.redis.zadd(redisKeysOf(key).clock, 1, 'run')
    const soft = createOutboxStore(
      harness.binder,
      new Partitions(layoutOf(harness.connections.cache), 'soft'),
    )
    await soft.settle(key, { token, version, drops: false })
    expect((await read(key))?.state).toBe('stale')
  })
})

describe('a write that failed', () => {
  it('is due again after a back-off, which doubles', async () => {
    const key = at('back-off')
    const bounds = { ...key.policy.origin.behind, maxAttempts: 10 }
    const often = { ...key, policy: { ...policy, origin: { ...policy.origin, behind: bounds } } }
    const version = await put(often, 'x')
    let token = await taken(often)
    for (const hours of [1, 2, 3, 3]) {
      expect(await fail(often, token, version)).toBe('waits')
      harness.advance(hours * HOUR_MS - MINUTE_MS)
      expect((await claimed(often)).names).toEqual([])
      harness.advance(MINUTE_MS)
      token = (await claimed(often)).token
    }
  })

  it('rests while the origin may still apply it, also for what is written meanwhile', async () => {
    const key = at('rests')
    const version = await put(key, 'x')
    expect(await fail(key, await taken(key), version, { isUnknown: true })).toBe('waits')
    await put(key, 'y')
    harness.advance(TIMES.applyWithinMs - MINUTE_MS)
    expect((await claimed(key)).names).toEqual([])
    harness.advance(MINUTE_MS)
    expect((await claimed(key)).names).toEqual([key.key])
  })

  it('waits for an operator after so many attempts, or at once', async () => {
    const key = at('attempts')
    const version = await put(key, 'x')
    let token = await taken(key)
    for (let i = 0; i < 5; i++) {
      expect(await fail(key, token, version, { counts: false })).toBe('waits')
      token = await taken(key)
    }
    for (const outcome of ['waits', 'waits', 'failed']) {
      expect(await fail(key, token, version)).toBe(outcome)
      if (outcome === 'waits') {
        harness.advance(3 * HOUR_MS)
        token = (await claimed(key)).token
      }
    }
    harness.advance(1_000 * HOUR_MS)
    expect((await claimed(key)).names).toEqual([])
    expect(await state(key)).toMatchObject({ pending: 0, failed: 1 })
    const [failed] = await outbox.failed(nameOf(key))
    expect(failed).toMatchObject({ key: 'key', attempts: 3, error: FAILING.why })
    expect(failed?.ageMs).toBeGreaterThan(1_000 * HOUR_MS)
    expect((await read(key))?.payload?.toString()).toBe('x')

    await put(key, 'y')
    expect(await outbox.failed(nameOf(key))).toEqual([])
    const again = await taken(key)
    expect(await fail(key, again, (await read(key))?.version ?? 0, { isFinal: true })).toBe(
      'failed',
    )
  })

  it('has not failed where it was written again meanwhile', async () => {
    const key = at('failed-newer')
    const version = await put(key, 'x')
    const token = await taken(key)
    await put(key, 'y')
    expect(await fail(key, token, version, { isFinal: true })).toBe('waits')
    expect((await claimed(key)).names).toEqual([key.key])
  })
})

describe('operators', () => {
  it('make keys due, with no attempts behind them', async () => {
    const key = at('retry')
    const version = await put(key, 'x')
    await fail(key, await taken(key), version, { isFinal: true })
    expect(await outbox.makeDue(nameOf(key), ['key', 'not-there'])).toBe(1)
    for (let i = 0; i < 2; i++) {
      const { names, token } = await claimed(key)
      expect(names).toEqual(['key'])
      expect(await fail(key, token, version)).toBe('waits')
      harness.advance(BACKOFF.maxMs)
    }
    expect(await state(key)).toMatchObject({ pending: 1, failed: 0 })
  })

  it('make all due, but for what rests', async () => {
    const many = (count: number, name: string) =>
      Promise.all(Array.from({ length: count }, (_, i) => put(at('flush', `${name}-${i}`), 'x')))
    const inAll = <T>(run: (name: ReturnType<typeof nameOf>) => Promise<T>) =>
      Promise.all(
        Array.from({ length: partitions.count }, (_, partition) =>
          run({ ...nameOf(at('flush')), partition }),
        ),
      )
    await many(120, 'resting')
    harness.advance(INTERVAL_MS)
    const claims = (most: number) =>
      inAll(async (name) => {
        const reply = await outbox.claim(name, { instance: 'one', policy: policy.origin, most })
        return reply.kind === 'claimed' ? reply.names.length : 0
      })
    const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)
    expect(sum(await claims(1_000))).toBe(120)
    harness.advance(CLAIM_MS - MINUTE_MS)
    await many(150, 'waiting')
    expect(sum(await inAll((name) => outbox.makeDue(name)))).toBe(150)
    expect(sum(await claims(1_000))).toBe(150)
  })

  it('drop what is pending, with its entry', async () => {
    const key = at('discard')
    await put(key, 'x')
    const heard = await listen(key)
    await entries.read({ ...key, policy: { ...key.policy, l1: { ...policy.l1, enabled: true } } })
    const { clock } = redisKeysOf(key)
    const before = Number(await harness.redis.zscore(clock, 'clk'))
    expect(await outbox.discard(key)).toBe(true)
    expect(await outbox.discard(key)).toBe(false)
    expect(Number(await harness.redis.zscore(clock, 'clk'))).toBeGreaterThan(before)
    await until('the message', () => heard.length === 1)
    expect(await read(key)).toBeUndefined()
    expect(await state(key)).toEqual(IDLE)
  })

  it('drop what is on its way, and nothing else is sent before it is known', async () => {
    const key = at('discard-sent')
    const version = await put(key, 'x')
    const token = await taken(key)
    expect(await outbox.discard(key)).toBe(true)
    await put(key, 'y')
    expect(await claim(key, 'one', 10, 2 * INTERVAL_MS)).toMatchObject({ names: [] })
    expect(await settle(key, token, version)).toBe('newer')
    expect((await read(key))?.payload?.toString()).toBe('y')

    const gone = at('discard-gone')
    await put(gone, 'x')
    await taken(gone)
    await outbox.discard(gone)
    harness.advance(CLAIM_MS)
    const again = await claimed(gone)
    expect(again.names).toEqual(['key'])
    expect(await settle(gone, again.token, 0)).toBe('settled')
    expect(await state(gone)).toEqual(IDLE)
  })
})
