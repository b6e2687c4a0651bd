import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'

const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const shared = { mode: 'shared' }
const owned = { ...shared, owner: 'o', caller: '' }
const entering = { ...owned, reentrant: true }
const fenceOf = (lease: unknown) => (lease as { fences: [number] }).fences[0]
/** More leases than one call ends or notifies. */
const MANY = 150
const readers = (name: string, count: number, options: object = {}) =>
  Promise.all(Array.from({ length: count }, () => scripts.acquire(name, { ...shared, ...options })))
const keysOf = async (name: string) =>
  (
    await Promise.all(
      ['lock', 'holders', 'fences'].map(async (part) =>
        (await harness.redis.exists(scripts.key(part, name))) ? part : '',
      ),
    )
  ).filter(Boolean)

describe('a lock that many share', () => {
  it('has room for ten thousand tokens', async () => {
    await scripts.acquire('many', shared)
    await scripts.acquire('many', shared)
    await harness.redis.hset(scripts.key('lock', 'many'), 'count', 9_999)
    expect(await scripts.acquire('many', shared)).toMatchObject({ kind: 'granted' })
    expect(await scripts.acquire('many', shared)).toMatchObject({ kind: 'held' })
  })

  it('has no more room for those who enter again', async () => {
    const { token } = await scripts.acquire('full', entering)
    await scripts.acquire('full', entering)
    await harness.redis.hset(scripts.key('lock', 'full'), 'count', 10_000)
    expect(await scripts.acquire('full', entering)).toMatchObject({ kind: 'held' })
    expect(await scripts.acquire('full', { ...entering, waitMs: 60_000 })).toMatchObject({
      kind: 'queued',
    })
    await scripts.release('full', token)
    expect(await scripts.inspect('full')).toMatchObject({ queueLength: 0 })
  })

  it('orders its holders from the second on, and keeps no order when all are gone', async () => {
    const first = await scripts.acquire('keys', shared)
    expect(await keysOf('keys')).toEqual(['lock'])
    const second = await scripts.acquire('keys', shared)
    expect(await keysOf('keys')).toEqual(['lock', 'holders', 'fences'])
    for (const part of ['holders', 'fences']) {
      expect(await harness.redis.pttl(scripts.key(part, 'keys'))).toBeGreaterThan(0)
    }
    await scripts.release('keys', first.token)
    await scripts.release('keys', second.token)
    expect(await keysOf('keys')).toEqual([])
  })

  it('keeps the order of its leases for as long as the longest of them', async () => {
    await readers('keep', 2, { ttlMs: 60_000 })
    const { token } = await scripts.acquire('keep', { ...shared, ttlMs: 3_600_000 })
    const left = () => harness.redis.pttl(scripts.key('fences', 'keep'))
    expect(await left()).toBeGreaterThan(3_600_000)
    await scripts.renew('keep', token, 7_200_000)
    expect(await left()).toBeGreaterThan(7_200_000)
  })

  it('ends a shorter lease in its own time, also when a longer one was there before', async () => {
    const pool = { permits: 1, capacity: 2 }
    await scripts.acquire('shorter', { ...pool, ttlMs: 600_000 })
    await scripts.acquire('shorter', { ...pool, ttlMs: 1_000 })
    harness.advance(1_001)
    expect(await scripts.acquire('shorter', pool)).toMatchObject({ kind: 'granted' })
  })

  it('remembers which lease of an owner may be entered again', async () => {
    const fields = async () =>
      (await harness.redis.hkeys(scripts.key('lock', 'owned'))).filter((field) =>
        field.startsWith('@'),
      ).length
    const plain = [await scripts.acquire('owned', owned), await scripts.acquire('owned', owned)]
    expect(await fields()).toBe(0)
    const entered = await scripts.acquire('owned', entering)
    expect(entered).toMatchObject({ kind: 'granted', holdCount: 1 })
    expect(await fields()).toBe(1)
    const again = await scripts.acquire('owned', entering)
    expect(again).toMatchObject({ kind: 'granted', holdCount: 2 })
    await scripts.release('owned', entered.token)
    expect(await scripts.acquire('owned', entering)).toMatchObject({
      fences: [fenceOf(again)],
      holdCount: 2,
    })
    await scripts.release('owned', again.token)
    expect(await fields()).toBe(1)
    for (const { token } of plain) await scripts.release('owned', token)
    await scripts.revoke('owned', 0)
    expect(await keysOf('owned')).toEqual([])
  })

  it('forgets that lease with its last token, and not with that of an older one', async () => {
    await scripts.acquire('older', shared)
    const terms = { ...entering, min_hold_ms: 10_000 }
    const old = await scripts.acquire('older', terms)
    await scripts.release('older', old.token)
    const next = await scripts.acquire('older', entering)
    expect(fenceOf(next)).toBeGreaterThan(fenceOf(old))
    harness.advance(10_001)
    const again = await scripts.acquire('older', entering)
    expect(again).toMatchObject({ fences: [fenceOf(next)], holdCount: 2 })
    for (const { token } of [next, again]) await scripts.release('older', token)
    const field = (await harness.redis.hkeys(scripts.key('lock', 'older'))).find((name) =>
      name.startsWith('@'),
    )
    expect(field).toBeUndefined()
  })

  it('is not entered again through a lease that is not reentrant', async () => {
    await scripts.acquire('sole', { owner: 'o', caller: '' })
    const again = { owner: 'o', caller: '', reentrant: true }
    expect(await scripts.acquire('sole', again)).toMatchObject({ kind: 'held' })
  })
})

