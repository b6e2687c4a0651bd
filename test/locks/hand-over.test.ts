import { EventEmitter } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { grantChannel } from '../../src/locks/keys.js'
import type { AcquireOutcome, Granted } from '../../src/locks/leases/outcomes.js'
import { acquireScript } from '../../src/locks/leases/scripts.js'
import type { LockStore } from '../../src/locks/store.js'
import type { PubSub } from '../../src/redis/pub-sub.js'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'

const harness = useHarness()
let store: LockStore
let clockMs = 0
/** Every script that `store` ran, in order. */
let ran: string[] = []

beforeAll(async () => {
  store = newStore((script) => ran.push(script))
})
afterAll(async () => {
  store.close()
})
afterEach(() => {
  ran = []
})

/** A store that receives no messages, only answers. */
function newStore(onRun: (script: string) => void = () => undefined): LockStore {
  const pubSub: PubSub = { ...harness.connections.pubSub, subscribe: async () => () => undefined }
  const connections = { ...harness.connections, pubSub }
  return newLockStore({ connection: harness.connection, connections }, () => clockMs, onRun)
}

const key = (part: string, name: string) =>
  `ls:{${harness.namespace}:${harness.lockTag(name)}}:${part}:${name}`
const hold = async (name: string, options: object = {}) =>
  (await store.acquire(harness.namespace, [name], { ttlMs: 60_000, ...options })) as Granted
const wait = (names: readonly string[], options: object = {}) =>
  store.acquire(harness.namespace, names, { ttlMs: 60_000, waitMs: 60_000, ...options })
const release = (name: string, { token }: Granted, at = store) =>
  at.release(harness.namespace, [name], token)
const look = (name: string) => store.inspect(harness.namespace, name, 9)
const queued = (name: string, length: number) =>
  until(`${length} wait`, async () => (await look(name)).queueLength === length)

describe('a lease that is released at the instance of the next waiter', () => {
  it('is handed over with the answer: no message, no claim', async () => {
    const first = await hold('home')
    const waiting = wait(['home'])
    await queued('home', 1)

    await release('home', first)

    expect(await waiting).toMatchObject({ kind: 'granted', holdCount: 1, replayed: false })
    expect(ran).not.toContain('locks.claim')
    // The lease has its whole TTL, like any other.
    const { fences, token } = (await waiting) as Granted
    const [holder] = (await look('home')).holders
    expect(holder).toMatchObject({ fence: fences[0] })
    expect(holder?.leftMs).toBeGreaterThan(50_000)
    expect(await store.release(harness.namespace, ['home'], token)).toMatchObject({
      kind: 'released',
    })
  })

  it('goes to all readers at once, while the writer behind them waits', async () => {
    const first = await hold('readers')
    const readers = [1, 2, 3].map(() => wait(['readers'], { mode: 'shared' }))
    await queued('readers', 3)
    const writer = wait(['readers'], { mode: 'exclusive' })
    await queued('readers', 4)

    await release('readers', first)

    const read = (await Promise.all(readers)) as Granted[]
    expect(read.map(({ mode }) => mode)).toEqual(['shared', 'shared', 'shared'])
    expect(await look('readers')).toMatchObject({ holderCount: 3, queueLength: 1 })
    for (const one of read) await release('readers', one)
    expect(await writer).toMatchObject({ kind: 'granted', mode: 'exclusive' })
    expect(ran).not.toContain('locks.claim')
  })

  it('goes to a set with the fences of all its names', async () => {
    const [one, other] = [await hold('set@a'), await hold('set@b')]
    const set = wait(['set@a', 'set@b'])
    await queued('set@b', 1)
    await release('set@a', one)
    await release('set@b', other)

    const { fences, token } = (await set) as Granted

    expect((await look('set@a')).holders).toMatchObject([{ fence: fences[0] }])
    expect((await look('set@b')).holders).toMatchObject([{ fence: fences[1] }])
    expect(ran).not.toContain('locks.claim')
    const done = await store.release(harness.namespace, ['set@a', 'set@b'], token)
    expect(done).toMatchObject({ kind: 'released', fences })
  })

  it('is joined by a re-entry that waited behind it', async () => {
    const first = await hold('join')
    const owner = { owner: 'o', reentrant: true }
    const [one, two] = [wait(['join'], owner), wait(['join'], owner)]
    await queued('join', 2)

    await release('join', first)

    const leases = (await Promise.all([one, two])) as Granted[]
    expect(leases.map(({ holdCount }) => holdCount)).toEqual([2, 2])
    expect(new Set(leases.map(({ fences }) => fences[0])).size).toBe(1)
    expect(ran).not.toContain('locks.claim')
  })

  it('is bounded by maxHoldMs from that moment on', async () => {
    const first = await hold('bounded')
    const waiting = wait(['bounded'], { maxHoldMs: 40_000 })
    await queued('bounded', 1)
    clockMs += 30_000
    await release('bounded', first)
    expect(((await waiting) as Granted).expiresInMs).toBeGreaterThan(30_000)
    expect(((await waiting) as Granted).expiresInMs).toBeLessThanOrEqual(40_000)
    expect(((await waiting) as Granted).waitedMs).toBeGreaterThanOrEqual(30_000)
  })
})

