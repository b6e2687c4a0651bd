import { beforeAll, describe, expect, it } from 'vitest'
import { createEntryStore, type EntryStore } from '../../../src/cache/entries/store.js'
import { createInvalidationStore } from '../../../src/cache/invalidation/store.js'
import { beginScript, unknownScript } from '../../../src/cache/origins/writing/scripts.js'
import {
  createWriteLeases,
  type Taken,
  type WriteLeases,
} from '../../../src/cache/origins/writing/store.js'
import { Partitions } from '../../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../../src/cache/spaces/policy.js'
import { layoutOf } from '../../../src/redis/layout.js'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { keysOf } from '../keys.js'

const harness = useHarness()

const SPACE = 'users'
const HOUR_MS = 3_600_000
const MARGIN_MS = 1_000
const TIMES = { timeoutMs: HOUR_MS, applyWithinMs: 2 * HOUR_MS }
const LASTS_MS = 3 * HOUR_MS + MARGIN_MS
/** A write is begun with these, and nothing on a busy machine takes as long. */
const MINUTE_MS = 60_000

const policy = {
  ...DEFAULT_POLICY,
  jitter: 0,
  ttlMs: 20 * HOUR_MS,
  staleMs: 10 * HOUR_MS,
  errorMs: 15 * HOUR_MS,
}
const at = (key: string) => ({ namespace: harness.namespace, space: SPACE, key, policy })
const value = (text = 'written') => ({
  payload: Buffer.from(text),
  contentType: 'text/plain',
  contentEncoding: 'br',
  tags: ['one', 'two'],
})

let writes: WriteLeases
let entries: EntryStore
let invalidation: ReturnType<typeof createInvalidationStore>
let partitions: Partitions

beforeAll(() => {
  const { binder, connections } = harness
  partitions = new Partitions(layoutOf(connections.cache), 'keep')
  writes = createWriteLeases(binder, partitions)
  entries = createEntryStore(binder, partitions)
  invalidation = createInvalidationStore(binder, partitions)
})

async function begin(key: string, times = TIMES): Promise<number> {
  const begun = await writes.begin(at(key), times)
  if (begun.kind !== 'begun') throw new Error(begun.kind)
  return begun.clk
}
const finish = (key: ReturnType<typeof at>, clk: number, taken: Taken['value']) =>
  writes.finish(key, clk, { value: taken, isCreated: false })
const put = (key: string, text = 'old') => entries.write(at(key), value(text))
const read = async (key: string) => (await entries.read(at(key))).entry
let tokens = 0
const ask = async (key: string) =>
  (
    await entries.read(at(key), {
      lease: { token: `token-of-a-load-${tokens++}`, isOwn: true, early: 0 },
    })
  ).lease
async function win(key: string): Promise<string> {
  const lease = await ask(key)
  if (lease.kind !== 'granted') throw new Error(lease.kind)
  return lease.proof
}
const fill = async (key: string, proof: string) =>
  (await entries.write(at(key), { ...value('loaded'), fill: proof })).kind

const sizeOf = (key: string) => harness.redis.strlen(keysOf(harness, key).lease)
/** Bytes of a record with one write. */
const ONE_NOTE = 66

/** Collects the messages about a key from now on. */
async function listen(key: string): Promise<string[]> {
  const heard: string[] = []
  const { clock } = keysOf(harness, key)
  await harness.connections.cachePubSub.subscribe(clock, (message) => {
    const [, , kind, space, name] = message.split(' ')
    if (space === SPACE && name === key) heard.push(kind as string)
  })
  return heard
}

