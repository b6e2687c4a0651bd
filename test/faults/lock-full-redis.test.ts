import { EventEmitter } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AcquireOutcome, Granted } from '../../src/locks/leases/outcomes.js'
import type { LockStore } from '../../src/locks/store.js'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { newLockStore } from '../support/lock-store.js'
import { useRedis } from '../support/managed.js'
import { until } from '../support/until.js'

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))
let store: LockStore
let other: LockStore
let clockMs = 0

beforeAll(async () => {
  store = newLockStore(harness, () => clockMs)
  other = newLockStore(harness, () => clockMs)
})
afterAll(async () => {
  store.close()
  other.close()
})
beforeEach(() => full(false))

const full = (yes: boolean) => harness.redis.config('SET', 'maxmemory', yes ? '1' : '0')
const hold = async (name: string, options: object = {}) =>
  (await store.acquire('full', [name], { ttlMs: 60_000, ...options })) as Granted
const wait = (name: string, options: object = {}, at = store) =>
  at.acquire('full', [name], { ttlMs: 60_000, waitMs: 60_000, ...options })
const look = (name: string) => store.inspect('full', name, 9)
const queued = (name: string, length: number) =>
  until(`${length} wait`, async () => (await look(name)).queueLength === length)
const release = (name: string, { token }: Granted) => store.release('full', [name], token)