describe('a lease that is released at another instance', () => {
  it('is provisional until the instance of its waiter claims it', async () => {
    const other = newStore()
    const first = await hold('away')
    const waiting = wait(['away'])
    await queued('away', 1)

    const releaseAndLook = (held: Granted) =>
      Promise.all([release('away', held, other), look('away')])
    // Redis runs calls of one turn in their order when it knows their scripts.
    await releaseAndLook({ ...first, token: randomToken() })
    // In one turn, so that Redis looks before the heartbeat of its waiter.
    const [, provisional] = await releaseAndLook(first)

    expect(provisional.holders[0]?.leftMs).toBeLessThanOrEqual(2_000)
    // The heartbeat finds the grant, because no message arrives.
    expect(await waiting).toMatchObject({ kind: 'granted' })
    expect(ran).toContain('locks.claim')
    other.close()
  })
})

describe('a lease that is granted to a waiter of another instance', () => {
  it('is announced to it', async () => {
    const scripts = lockScripts(harness)
    const instance = randomToken()
    const first = await scripts.acquire('announced')
    const { token } = await scripts.acquire('announced', { instance, waitMs: 60_000 })
    const heard: string[] = []
    const hear = (message: string) => void heard.push(message)
    const { pubSub } = harness.connections
    await pubSub.subscribe(grantChannel(instance), hear)
    onTestFinished(() => pubSub.unsubscribe(grantChannel(instance), hear))

    await scripts.release('announced', first.token)

    await until('the message is heard', () => heard.includes(token))
  })
})

describe('a disconnect at the moment of the grant', () => {
  const newConnection = () => Object.assign(new EventEmitter(), { destroyed: false })

  it('releases the lease', async () => {
    const first = await hold('instant')
    const connection = newConnection()
    const waiting = wait(['instant'], { connection })
    await queued('instant', 1)
    const released = release('instant', first)
    // The connection is gone when the answer arrives; no event reports it.
    connection.destroyed = true
    await released

    expect(await waiting).toEqual({ kind: 'gone' })
    expect(await look('instant')).toMatchObject({ state: 'free', holderCount: 0 })
  })

  it('is noticed after the lease was handed over, and releases it', async () => {
    const first = await hold('close')
    const connection = newConnection()
    const waiting = wait(['close'], { connection })
    await queued('close', 1)
    const released = release('close', first)
    // The event wakes the waiter first; the lease arrives second.
    connection.emit('close')
    await released

    expect(await waiting).toEqual({ kind: 'gone' })
    await until('a free lock', async () => (await look('close')).state === 'free')
  })

  it('leaves the lease to a repeat with the same key for ten seconds, and no longer', async () => {
    const idempotency = { digest: 'instant', fingerprint: 'f', ttlMs: 600_000 }
    const cut = async (): Promise<void> => {
      const first = await hold('keyed')
      const connection = newConnection()
      const waiting = wait(['keyed'], { connection, idempotency })
      await queued('keyed', 1)
      const released = release('keyed', first)
      connection.destroyed = true
      await released
      expect(await waiting).toEqual({ kind: 'gone' })
    }
    await cut()
    const repeat = (await wait(['keyed'], { idempotency })) as Granted
    expect(repeat).toMatchObject({ kind: 'granted', replayed: true })
    expect(repeat.expiresInMs).toBeGreaterThan(50_000)
    await release('keyed', repeat)

    idempotency.digest = 'later'
    await cut()
    clockMs += 10_001
    expect(await look('keyed')).toMatchObject({ state: 'free' })
  })
})