describe('a write that begins', () => {
  it('makes the value stale, for no longer than the write takes', async () => {
    await put('stale')
    await begin('stale')
    const seen = await read('stale')
    expect(seen).toMatchObject({ state: 'stale' })
    expect(seen?.ttlMs).toBeLessThanOrEqual(0)
    expect(seen?.servedMs).toBeLessThanOrEqual(TIMES.timeoutMs + MARGIN_MS)
    expect(seen?.servedMs).toBeGreaterThan(TIMES.timeoutMs - MINUTE_MS)
  })

  it('bounds the error window too', async () => {
    await put('failing')
    await begin('failing')
    await harness.redis.del(keysOf(harness, 'failing').lease)
    await win('failing')
    harness.advance(policy.leaseMs + 1)
    const seen = await read('failing')
    expect(seen?.servedMs).toBeLessThanOrEqual(TIMES.timeoutMs + MARGIN_MS)
  })

  it('leaves a shorter stale window as it is', async () => {
    await entries.write(at('short'), { ...value(), staleMs: MINUTE_MS })
    await begin('short')
    expect((await read('short'))?.servedMs).toBeLessThanOrEqual(MINUTE_MS)
  })

  it.each([
    ['a value without a stale window', { staleMs: 0, errorMs: 0 }],
    ['what is known to be absent', { isNegative: true, payload: Buffer.alloc(0) }],
  ])('ends %s', async (name, as) => {
    await entries.write(at(name), { ...value(), ...as })
    await begin(name)
    expect(await read(name)).toBeUndefined()
  })

  it('says its clock, the version that is there, and until when to send', async () => {
    const nothing = await writes.begin(at('says'), TIMES)
    expect(nothing).toMatchObject({ kind: 'begun', version: 0 })
    const stored = await put('says')
    const before = performance.now()
    const begun = await writes.begin(at('says'), TIMES)
    if (begun.kind !== 'begun' || !('version' in stored)) throw new Error('unlikely')
    expect(begun.version).toBe(stored.version)
    expect(begun.clk).toBeGreaterThan(stored.version)
    expect(begun.sendBefore).toBeGreaterThanOrEqual(before + TIMES.timeoutMs)
    expect(begun.sendBefore).toBeLessThanOrEqual(performance.now() + TIMES.timeoutMs)
  })

  it('is refused where its condition does not hold, or there is nothing to compare', async () => {
    const begins = (key: string, condition: object) =>
      writes.begin(at(key), { ...TIMES, condition })
    expect(await begins('conditional', { none: 'any' })).toEqual({ kind: 'miss' })
    expect(await harness.redis.exists(keysOf(harness, 'conditional').lease)).toBe(0)

    const stored = await put('conditional')
    const version = 'version' in stored ? stored.version : 0
    const refused = { kind: 'precondition-failed', version }
    expect(await begins('conditional', { none: 'any' })).toEqual(refused)
    expect(await begins('conditional', { match: [version + 1] })).toEqual(refused)
    expect((await read('conditional'))?.state).toBe('fresh')
    expect(await begins('conditional', { match: [version] })).toMatchObject({ kind: 'begun' })

    await entries.write(at('absent'), { ...value(''), isNegative: true })
    expect(await begins('absent', { match: 'any' })).toEqual({
      kind: 'precondition-failed',
      version: 0,
    })
    expect(await begins('absent', { none: 'any' })).toMatchObject({ kind: 'begun', version: 0 })
  })

  it('finds no value that nobody used for too long', async () => {
    await put('idle')
    harness.advance(2 * MINUTE_MS)
    const key = { ...at('idle'), policy: { ...policy, idleMs: MINUTE_MS } }
    const condition = { match: 'any' as const }
    expect(await writes.begin(key, { ...TIMES, condition })).toEqual({ kind: 'miss' })
  })

  it('announces itself where requests wait for a load', async () => {
    const heard = await listen('announced')
    await win('announced')
    await begin('announced')
    await until('the message', () => heard.length === 1)
    expect(heard).toEqual(['k'])
  })

  it('is forgotten by Redis when it may be', async () => {
    await begin('forgotten')
    const left = await harness.redis.pttl(keysOf(harness, 'forgotten').lease)
    expect(left).toBeLessThanOrEqual(LASTS_MS)
    expect(left).toBeGreaterThan(LASTS_MS - MINUTE_MS)
  })
})