describe('tokens of one lease', () => {
  it('are one holder, for as long as one of them is left', async () => {
    const first = await scripts.acquire('one', entering)
    await scripts.acquire('one', { ...entering, ttlMs: 60_000 })
    await scripts.acquire('one', shared)
    const count = async () => (await scripts.inspect('one')).holderCount
    expect(await count()).toBe(2)
    expect((await scripts.inspect('one')).holders).toHaveLength(2)
    expect(await scripts.list('one')).toMatchObject([{ holderCount: 2 }])
    harness.advance(30_001)
    expect(await count()).toBe(1)
    await scripts.sweep('one')
    expect(await count()).toBe(1)
    expect(await scripts.list('one')).toMatchObject([{ holderCount: 1 }])
    expect(await scripts.verify('one', fenceOf(first))).toMatchObject({ current: true })
    expect(await harness.redis.hexists(scripts.key('lock', 'one'), 'joined')).toBe(0)
  })

  it('weigh as much as the lease, also a last one that asked for less', async () => {
    const writer = await scripts.acquire('weight', { ...entering, mode: 'exclusive' })
    const reader = await scripts.acquire('weight', entering)
    expect(reader).toMatchObject({ mode: 'exclusive', holdCount: 2 })
    const { token } = await scripts.acquire('weight', { waitMs: 60_000 })
    await scripts.release('weight', writer.token)
    expect(await scripts.handOver('weight', reader.token, 'weight', token)).toMatchObject({
      kind: 'granted',
    })
  })

  it('are revoked by its fence, and no others', async () => {
    const lease = await scripts.acquire('fence', entering)
    await scripts.acquire('fence', entering)
    const other = await scripts.acquire('fence', shared)
    expect(await scripts.revoke('fence', -1, fenceOf(lease))).toMatchObject({ asked: 2 })
    expect(await scripts.revoke('fence', 0, fenceOf(lease))).toMatchObject({ revoked: 2 })
    expect(await scripts.inspect('fence')).toMatchObject({
      holders: [{ fence: fenceOf(other) }],
      holderCount: 1,
    })
  })
})

describe('a revocation of one lease', () => {
  it('ends all of its tokens, however many', async () => {
    const leases = await readers('tokens', 80, { ...entering })
    const fence = fenceOf(leases[0])
    await scripts.acquire('tokens', shared)
    expect(await scripts.revoke('tokens', 0, fence)).toMatchObject({ revoked: 80 })
    expect(await scripts.inspect('tokens')).toMatchObject({ holderCount: 1 })
  })

  it('ends no other, also where that is the only one', async () => {
    const { fences } = (await scripts.acquire('other')) as unknown as { fences: [number] }
    expect(await scripts.revoke('other', 0, fences[0] - 1)).toMatchObject({ revoked: 0 })
    expect(await scripts.inspect('other')).toMatchObject({ state: 'held' })
  })

  it('ends it after its grace without another request', async () => {
    const [one] = await readers('timed', 2, { ttlMs: 60_000 })
    await scripts.revoke('timed', 5_000, fenceOf(one))
    harness.advance(5_001)
    await scripts.sweep('timed')
    expect(await harness.redis.zcard(scripts.key('fences', 'timed'))).toBe(1)
  })
})

