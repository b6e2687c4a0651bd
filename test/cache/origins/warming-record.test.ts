import { beforeAll, describe, expect, it } from 'vitest'
import { createWarmingStore, type WarmingStore } from '../../../src/cache/origins/warming/store.js'
import { redisKey } from '../../../src/redis/keys.js'
import { useHarness } from '../../support/harness.js'

const harness = useHarness()
let store: WarmingStore

beforeAll(() => {
  store = createWarmingStore(harness.binder)
})

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const named = (id: string) => ({ namespace: harness.namespace, space: 'loads', id })
const recordOf = (id: string) => redisKey(harness.namespace, 'policies', 'warming', `loads:${id}`)
const BEGUN = { total: 9, loaded: 0, skipped: 0, failed: 0, errors: [] }
const LATER = {
  total: 9,
  loaded: 4,
  skipped: 3,
  failed: 2,
  errors: [{ key: 'ü', detail: 'The origin answered 500.' }],
}
const begin = (id: string) => store.note(named(id), 'begin', BEGUN)

it('says how far a warming is, from its begin to its end', async () => {
  expect(await store.read(named('whole'))).toBeUndefined()
  expect(await begin('whole')).toBe(false)
  const begun = await store.read(named('whole'))
  expect(begun).toMatchObject({ ...BEGUN, state: 'running', finishedMs: 0 })
  harness.advance(1_000)
  expect(await store.note(named('whole'), 'go-on', LATER)).toBe(false)
  const between = await store.read(named('whole'))
  expect(between).toEqual({
    ...LATER,
    state: 'running',
    startedMs: begun?.startedMs,
    finishedMs: 0,
  })
  harness.advance(1_000)
  expect(await store.note(named('whole'), 'done', { ...LATER, loaded: 4 })).toBe(false)
  const done = await store.read(named('whole'))
  expect(done).toMatchObject({ ...LATER, state: 'done', startedMs: begun?.startedMs })
  expect(done?.finishedMs).toBeGreaterThanOrEqual((begun?.startedMs ?? 0) + 2_000)
  expect(await store.read(named('whole'), true)).toEqual(done)
})

it('says of one that failed why there were no keys', async () => {
  await begin('failed')
  const FAILED = { total: 0, loaded: 0, skipped: 0, failed: 0, errors: [{ detail: 'It is none.' }] }
  expect(await store.note(named('failed'), 'failed', FAILED)).toBe(false)
  const record = await store.read(named('failed'), true)
  expect(record).toMatchObject({ ...FAILED, state: 'failed' })
  expect(record?.finishedMs).toBeGreaterThanOrEqual(record?.startedMs ?? Infinity)
  expect(await store.note(named('failed'), 'go-on', LATER)).toBe(true)
})

describe('a claim', () => {
  const claim = (id: string, insteadOf = '') => store.claim(named(id), insteadOf)
  const key = () => redisKey(harness.namespace, 'policies', 'warming-claim', 'loads')

  it('is of one, until another takes its place', async () => {
    expect(await claim('one')).toEqual({ kind: 'claimed' })
    const held = await claim('two')
    expect(held).toMatchObject({ kind: 'held', id: 'one' })
    harness.advance(MINUTE_MS)
    const later = await claim('two', 'none')
    expect(later).toMatchObject({ kind: 'held', id: 'one' })
    const ages = [held, later].map((reply) => ('agedMs' in reply ? reply.agedMs : -1))
    expect(ages[0]).toBeGreaterThanOrEqual(0)
    expect(ages[1]).toBeGreaterThanOrEqual(MINUTE_MS)
    expect(await claim('two', 'one')).toEqual({ kind: 'claimed' })
    expect(await claim('three', 'one')).toMatchObject({ kind: 'held', id: 'two' })
    const livesMs = await harness.redis.pttl(key())
    expect(livesMs).toBeGreaterThan(DAY_MS - MINUTE_MS)
    expect(livesMs).toBeLessThanOrEqual(DAY_MS)
  })

  it('has no age below 0, also after the clock went back', async () => {
    await harness.redis.set(key(), `future ${Date.now() + DAY_MS}`)
    expect(await claim('now')).toEqual({ kind: 'held', id: 'future', agedMs: 0 })
    await harness.redis.del(key())
  })
})

it('keeps it for a day after its last change', async () => {
  const lives = async () => harness.redis.pttl(recordOf('kept'))
  await begin('kept')
  expect(await lives()).toBeGreaterThan(DAY_MS - MINUTE_MS)
  await harness.redis.pexpire(recordOf('kept'), MINUTE_MS)
  await store.note(named('kept'), 'go-on', LATER)
  expect(await lives()).toBeGreaterThan(DAY_MS - MINUTE_MS)
  expect(await lives()).toBeLessThanOrEqual(DAY_MS)
})

it('stops one that a caller cancelled, and counts what it did', async () => {
  await begin('cancelled')
  const cancelled = await store.read(named('cancelled'), true)
  expect(cancelled).toMatchObject({ ...BEGUN, state: 'cancelled' })
  expect(cancelled?.finishedMs).toBeGreaterThanOrEqual(cancelled?.startedMs ?? Infinity)
  expect(await store.note(named('cancelled'), 'go-on', LATER)).toBe(true)
  expect(await store.note(named('cancelled'), 'done', LATER)).toBe(true)
  expect(await store.read(named('cancelled'))).toEqual({ ...cancelled, ...LATER })
})

it('stops one whose record was lost, without another', async () => {
  await begin('lost')
  await harness.redis.del(recordOf('lost'))
  expect(await store.note(named('lost'), 'go-on', LATER)).toBe(true)
  expect(await store.read(named('lost'))).toBeUndefined()
})

it('one without a sign of life is interrupted, and goes on with the next', async () => {
  await begin('silent')
  await store.note(named('silent'), 'go-on', LATER)
  const alive = await store.read(named('silent'))
  harness.advance(31_000)
  const silent = await store.read(named('silent'), true)
  expect(silent).toMatchObject({ ...LATER, state: 'interrupted' })
  expect(silent?.finishedMs).toBeGreaterThanOrEqual(alive?.startedMs ?? Infinity)
  expect(silent?.finishedMs).toBeLessThan((alive?.startedMs ?? 0) + 31_000)
  expect(await store.note(named('silent'), 'go-on', LATER)).toBe(false)
  expect(await store.read(named('silent'))).toEqual(alive)
})