describe('while a write is under way', () => {
  it('a load that began before is not stored, and a reader hears when to try again', async () => {
    const proof = await win('under-way')
    await begin('under-way')
    const lease = await ask('under-way')
    expect(lease).toMatchObject({ kind: 'held', isWritten: true })
    const { retryAfterMs } = lease as { retryAfterMs: number }
    expect(retryAfterMs).toBeLessThanOrEqual(LASTS_MS)
    expect(retryAfterMs).toBeGreaterThan(LASTS_MS - MINUTE_MS)
    expect(await fill('under-way', proof)).toBe('lease-lost')
    expect(await ask('under-way')).toMatchObject({ isWritten: true })
  })

  it.each([
    [
      'a soft invalidation',
      (key: string) => invalidation.keys(harness.namespace, SPACE, [key], 'soft'),
    ],
    [
      'a hard invalidation',
      (key: string) => invalidation.keys(harness.namespace, SPACE, [key], 'hard'),
    ],
    ['the end of its space', () => invalidation.all(harness.namespace, SPACE, 'hard')],
    ['a lost clock', async (key: string) => harness.redis.del(keysOf(harness, key).clock)],
  ])('no load begins after %s, until the write has had its time', async (name, change) => {
    await begin(name)
    await change(name)
    expect(await ask(name)).toMatchObject({ kind: 'held', isWritten: true })
    harness.advance(LASTS_MS + 1)
    const lease = await ask(name)
    if (lease.kind !== 'granted') throw new Error(lease.kind)
    expect(lease.ranOut).toBe(false)
    expect(await fill(name, lease.proof)).toBe('created')
  })

  it('a removal is announced, and the write is not stored', async () => {
    const heard = await listen('removed')
    await win('removed')
    const clk = await begin('removed')
    await invalidation.keys(harness.namespace, SPACE, ['removed'], 'hard')
    await until('two messages', () => heard.length === 2)
    expect(heard).toEqual(['k', 'k'])
    expect(await finish(at('removed'), clk, value())).toEqual({ kind: 'dropped' })
    expect(await harness.redis.exists(keysOf(harness, 'removed').lease)).toBe(0)
  })

  it('a touch does nothing', async () => {
    await put('touched')
    await begin('touched')
    expect(await entries.touch(at('touched'), HOUR_MS)).toMatchObject({ state: 'stale' })
    expect((await read('touched'))?.state).toBe('stale')
  })
})

describe('a write that the origin took', () => {
  it('is stored as it was given, under a new version', async () => {
    const clk = await begin('taken')
    const finished = await finish(at('taken'), clk, value())
    if (finished.kind !== 'stored') throw new Error(finished.kind)
    expect(finished.version).toBeGreaterThan(clk)
    const seen = await read('taken')
    expect(seen).toMatchObject({
      state: 'fresh',
      kind: 'bytes',
      version: finished.version,
      loadMs: 0,
      size: 7,
      contentType: 'text/plain',
      contentEncoding: 'br',
      tags: ['one', 'two'],
      payload: Buffer.from('written'),
    })
    for (const [left, whole] of [
      [seen?.ttlMs, policy.ttlMs],
      [seen?.servedMs, policy.ttlMs + policy.staleMs],
    ] as const) {
      expect(left).toBeLessThanOrEqual(whole)
      expect(left).toBeGreaterThan(whole - MINUTE_MS)
    }
    const keys = keysOf(harness, 'taken')
    expect(await harness.redis.exists(keys.lease)).toBe(0)
    expect(await harness.redis.pttl(keys.entry)).toBeGreaterThan(
      policy.ttlMs + policy.errorMs - MINUTE_MS,
    )
  })

  it('ends the counter that was there', async () => {
    await harness
      .request('post', '/v1/cache/users/counter/incr')
      .send({ ttlMs: HOUR_MS })
      .expect(200)
    await finish(at('counter'), await begin('counter'), value())
    expect(await harness.redis.exists(keysOf(harness, 'counter').values)).toBe(0)
    expect((await read('counter'))?.kind).toBe('bytes')
  })

  it('may be known to be absent', async () => {
    const clk = await begin('deleted')
    await finish(at('deleted'), clk, { ...value(''), isNegative: true })
    expect((await read('deleted'))?.state).toBe('negative')
  })

  it('is dropped where the origin keeps another form of it', async () => {
    await put('another-form')
    const finished = await finish(at('another-form'), await begin('another-form'), undefined)
    expect(finished).toEqual({ kind: 'dropped' })
    expect(await read('another-form')).toBeUndefined()
    expect(await fill('another-form', await win('another-form'))).toBe('created')
  })

  it('is dropped after the clock was lost', async () => {
    const clk = await begin('epoch')
    await harness.redis.del(keysOf(harness, 'epoch').clock)
    await put('epoch-again')
    expect(await finish(at('epoch'), clk, value())).toEqual({ kind: 'dropped' })
  })

  it('wakes the requests that wait, also where it is dropped', async () => {
    const heard = await listen('woken')
    for (const [i, stored] of [undefined, value()].entries()) {
      await win('woken')
      const clk = await begin('woken')
      await finish(at('woken'), clk, stored)
      await until('two messages', () => heard.length === 2 * i + 2)
    }
    expect(new Set(heard)).toEqual(new Set(['k']))
  })

  it('ticks also where it is dropped', async () => {
    const first = await begin('ticks')
    await finish(at('ticks'), first, undefined)
    const { clock } = keysOf(harness, 'ticks')
    const finishedAt = Number(await harness.redis.zscore(clock, 'clk'))
    expect(finishedAt).toBeGreaterThan(first)
  })
})