describe('verify', () => {
  it('finds each lease of many by its fence, and the highest current one', async () => {
    const leases = await readers('verify', 5)
    const fences = leases.map(fenceOf).sort((a, b) => a - b)
    for (const fence of fences) {
      expect(await scripts.verify('verify', fence)).toEqual({ current: true, fence })
    }
    const newest = leases.find((lease) => fenceOf(lease) === fences[4])
    await scripts.release('verify', newest?.token as string)
    expect(await scripts.verify('verify', fences[4] as number)).toEqual({
      current: false,
      fence: fences[3],
    })
  })

  it('does not count an unclaimed grant as current', async () => {
    const { token } = await scripts.acquire('claim')
    await scripts.acquire('claim', { waitMs: 60_000 })
    await scripts.load('claim')
    const [, { holders }] = await Promise.all([
      scripts.release('claim', token),
      scripts.inspect('claim'),
    ])
    const fence = holders[0]?.fence as number
    expect(await scripts.verify('claim', fence)).toEqual({ current: false, fence: 0 })
  })

  it('looks for a current lease among a bounded number of the newest', async () => {
    const { token } = await scripts.acquire('newest')
    const shared = { mode: 'shared', waitMs: 60_000 }
    const waiters = [
      await scripts.acquire('newest', shared),
      await scripts.acquire('newest', shared),
      await scripts.acquire('newest', shared),
    ]
    await scripts.load('newest')
    // In one turn, before the grants that nobody claims are over.
    const [, claimed, ofTwo, ofThree] = await Promise.all([
      scripts.release('newest', token),
      scripts.claim('newest', waiters[0]?.token as string),
      scripts.verify('newest', 1, 2),
      scripts.verify('newest', 1, 3),
    ])
    expect(ofTwo).toEqual({ current: false, fence: 0 })
    expect(ofThree).toEqual({ current: false, fence: fenceOf(claimed) })
  })
})

describe('calls that travel together', () => {
  it('are the fewer, the more each costs', async () => {
    let batches = 0
    const store = newLockStore(
      harness,
      () => 0,
      () => batches++,
    )
    const ns = `${harness.namespace}-units`
    const names = Array.from({ length: 32 }, (_, i) => `set@${i}`)
    const together = async (count: number, ask: () => Promise<unknown>) => {
      batches = 0
      await Promise.all(Array.from({ length: count }, ask))
      return batches
    }
    expect(await together(64, () => store.verify(ns, 'set@0', 1))).toBe(2)
    expect(await together(8, () => store.acquire(ns, names, { ttlMs: 10_000 }))).toBe(2)
    expect(await together(8, () => store.renew(ns, names, 'x', 10_000))).toBe(2)
    store.close()
  })
})