describe('OOM: a Redis that is full', () => {
  it('refuses a lease and a place in the queue, and changes nothing', async () => {
    const first = await hold('refused')
    await full(true)
    const error = { code: 'store-full' }
    await expect(hold('new')).rejects.toMatchObject(error)
    await expect(wait('refused')).rejects.toMatchObject(error)
    expect(await look('refused')).toMatchObject({ holderCount: 1, queueLength: 0 })
    expect(await release('refused', first)).toMatchObject({ kind: 'released' })
  })

  it('lets a holder renew, and hand over to a waiter of this or another instance', async () => {
    const first = await hold('handed')
    const here = wait('handed')
    await queued('handed', 1)
    const elsewhere = wait('handed', {}, other)
    await queued('handed', 2)
    await full(true)

    expect(await store.renew('full', ['handed'], first.token, 90_000)).toMatchObject({
      kind: 'renewed',
    })
    expect(await release('handed', first)).toMatchObject({ kind: 'released' })
    const second = (await here) as Granted
    expect(second).toMatchObject({ kind: 'granted' })
    await release('handed', second)
    expect(await elsewhere).toMatchObject({ kind: 'granted' })
  })

  it('lets a holder release its lease during its minimal hold', async () => {
    const first = await hold('minimal', { minHoldMs: 50_000 })
    await full(true)
    expect(await release('minimal', first)).toMatchObject({ kind: 'released' })
    expect(await look('minimal')).toMatchObject({ state: 'held', holders: [] })
  })

  it('answers a wrong token as usual', async () => {
    const first = await hold('stranger')
    await full(true)
    expect(await store.renew('full', ['stranger'], randomToken(), 0)).toMatchObject({
      kind: 'not-owner',
      lost: ['stranger'],
    })
    expect(await release('stranger', first)).toMatchObject({ kind: 'released' })
  })

  it('grants expired locks to their waiters', async () => {
    await hold('expired', { ttlMs: 120_000 })
    const waiting = wait('expired', { waitMs: 240_000 })
    await queued('expired', 1)
    await full(true)

    clockMs += 120_001

    expect(await waiting).toMatchObject({ kind: 'granted' })
  })

  it('removes waiters whose wait is over or whose client disconnected', async () => {
    await hold('leavers')
    const connection = Object.assign(new EventEmitter(), { destroyed: false })
    const gone = wait('leavers', { connection })
    const late = wait('leavers', { waitMs: 5_000 })
    await queued('leavers', 2)
    await full(true)

    connection.emit('close')

    expect(await gone).toEqual({ kind: 'gone' })
    expect(await late).toMatchObject({ kind: 'timeout' })
    expect(await look('leavers')).toMatchObject({ queueLength: 0 })
  })

  it('keeps the place and the lease of a keyed client that disconnected', async () => {
    const first = await hold('kept')
    const connection = Object.assign(new EventEmitter(), { destroyed: false })
    const idempotency = { digest: 'full', fingerprint: 'f', ttlMs: 600_000 }
    const cut = wait('kept', { connection, idempotency })
    await queued('kept', 1)
    await full(true)

    connection.emit('close')
    expect(await cut).toEqual({ kind: 'gone' })
    expect(await look('kept')).toMatchObject({ state: 'held', queueLength: 0 })
    const record = `ls:{full:${harness.lockTag('kept')}}:idempotency:full`
    expect(await harness.redis.get(record)).toContain('kept')
    await release('kept', first)

    await full(false)
    expect(await wait('kept', { idempotency })).toMatchObject({ kind: 'granted', replayed: true })
  })

  it('refuses an abandoned acquire that arrives late', async () => {
    const scripts = lockScripts(harness)
    const token = randomToken()
    await full(true)
    expect(await scripts.leave('late', token, 'abandon')).toMatchObject({ kind: 'nothing' })

    await full(false)
    expect(await scripts.acquire('late', { token })).toMatchObject({ kind: 'gone' })
  })

  it('keeps a session alive, and ends it with its leases', async () => {
    const opened = await store.sessions.open('full', { ttlMs: 60_000, prefix: 'sess' })
    const sessionId = (opened as { id: string }).id
    await hold('sess@a', { ttlMs: 0, sessionId, minHoldMs: 50_000 })
    await hold('sess@b', { ttlMs: 0, sessionId })
    const behind = wait('sess@b')
    await queued('sess@b', 1)
    const inSession = wait('sess@b', { ttlMs: 0, sessionId })
    await queued('sess@b', 2)
    await full(true)

    clockMs += 50_000
    expect(await store.sessions.keep('full', sessionId)).toMatchObject({ leaseCount: 3 })
    clockMs += 50_000
    expect(await look('sess@b')).toMatchObject({ state: 'held' })
    await expect(store.sessions.open('full', { ttlMs: 60_000, prefix: 'new' })).rejects.toThrow()

    // By the clock of Redis the wait of the queued request is over.
    expect(await store.sessions.end('full', sessionId)).toMatchObject({
      leaseCount: 2,
      released: 2,
    })
    expect(await behind).toMatchObject({ kind: 'granted' })
    expect(await inSession).toMatchObject({ kind: 'session-ended' })
    expect(await look('sess@a')).toMatchObject({ state: 'free' })
  })

  it('moves a lease to another stream, and releases it with that stream', async () => {
    const terms = { namespace: 'full', name: 'stream', ttlMs: 60_000 }
    const { token } = await hold('stream', { hold: store.holds.newId() })
    const behind = wait('stream')
    await queued('stream', 1)
    await full(true)

    const carried = { ...terms, token, hold: other.holds.newId() }
    expect(await other.holds.take(carried)).toMatchObject({ kind: 'renewed' })
    const silent = { renewed() {}, revokeRequested() {}, lost() {}, detached() {} }
    expect(await other.holds.open(carried, silent, 60_000).close()).toMatchObject({
      kind: 'released',
    })
    expect(await behind).toMatchObject({ kind: 'granted' })
  })

  it('refuses to watch, and changes nothing', async () => {
    await full(true)
    const deaf = { onBegin() {}, onEvent() {}, isBehind: () => false }
    await expect(store.watch('full', 'watched', '', deaf)).rejects.toMatchObject({
      code: 'store-full',
    })
    expect(await harness.redis.exists(`ls:{full:${harness.lockTag('watched')}}:lock:watched`)).toBe(
      0,
    )
  })

  it('restores lost waiters', async () => {
    await hold('forgotten')
    const waiting = wait('forgotten')
    await queued('forgotten', 1)
    await full(true)
    const part = (name: string) => `ls:{full:${harness.lockTag('forgotten')}}:${name}:forgotten`

    await harness.redis.del(part('lock'), part('queue'), part('waiters'))

    expect(await waiting).toMatchObject({ kind: 'granted' })
  })

  it('lets an administrator revoke, and refuses a new capacity', async () => {
    const first = await hold('revoked')
    await full(true)
    expect(await store.revoke('full', 'revoked', { reason: 'move', graceMs: 30_000 })).toEqual({
      revoked: 0,
      asked: 1,
    })
    expect(await store.renew('full', ['revoked'], first.token, 60_000)).toMatchObject({
      revoke: { reason: 'move' },
    })
    expect(await store.revoke('full', 'revoked', { reason: 'now', graceMs: 0 })).toEqual({
      revoked: 1,
      asked: 0,
    })
    expect(await look('revoked')).toMatchObject({ state: 'free' })
    await expect(store.resize('full', 'sized', 3, 0)).rejects.toMatchObject({ code: 'store-full' })
  })
})

describe('NOSCRIPT: a Redis that lost every script', () => {
  it('loads them again, and no caller notices', async () => {
    const first = await hold('taught')
    const waiting: Promise<AcquireOutcome> = wait('taught', {}, other)
    await queued('taught', 1)
    await harness.redis.script('FLUSH')
    expect(await store.renew('full', ['taught'], first.token, 60_000)).toMatchObject({
      kind: 'renewed',
    })
    await harness.redis.script('FLUSH')
    expect(await release('taught', first)).toMatchObject({ kind: 'released' })
    await harness.redis.script('FLUSH')
    expect(await waiting).toMatchObject({ kind: 'granted' })
  })
})