describe('a request with an idempotency key', () => {
  const idempotency = (key: string, fingerprint = 'a') => ({
    digest: `digest-of-${key}`,
    fingerprint,
    ttlMs: HOUR_MS,
  })
  const beginAs = (key: string, fingerprint?: string, condition?: object) =>
    writes.begin(at(key), { ...TIMES, idempotency: idempotency(key, fingerprint), condition })

  it.each([
    ['stored', value()],
    ['dropped', undefined],
  ])('is taken once, also where what it wrote is %s', async (kind, stored) => {
    const key = `once-${kind}`
    const begun = await beginAs(key)
    if (begun.kind !== 'begun') throw new Error(begun.kind)
    expect(begun.first).toBe(begun.clk)
    const taken = { value: stored, isCreated: kind === 'stored', idempotency: idempotency(key) }
    const finished = await writes.finish(at(key), begun.clk, taken)
    expect(finished.kind).toBe(kind)
    const version = finished.kind === 'stored' ? finished.version : 0
    const condition = { match: [1] }
    expect(await beginAs(key, 'a', condition)).toEqual({
      kind: kind === 'stored' ? 'created' : 'replaced',
      version,
    })
    expect(await sizeOf(key)).toBe(0)
    const { record = '' } = keysOf(harness, key, SPACE, idempotency(key))
    expect(await harness.redis.pttl(record)).toBeGreaterThan(HOUR_MS - MINUTE_MS)
  })

  it('begins again under its first clock while its outcome is not known', async () => {
    const first = await beginAs('again')
    const { record = '' } = keysOf(harness, 'again', SPACE, idempotency('again'))
    expect(await harness.redis.pttl(record)).toBeGreaterThan(HOUR_MS - MINUTE_MS)
    const second = await beginAs('again')
    const third = await beginAs('again')
    if (first.kind !== 'begun' || second.kind !== 'begun' || third.kind !== 'begun') {
      throw new Error('unlikely')
    }
    expect([second.first, third.first]).toEqual([first.clk, first.clk])
    expect(second.clk).toBeGreaterThan(first.clk)
  })

  it('is refused for another request', async () => {
    await beginAs('conflict')
    expect(await beginAs('conflict', 'b')).toEqual({ kind: 'conflict' })
    expect(await sizeOf('conflict')).toBe(ONE_NOTE)
  })
})

describe('of two writes', () => {
  it('neither is stored where they overlap, whichever ends first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const clks = [await begin('two'), await begin('two')]
      for (const i of order) {
        expect(await ask('two')).toMatchObject({ isWritten: true })
        expect(await finish(at('two'), clks[i] as number, value())).toEqual({
          kind: 'dropped',
        })
      }
      expect(await fill('two', await win('two'))).toBe('created')
    }
  })

  it('the later is stored once the earlier has had its time, whatever came meanwhile', async () => {
    await begin('died')
    await begin('died')
    await invalidation.keys(harness.namespace, SPACE, ['died'], 'soft')
    harness.advance(LASTS_MS + 1)
    const clk = await begin('died')
    expect(await finish(at('died'), clk, value())).toMatchObject({ kind: 'stored' })
    expect((await read('died'))?.state).toBe('fresh')
  })

  it('the key stays held as long as the longer of them', async () => {
    await begin('longer')
    await begin('longer', { timeoutMs: MINUTE_MS, applyWithinMs: MINUTE_MS })
    harness.advance(HOUR_MS)
    expect(await ask('longer')).toMatchObject({ isWritten: true })
    harness.advance(LASTS_MS)
    expect(await ask('longer')).toMatchObject({ kind: 'granted' })
  })
})

describe('a write that the origin refused', () => {
  it('leaves the value, stale, and wakes the requests that wait', async () => {
    await put('refused')
    const clk = await begin('refused')
    const heard = await listen('refused')
    expect(await writes.refused(at('refused'), clk)).toBe(true)
    await until('the message', () => heard.includes('w'))
    expect((await read('refused'))?.state).toBe('stale')
    expect(await fill('refused', await win('refused'))).toBe('replaced')
    expect(await writes.refused(at('refused'), clk)).toBe(false)
    expect((await read('refused'))?.state).toBe('fresh')
  })

  it('wakes no request while another write is under way', async () => {
    const heard = await listen('both-refused')
    await win('both-refused')
    const first = await begin('both-refused')
    const second = await begin('both-refused')
    await writes.refused(at('both-refused'), first)
    expect(await ask('both-refused')).toMatchObject({ isWritten: true })
    await writes.refused(at('both-refused'), second)
    await win('both-refused')
    await begin('both-refused')
    await until('the last message', () => heard.at(-2) === 'w')
    expect(heard).toEqual(['k', 'k', 'w', 'k'])
  })
})