describe('a revocation of more holders than one call ends', () => {
  it('is over for all of them with the first call', async () => {
    const leases = await readers('force', MANY)
    expect(await scripts.revoke('force', 0)).toMatchObject({ revoked: MANY, nextMs: 1 })
    const left = await harness.redis.zrange(scripts.key('fences', 'force'), '0', '-1')
    expect(left.length).toBeGreaterThan(0)

    for (const token of left.slice(0, 3)) {
      const lease = leases.find((one) => one.token === token)
      expect(await scripts.verify('force', fenceOf(lease))).toEqual({ current: false, fence: 0 })
      expect(await scripts.inspect('force')).toMatchObject({ state: 'free', holderCount: 0 })
      expect(await scripts.renew('force', token, 30_000)).toMatchObject({
        kind: 'ended',
        how: 'revoked',
        reason: 'test',
        fence: fenceOf(lease),
      })
    }
  })

  it('continues with any request and any sweep, and ends no newer lease', async () => {
    await readers('newer', MANY)
    await scripts.revoke('newer', 0)
    const tries = []
    for (let i = 0; i < 4; i++) tries.push(await scripts.acquire('newer', shared))
    const granted = tries.find(({ kind }) => kind === 'granted')
    expect(tries[0]).toMatchObject({ kind: 'again' })
    expect(granted).toBeDefined()
    await scripts.sweep('newer')
    expect(await scripts.renew('newer', granted?.token as string, 30_000)).toMatchObject({
      kind: 'renewed',
      revoke: undefined,
    })
    expect(await harness.redis.hexists(scripts.key('lock', 'newer'), 'revocations')).toBe(0)
  })

  it('begins a lock delay only where it is not cleared', async () => {
    for (const cleared of [true, false]) {
      const name = `delay-${cleared}`
      await readers(name, MANY, { lock_delay_ms: 60_000 })
      await scripts.revoke(name, 0, 0, cleared)
      for (let i = 0; i < 4; i++) await scripts.sweep(name)
      expect(await scripts.inspect(name)).toMatchObject({ state: cleared ? 'free' : 'delayed' })
    }
  })

  it('shows newer holders while it continues', async () => {
    const terms = { ...shared, ttlMs: 600_000 }
    await readers('shown', MANY, terms)
    await scripts.revoke('shown', 30_000)
    const late = await scripts.acquire('shown', terms)
    const after = late.kind === 'granted' ? late : await scripts.acquire('shown', terms)
    harness.advance(30_001)
    expect(await scripts.inspect('shown')).toMatchObject({
      state: 'held',
      holderCount: 1,
      holders: [{ fence: fenceOf(after) }],
    })
  })

  it('ends after its grace the leases that held the lock when it was requested', async () => {
    const leases = await readers('grace', MANY, { ttlMs: 60_000 })
    expect(await scripts.revoke('grace', 10_000)).toMatchObject({ revoked: 0, asked: MANY })
    const { token } = leases[0] as { token: string }
    const renewed = await scripts.renew('grace', token, 60_000)
    expect(renewed).toMatchObject({ kind: 'renewed', revoke: { reason: 'test' } })
    expect((renewed as { leftMs?: number }).leftMs).toBeLessThanOrEqual(10_000)
    harness.advance(10_001)
    expect(await scripts.inspect('grace')).toMatchObject({ state: 'free' })
    expect(await scripts.renew('grace', token, 60_000)).toMatchObject({ how: 'revoked' })
  })

  it('notifies all whose leases are asked for, a slice at a time', async () => {
    const session = await scripts.openSession('notified', 60_000)
    await readers('notified', MANY, { session, ttlMs: 0 })
    await scripts.revoke('notified', -1)
    for (let i = 0; i < 3; i++) await scripts.sweep('notified')
    const kept = await scripts.keepSession('notified', session)
    expect(kept?.notes).toHaveLength(MANY)
    expect(await scripts.sweep('notified')).not.toMatchObject({ nextMs: 1 })
  })

  it('continues when the instance dies after its first call', async () => {
    const store = newLockStore(harness, () => 0)
    const [ns, names] = [`${harness.namespace}-dies`, ['dies']]
    const ask = () => store.acquire(ns, names, { ttlMs: 60_000, mode: 'shared' })
    await Promise.all(Array.from({ length: MANY }, ask))
    await store.revoke(ns, 'dies', { reason: 'test', graceMs: 0 })
    store.close()
    const other = newLockStore(harness, () => 0)
    expect(await other.acquire(ns, names, { ttlMs: 1_000 })).toMatchObject({ kind: 'granted' })
    other.close()
  })

  it('is continued by the instance itself, without another request', async () => {
    const store = newLockStore(harness, () => 0)
    const [ns, names] = [`${harness.namespace}-alone`, ['alone']]
    const ask = () => store.acquire(ns, names, { ttlMs: 60_000, mode: 'shared' })
    await Promise.all(Array.from({ length: MANY }, ask))
    const waiting = store.acquire(ns, names, { ttlMs: 1_000, waitMs: 60_000 })
    await until('it waits', async () => (await store.inspect(ns, 'alone', 1)).queueLength === 1)
    expect(await store.revoke(ns, 'alone', { reason: 'test', graceMs: 0 })).toEqual({
      revoked: MANY,
      asked: 0,
    })
    expect(await waiting).toMatchObject({ kind: 'granted' })
    store.close()
  })
})

describe('a revocation that is asked for again', () => {
  const renew = async (name: string, token: string) =>
    ((await scripts.renew(name, token, 600_000)) as unknown as { revoke: { leftMs: number } })
      .revoke

  it('leaves the earlier deadline to the leases of the first, and gives later leases their own', async () => {
    const [first] = await readers('twice', 2, { ttlMs: 600_000 })
    await scripts.revoke('twice', 30_000)
    const [late] = await readers('twice', 1, { ttlMs: 600_000 })
    await scripts.revoke('twice', 90_000)
    expect((await renew('twice', first?.token as string)).leftMs).toBeLessThanOrEqual(30_000)
    expect((await renew('twice', late?.token as string)).leftMs).toBeGreaterThan(50_000)
    await scripts.revoke('twice', 15_000)
    for (const { token } of [first, late] as { token: string }[]) {
      expect((await renew('twice', token)).leftMs).toBeLessThanOrEqual(15_000)
    }
  })

  it('ends later leases in time although none of the first are left', async () => {
    const first = await readers('left', 2, { ttlMs: 600_000 })
    await scripts.revoke('left', 10_000)
    await readers('left', 1, { ttlMs: 600_000 })
    await scripts.revoke('left', 60_000)
    for (const { token } of first) await scripts.release('left', token)
    harness.advance(60_001)
    expect(await scripts.acquire('left')).toMatchObject({ kind: 'granted' })
  })

  it('does not move when the clock steps back', async () => {
    const [first] = await readers('back', 2, { ttlMs: 600_000 })
    await scripts.revoke('back', 10_000)
    harness.advance(-3_600_000)
    expect((await renew('back', first?.token as string)).leftMs).toBeLessThanOrEqual(10_000)
    harness.advance(3_600_000)
  })
})