describe('a place whose request is gone', () => {
  /** A place whose answer was lost, or whose client disconnected while Redis was unreachable. */
  async function forgotten(name: string, options: object = {}): Promise<string> {
    const real = wait([name])
    await queued(name, 1)
    const [token = ''] = await harness.redis.zrange(key('queue', name), '0', '0')
    const record = await harness.redis.hgetBuffer(key('waiters', name), token)
    const [, instance = ''] = /instance\xb6([\w-]{22})/.exec(record?.toString('latin1') ?? '') ?? []
    const ghost = randomToken()
    await harness.binder.bind(acquireScript)(
      { lock: [key('lock', name)] },
      {
        token: ghost,
        ttl_ms: 60_000,
        wait_ms: 60_000,
        options: JSON.stringify({ instance, ttl_ms: 60_000, ...options }),
        floor: 0,
        ended_ttl_ms: 60_000,
      },
    )
    await queued(name, 2)
    await store.revoke(harness.namespace, name, { reason: 'test', graceMs: 0 })
    await release(name, (await real) as Granted)
    return ghost
  }

  it('does not block the lock for a lease length', async () => {
    await hold('ghost')
    await forgotten('ghost')
    await until('a free lock', async () => (await look('ghost')).state === 'free')
  })

  it('is kept for the repeat of a request with a key', async () => {
    const idempotency = { digest: 'ghost', fingerprint: 'f', ttlMs: 600_000 }
    const options = { digest: 'ghost', fingerprint: 'f', record_ttl_ms: 600_000 }
    await hold('keyed-ghost')
    const token = await forgotten('keyed-ghost', options)
    const kept = async () => Number((await look('keyed-ghost')).holders[0]?.leftMs) <= 10_000
    await until('a place that is kept', kept)

    const repeat = (await wait(['keyed-ghost'], { idempotency })) as Granted

    expect(repeat).toMatchObject({ token, replayed: true })
    expect(repeat.expiresInMs).toBeGreaterThan(50_000)
  })
})

describe('a message about a lease', () => {
  it('that comes too early, or twice, changes nothing', async () => {
    const listening = newLockStore(harness, () => clockMs)
    const ns = harness.namespace
    const first = (await listening.acquire(ns, ['early'], { ttlMs: 60_000 })) as Granted
    let answers = 0
    const waiting = listening
      .acquire(ns, ['early'], { ttlMs: 60_000, waitMs: 60_000 })
      .then((outcome: AcquireOutcome) => {
        answers++
        return outcome as Granted
      })
    await queued('early', 1)
    const [token = ''] = await harness.redis.zrange(key('queue', 'early'), '0', '0')
    const record = await harness.redis.hgetBuffer(key('waiters', 'early'), token)
    const [, instance = ''] = /instance\xb6([\w-]{22})/.exec(record?.toString('latin1') ?? '') ?? []
    const announce = () => harness.redis.publish(grantChannel(instance), token)

    await until('the message is heard', async () => (await announce()) === 1)
    expect((await look('early')).queueLength).toBe(1)
    expect(answers).toBe(0)
    const released = listening.release(ns, ['early'], first.token)
    await announce()
    await released
    await announce()

    const { fences } = await waiting
    expect(await look('early')).toMatchObject({ holderCount: 1, holders: [{ fence: fences[0] }] })
    listening.close()
  })

  it('that it can never be granted arrives before the next heartbeat', async () => {
    const heard: string[] = []
    const listening = newLockStore(
      harness,
      () => clockMs,
      (script) => heard.push(script),
    )
    const [ns, names] = [harness.namespace, ['shrinks']]
    await listening.resize(ns, 'shrinks', 3, 0)
    await listening.acquire(ns, names, { ttlMs: 60_000, permits: 3 })
    const terms = { ttlMs: 60_000, waitMs: 60_000, permits: 3 }
    const waiting = listening.acquire(ns, names, terms)
    await queued('shrinks', 1)

    await listening.resize(ns, 'shrinks', 2, 0)

    expect(await waiting).toMatchObject({ kind: 'unsatisfiable' })
    // A message makes the waiter claim first; a heartbeat alone would restore it.
    expect(heard).toContain('locks.claim')
    listening.close()
  })
})