describe('a write of unknown outcome', () => {
  it('drops the key, and holds it for as long as the origin may need', async () => {
    await put('unknown')
    const clk = await begin('unknown')
    harness.advance(HOUR_MS)
    await writes.unknown(at('unknown'), clk, TIMES.applyWithinMs)
    expect(await harness.redis.exists(keysOf(harness, 'unknown').entry)).toBe(0)
    harness.advance(TIMES.applyWithinMs - MINUTE_MS)
    expect(await ask('unknown')).toMatchObject({ isWritten: true })
    harness.advance(MINUTE_MS + 1)
    expect(await ask('unknown')).toMatchObject({ kind: 'granted' })
  })

  it('is announced', async () => {
    const heard = await listen('unknown-heard')
    await win('unknown-heard')
    await writes.unknown(at('unknown-heard'), await begin('unknown-heard'), HOUR_MS)
    await until('two messages', () => heard.length === 2)
    expect(heard).toEqual(['k', 'k'])
  })

  it('drops a counter too', async () => {
    await harness.request('post', '/v1/cache/users/lost-count/incr').expect(200)
    await writes.unknown(at('lost-count'), await begin('lost-count'), HOUR_MS)
    const { entry, values } = keysOf(harness, 'lost-count')
    expect(await harness.redis.exists(entry, values)).toBe(0)
  })

  it('lets no write be stored that began after its note had ended', async () => {
    const late = await begin('late')
    harness.advance(LASTS_MS + 1)
    const clk = await begin('late')
    await writes.unknown(at('late'), late, HOUR_MS)
    expect(await finish(at('late'), clk, value())).toEqual({ kind: 'dropped' })
    expect(await ask('late')).toMatchObject({ isWritten: true })
  })

  it('ticks', async () => {
    const clk = await begin('unknown-tick')
    await writes.unknown(at('unknown-tick'), clk, HOUR_MS)
    const { clock } = keysOf(harness, 'unknown-tick')
    expect(Number(await harness.redis.zscore(clock, 'clk'))).toBeGreaterThan(clk)
  })
})

describe('of more writes than are noted apart', () => {
  const NOTE_BYTES = 16
  const beginOne = async (key: string, lastsMs: number) => {
    const reply = await harness.binder.bind(beginScript)(keysOf(harness, key), {
      on_restart: partitions.onRestart(),
      space: SPACE,
      name: key,
      condition: '',
      idle_ms: 0,
      served_ms: 0,
      lasts_ms: lastsMs,
      max_notes: 2,
      fingerprint: '',
      record_ttl_ms: 0,
    })
    return reply.kind === 'begun' ? reply.clk : 0
  }
  it.each([
    ['first', [3 * HOUR_MS, HOUR_MS, HOUR_MS]],
    ['second', [HOUR_MS, 3 * HOUR_MS, HOUR_MS]],
  ])('the key is held as long as for the %s', async (name, times) => {
    const key = `many-${name}`
    const clks = []
    for (const lastsMs of times) clks.push(await beginOne(key, lastsMs))
    const two = await sizeOf(key)
    for (const clk of clks) {
      expect(await finish(at(key), clk, value())).toEqual({ kind: 'dropped' })
    }
    expect(await sizeOf(key)).toBe(two - NOTE_BYTES)
    harness.advance(2 * HOUR_MS)
    expect(await ask(key)).toMatchObject({ isWritten: true })
    harness.advance(HOUR_MS)
    expect(await ask(key)).toMatchObject({ kind: 'granted' })
  })

  it('one of unknown outcome takes no more room', async () => {
    const late = await beginOne('many-unknown', HOUR_MS)
    harness.advance(HOUR_MS)
    await beginOne('many-unknown', HOUR_MS)
    await beginOne('many-unknown', HOUR_MS)
    const two = await sizeOf('many-unknown')
    await harness.binder.bind(unknownScript)(keysOf(harness, 'many-unknown'), {
      on_restart: partitions.onRestart(),
      space: SPACE,
      name: 'many-unknown',
      clk: late,
      apply_within_ms: HOUR_MS,
      max_notes: 2,
    })
    expect(await sizeOf('many-unknown')).toBe(two)
  })
})
