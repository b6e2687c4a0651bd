import { EventEmitter } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lockKey, timersKey } from '../../src/locks/keys.js'
import { toRecord } from '../../src/locks/leases/acquire.js'
import type { AcquireOutcome } from '../../src/locks/leases/outcomes.js'
import { acquireScript } from '../../src/locks/leases/scripts.js'
import { sweepScript } from '../../src/locks/queue/scripts.js'
import { sessionKey, sessionTag } from '../../src/locks/sessions/keys.js'
import { endSessionScript } from '../../src/locks/sessions/scripts.js'
import type { LockStore } from '../../src/locks/store.js'
import { type Binder, createBinder } from '../../src/redis/binder.js'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { until } from '../support/until.js'
import { type Attempt, LockModel, type Reply, type Session, type Wanted } from './model.js'

/** LOCKSTEP_MODEL_RUNS=2000 for a long run; LOCKSTEP_MODEL_SHRINK=true shrinks a failure. */
const RUNS = Number(process.env.LOCKSTEP_MODEL_RUNS ?? 400)
const SHRINK = process.env.LOCKSTEP_MODEL_SHRINK === 'true'
const STEPS = 30
/** A step of the model, in ms: the shortest deadline is farther away than a test may take. */
const UNIT_MS = 120_000
/** The service keeps the place of a disconnected client for 10 s of its clock. */
const SURELY_KEPT_MS = 5_000
/** The wait of a request whose instance died, in steps of the model. */
const ORPHAN_WAIT = 15
/** Writes only to a lock that exists: a sweep may have removed it. */
const WRITTEN_NOW = `if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'written_at', ARGV[1])
end`
const COMMON = { floor: 0, ended_ttl_ms: 600_000 }

const harness = useHarness()
let stores: readonly [LockStore, LockStore]
/** Runs the last calls of an instance that dies. */
let binder: Binder
let clockMs = 0

beforeAll(async () => {
  stores = [newLockStore(harness, () => clockMs), newLockStore(harness, () => clockMs)]
  binder = createBinder({
    connection: harness.connection,
    observer: { batch() {}, failure() {} },
    clockOffsetUs: () => clockMs * 1_000,
  })
})
afterAll(async () => {
  for (const store of stores) store.close()
})

const PAIRS = [
  ['a@m', 'b@m'],
  ['b@m', 'a@m'],
  ['a@m', 'c@m'],
  ['c@m', 'b@m', 'a@m'],
]
const NAMES = ['a@m', 'b@m', 'c@m']

const common = {
  ttl: fc.constantFrom(5, 15, 25),
  priority: fc.constantFrom(0, 0, 0, 1, -1),
  minHold: fc.constantFrom(0, 0, 0, 5),
  maxHold: fc.constantFrom(undefined, undefined, 15),
  wait: fc.constantFrom(true, true, false),
  keyed: fc.boolean(),
  endless: fc.boolean(),
}
const none = { permits: fc.constant(undefined), capacity: fc.constant(undefined) }
const plain = fc.record({
  ...common,
  ...none,
  names: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('a@m', 'a@m', 'b@m', 'c@m').map((name) => [name]) },
    { weight: 1, arbitrary: fc.constantFrom(...PAIRS) },
  ),
  mode: fc.constantFrom('exclusive' as const, 'shared' as const),
  owner: fc.constant(undefined),
  reentrant: fc.constant(false),
  lockDelay: fc.constantFrom(0, 0, 10),
})
const owned = fc.record({
  ...common,
  ...none,
  names: fc.constantFrom('a@m', 'b@m').map((name) => [name]),
  mode: fc.constantFrom('exclusive' as const, 'shared' as const, 'shared' as const),
  owner: fc.constantFrom('x', 'y'),
  reentrant: fc.boolean(),
  lockDelay: fc.constant(0),
})
const weighted = fc.record({
  ...common,
  names: fc.constantFrom('c@m', 'c@m', 'b@m').map((name) => [name]),
  mode: fc.constant('exclusive' as const),
  permits: fc.constantFrom(1, 1, 2, 3, 4),
  capacity: fc.constantFrom(3, 3, 3, 2),
  owner: fc.constant(undefined),
  reentrant: fc.constant(false),
  lockDelay: fc.constantFrom(0, 10),
})

const at = fc.nat({ max: 1_000 })
const instance = fc.constantFrom(0 as const, 1 as const)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      wanted: fc.oneof(plain, owned, weighted) as fc.Arbitrary<Wanted>,
      // Index of an opened session; undefined for none.
      session: fc.constantFrom(undefined, undefined, 0, 1),
      instance,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('orphan' as const),
      wanted: fc.oneof(plain, owned, weighted) as fc.Arbitrary<Wanted>,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('repeat' as const), at, instance }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('renew' as const),
      at,
      ttl: fc.constantFrom(5, 15, 25),
      instance,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const), at, instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('resize' as const),
      name: fc.constantFrom(...NAMES),
      capacity: fc.constantFrom(0, 1, 2, 3, 5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('revoke' as const), name: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('open' as const), ttl: fc.constantFrom(15, 25) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('keep' as const), at, instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), at, instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('half-end' as const), at }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('back' as const), by: fc.constantFrom(10, 100, 3_600) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('advance' as const), by: fc.constantFrom(10, 20, 100) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class Client extends EventEmitter {
  destroyed = false
  answer: AcquireOutcome | undefined
  error: unknown
  leave(): void {
    this.destroyed = true
    this.emit('close')
  }
}

/** The service and its model, side by side. */
class Run {
  static #runs = 0
  readonly #prefix = `${Run.#runs++}`
  readonly #model = new LockModel(NAMES)
  readonly #attempts: Attempt[] = []
  #next = 0
  readonly #clients = new Map<Attempt, Client>()
  readonly #tokens = new Map<Attempt, string>()
  readonly #highest = new Map<string, number>()
  readonly #fences = new Map<Attempt, readonly number[]>()
  /** Session ids, in the order in which the sessions were opened. */
  readonly #sessions = new Map<Session, string>()

  /** All names share a prefix, which keeps them in one slot on a Cluster. */
  #named(names: readonly string[]): string[] {
    return names.map((name) => `${this.#prefix}@${name}`)
  }

  async take(one: Step): Promise<void> {
    switch (one.do) {
      case 'acquire':
        await this.#acquire(one.wanted, one.session, stores[one.instance])
        break
      case 'orphan':
        await this.#orphan(one.wanted)
        break
      case 'repeat':
        await this.#repeat(one.at, stores[one.instance])
        break
      case 'renew':
        await this.#renew(one.at, one.ttl, stores[one.instance])
        break
      case 'release':
        await this.#release(one.at, stores[one.instance])
        break
      case 'leave':
        await this.#leave(one.at)
        break
      case 'resize': {
        const expected = this.#model.resize(one.name, one.capacity)
        const [name] = this.#named([one.name]) as [string]
        expect(await this.#resize(name, one.capacity)).toBe(expected.kind)
        break
      }
      case 'revoke': {
        this.#model.revoke(one.name)
        const [name] = this.#named([one.name]) as [string]
        await stores[0].revoke(harness.namespace, name, { reason: 'model', graceMs: 0 })
        break
      }
      case 'open':
        await this.#open(one.ttl)
        break
      case 'keep':
        await this.#keep(one.at, stores[one.instance])
        break
      case 'end':
        await this.#end(one.at, stores[one.instance])
        break
      case 'half-end':
        await this.#endHalf(one.at)
        break
      case 'back':
        await this.#stepBack(one.by)
        break
      case 'advance':
        this.#model.advance(one.by)
        clockMs += one.by * UNIT_MS
    }
    await this.#settle()
    await this.#compare()
  }

  async #stepBack(by: number): Promise<void> {
    await this.#untilExpiriesAreSeen()
    const [seconds, micros] = (await harness.redis.time()) as [number, number]
    const nowUs = Number(seconds) * 1_000_000 + Number(micros) + clockMs * 1_000
    for (const name of this.#named(NAMES)) {
      const key = lockKey(harness.namespace, harness.lockTag(name), name)
      await harness.redis.eval(WRITTEN_NOW, 1, key, nowUs)
    }
    this.#model.stepBack(by, this.#sessions.keys(), this.#attempts)
    clockMs -= by * UNIT_MS
    // A renewal of a lock settles the sessions that hold it; sessions without a lock get none.
    for (const name of this.#named(NAMES)) {
      await stores[0].renew(harness.namespace, [name], randomToken(), 1_000)
    }
    for (const [{ ttl, ended, end }, id] of this.#sessions) {
      const key = sessionKey(harness.namespace, id)
      const latest = nowUs + (ttl - by) * UNIT_MS * 1_000
      const until = Number(await harness.redis.hget(key, 'until'))
      if (!ended && end > this.#model.now && until > latest) {
        await harness.redis.hset(key, 'until', latest)
        await harness.redis.zadd(timersKey(harness.namespace, sessionTag(id)), latest, `{${id}`)
      }
    }
  }

  /** Sweeps until expired sessions are recorded as expired; without the record one may live again. */
  async #untilExpiriesAreSeen(): Promise<void> {
    const sweep = binder.bind(sweepScript)
    for (const [{ ended, end }, id] of this.#sessions) {
      if (ended || end > this.#model.now) continue
      await until('a session that is seen to be over', async () => {
        const timers = timersKey(harness.namespace, sessionTag(id))
        await sweep({ timers }, { max_locks: 32, ...COMMON })
        return harness.redis.hexists(sessionKey(harness.namespace, id), 'how')
      })
    }
  }

  async end(): Promise<void> {
    for (const client of this.#clients.values()) if (!client.answer) client.leave()
    for (const name of this.#named(NAMES)) {
      await stores[0].removeCapacity(harness.namespace, name)
      // After a step back of the clock, the sweep of a lock without requests comes too late.
      await stores[0].renew(harness.namespace, [name], randomToken(), 1_000)
    }
    clockMs += 120 * UNIT_MS
  }

  /** @param capacity 0 removes the stored one */
  async #resize(name: string, capacity: number): Promise<string> {
    const { namespace } = harness
    const done =
      capacity === 0
        ? await stores[0].removeCapacity(namespace, name)
        : await stores[0].resize(namespace, name, capacity, 0)
    return done.kind
  }

  async #open(ttl: number): Promise<void> {
    const options = { ttlMs: ttl * UNIT_MS, prefix: this.#prefix }
    const opened = await stores[0].sessions.open(harness.namespace, options)
    if (opened.kind !== 'opened') throw new Error(`a session was ${opened.kind}`)
    this.#sessions.set(this.#model.openSession(ttl), opened.id)
  }

  async #keep(at: number, store: LockStore): Promise<void> {
    const [session, id] = [...this.#sessions][at % this.#sessions.size] ?? []
    if (!session || id === undefined) return
    const lives = this.#model.keepSession(session)
    expect((await store.sessions.keep(harness.namespace, id)) !== undefined).toBe(lives)
  }

  async #end(at: number, store: LockStore): Promise<void> {
    const [session, id] = [...this.#sessions][at % this.#sessions.size] ?? []
    if (!session || id === undefined) return
    const expected = this.#model.endSession(session)
    const ended = await store.sessions.end(harness.namespace, id)
    const kind = ended ? (ended.replayed ? 'replayed' : 'ended') : 'session-ended'
    expect(kind).toBe(expected)
  }

  /** Ends a session from an instance that dies after the first slice. */
  async #endHalf(at: number): Promise<void> {
    const [session, id] = [...this.#sessions][at % this.#sessions.size] ?? []
    if (!session || id === undefined) return
    const expected = this.#model.endSession(session)
    const { kind } = await binder.bind(endSessionScript)(
      { session: sessionKey(harness.namespace, id) },
      { id, max_leases: 1, ...COMMON },
    )
    expect(kind).toBe(expected)
  }

  /** Sends a request from an instance that dies once the request is queued. */
  async #orphan(terms: Wanted): Promise<void> {
    const wanted = { ...terms, wait: true }
    const id = this.#next++
    const attempt: Attempt = { id, wanted, session: undefined, kept: undefined, goneAt: undefined }
    this.#attempts.push(attempt)
    const expected = this.#model.orphan(attempt, ORPHAN_WAIT)
    const names = this.#named(wanted.names)
    const tag = harness.lockTag(names[0] as string)
    const instance = `gone-${this.#prefix}-${id}`
    const options = toOptions(attempt, `${this.#prefix}-${id}`)
    const reply = await binder.bind(acquireScript)(
      { lock: names.map((name) => lockKey(harness.namespace, tag, name)) },
      {
        token: randomToken(),
        ttl_ms: options.ttlMs,
        wait_ms: ORPHAN_WAIT * UNIT_MS,
        options: toRecord(options, instance),
        ...COMMON,
      },
    )
    expect(reply.kind).toBe(expected.kind)
    if ('fences' in reply) {
      const { token, fences } = reply
      this.#took(attempt, {
        ...reply,
        kind: 'granted',
        token,
        fences,
        expiresInMs: 0,
        replayed: false,
      })
    }
    await harness.redis.zadd(`ls:{${harness.namespace}:${tag}}:suspects`, 1, instance)
    // The renewal sweeps locks without a live head.
    await stores[0].renew(harness.namespace, names, randomToken(), 1_000)
  }

  async #acquire(wanted: Wanted, nth: number | undefined, store: LockStore): Promise<void> {
    const session = nth === undefined ? undefined : [...this.#sessions.keys()].at(-1 - nth)
    const id = this.#next++
    const attempt: Attempt = { id, wanted, session, kept: undefined, goneAt: undefined }
    this.#attempts.push(attempt)
    await this.#ask(attempt, this.#model.acquire(attempt), store)
  }

  async #ask(attempt: Attempt, expected: Reply, store: LockStore): Promise<void> {
    const client = new Client()
    const asked = store.acquire(harness.namespace, this.#named(attempt.wanted.names), {
      ...toOptions(attempt, `${this.#prefix}-${this.#keyOf(attempt)}`),
      sessionId: attempt.session && this.#sessions.get(attempt.session),
      connection: client,
    })
    asked.then(
      (answer) => (client.answer = answer),
      (error) => (client.error = error),
    )
    if (expected.kind === 'queued') {
      this.#clients.set(attempt, client)
      await this.#untilStands(attempt, client)
      return
    }
    const answer = await asked
    expect(answer).toMatchObject(expected)
    this.#took(attempt, answer)
  }

  /** Waits until the request has a place in the queue, for an instance that lives. */
  async #untilStands(attempt: Attempt, client: Client): Promise<void> {
    await until('a place in the queue', async () => {
      if (client.error) throw client.error
      if (client.answer) return true
      const tag = harness.lockTag(this.#named(attempt.wanted.names)[0] as string)
      const waiters = await harness.redis.hvals(
        `ls:{${harness.namespace}:${tag}}:waiters:${this.#named(attempt.wanted.names)[0]}`,
      )
      const live = waiters.filter((waiter) => !waiter.includes('gone-')).length
      const lock = this.#model.locks.get(attempt.wanted.names[0] as string)
      return live >= (lock?.queue.filter(({ goneAt }) => goneAt === undefined).length ?? 0)
    })
    expect(client.answer).toBeUndefined()
  }

  #keyOf(attempt: Attempt): number {
    return this.#keys.get(attempt) ?? attempt.id
  }
  readonly #keys = new Map<Attempt, number>()

  async #repeat(at: number, store: LockStore): Promise<void> {
    const known = this.#attempts.filter(
      (attempt) =>
        attempt.wanted.keyed && !this.#isAttended(attempt) && !this.#mayLoseItsPlace(attempt),
    )
    const kept = known.filter((one) => one.kept !== undefined)
    const some = at % 2 === 0 && kept.length > 0 ? kept : known
    const attempt = some[at % some.length]
    if (!attempt) return
    const expected = this.#model.repeat(attempt)
    if (expected) return this.#ask(attempt, expected, store)
    const fresh: Attempt = { ...attempt, id: this.#next++, kept: undefined, goneAt: undefined }
    // The key belongs to the fresh attempt from now on.
    this.#keys.set(fresh, this.#keyOf(attempt))
    this.#attempts.splice(this.#attempts.indexOf(attempt), 1, fresh)
    await this.#ask(fresh, this.#model.acquire(fresh), store)
  }

  #isAttended(attempt: Attempt): boolean {
    return this.#clients.has(attempt)
  }

  /** Whether it has a kept place that may be over on a slow machine, and is not in the model. */
  #mayLoseItsPlace(attempt: Attempt): boolean {
    if (attempt.kept === undefined || attempt.kept <= this.#model.now) return false
    return performance.now() - (this.#left.get(attempt) ?? 0) > SURELY_KEPT_MS
  }
  readonly #left = new Map<Attempt, number>()

  #pick(at: number): [Attempt, string] | undefined {
    const held = [...this.#tokens]
    return held[at % held.length]
  }

  async #renew(at: number, ttl: number, store: LockStore): Promise<void> {
    const [attempt, token] = this.#pick(at) ?? []
    if (!attempt || token === undefined) return
    const expected = this.#model.renew(attempt, ttl)
    const names = this.#named(attempt.wanted.names)
    const answer = await store.renew(harness.namespace, names, token, ttl * UNIT_MS)
    expect(answer.kind === 'ended' ? answer.how : answer.kind).toBe(expected.kind)
    if (answer.kind !== 'renewed' || expected.left === undefined) return
    expect(answer.expiresInMs).toBeLessThanOrEqual(expected.left * UNIT_MS)
    expect(answer.expiresInMs).toBeGreaterThan((expected.left - 5) * UNIT_MS)
    expect(answer.fences).toEqual(this.#fences.get(attempt))
  }

  async #release(at: number, store: LockStore): Promise<void> {
    const [attempt, token] = this.#pick(at) ?? []
    if (!attempt || token === undefined) return
    const expected = this.#model.release(attempt)
    const names = this.#named(attempt.wanted.names)
    const answer = await store.release(harness.namespace, names, token)
    const kind = answer.kind === 'ended' ? answer.how : answer.kind
    expect(kind).toBe(expected.kind)
  }

  async #leave(at: number): Promise<void> {
    const waiting = [...this.#clients]
    const [attempt, client] = waiting[at % waiting.length] ?? []
    if (!attempt || !client) return
    this.#clients.delete(attempt)
    this.#left.set(attempt, performance.now())
    client.leave()
    await until('the end of a request', () => client.answer)
    expect(client.answer?.kind).toBe('gone')
    this.#model.leave(attempt)
  }

  /** Expects answers to exactly those requests that the model answers. */
  async #settle(): Promise<void> {
    for (const { attempt, kind } of this.#model.answers.splice(0)) {
      const client = this.#clients.get(attempt) as Client
      this.#clients.delete(attempt)
      await until(`${kind} for attempt ${attempt.id}`, () => {
        if (client.error) throw client.error
        return client.answer
      })
      expect(client.answer?.kind).toBe(kind)
      this.#took(attempt, client.answer as AcquireOutcome)
    }
    for (const [attempt, { answer, error }] of this.#clients) {
      expect(answer ?? error, `attempt ${attempt.id} waits`).toBeUndefined()
    }
  }

  #took(attempt: Attempt, answer: AcquireOutcome): void {
    if (answer.kind !== 'granted') return
    const known = this.#fences.get(attempt)
    if (known) expect(answer).toMatchObject({ fences: known, token: this.#tokens.get(attempt) })
    this.#tokens.set(attempt, answer.token)
    this.#fences.set(attempt, answer.fences)
    for (const [i, name] of attempt.wanted.names.entries()) {
      const fence = answer.fences[i] as number
      const lease = this.#model.locks.get(name)?.leases.find((one) => one.attempt === attempt)
      // An attempt that joined a lease has its older fence.
      if (lease?.group !== attempt.id || known || answer.replayed) continue
      expect(fence).toBeGreaterThan(this.#highest.get(name) ?? 0)
      this.#highest.set(name, fence)
    }
  }

  /** An expired lease shows as expired at once, an abandoned place after the next sweep. */
  async #compare(): Promise<void> {
    for (const name of NAMES) {
      const expected = this.#shown(name)
      let seen: object = {}
      await until('the state of the model', async () => {
        seen = await this.#inspect(name)
        return isDeepStrictEqual(seen, expected)
      }).catch(() => expect(seen, name).toEqual(expected))
    }
  }

  #shown(name: string): object {
    const lock = this.#model.locks.get(name)
    const leases = lock?.leases ?? []
    const present = leases.filter(({ released }) => !released)
    const holders = new Set(present.map(({ group }) => group)).size
    const delayed = (lock?.delayEnds ?? 0) > this.#model.now
    const state = leases.length > 0 ? 'held' : delayed ? 'delayed' : 'free'
    return { state, holders, count: holders, queued: this.#model.queueLength(name) }
  }

  async #inspect(name: string): Promise<object> {
    const [named] = this.#named([name]) as [string]
    const seen = await stores[1].inspect(harness.namespace, named, 100)
    const { state, holders, holderCount, waiters } = seen
    return { state, holders: holders.length, count: holderCount, queued: waiters.length }
  }
}

/** Keys that must vanish: records expire, and a stored capacity stays until it is deleted. */
async function leftBehind(): Promise<string[]> {
  const keys = await harness.redis.keys(`ls:{${harness.namespace}:*`)
  const busy =
    /:(lock|queue|waiters|waits|holders|fences|session-leases|sessions|locks|semaphores|timers)(:|$)/
  return keys.filter((key) => busy.test(key))
}

function toOptions({ wanted, session }: Attempt, key: string) {
  const { mode, owner, reentrant, ttl, priority, permits, capacity } = wanted
  return {
    mode,
    owner,
    reentrant,
    priority,
    permits,
    capacity,
    ttlMs: wanted.endless && session ? 0 : ttl * UNIT_MS,
    minHoldMs: wanted.minHold * UNIT_MS,
    maxHoldMs: wanted.maxHold === undefined ? undefined : wanted.maxHold * UNIT_MS,
    lockDelayMs: wanted.lockDelay * UNIT_MS,
    waitMs: wanted.wait ? 3_600 * UNIT_MS : 0,
    idempotency: wanted.keyed ? { digest: key, fingerprint: 'same', ttlMs: 600_000 } : undefined,
  }
}

const permitsOfB = (terms: { permits: number; ttl: number; lockDelay: number }) => ({
  do: 'acquire' as const,
  wanted: {
    ...terms,
    capacity: 3,
    names: ['b@m'],
    mode: 'exclusive' as const,
    priority: 0,
    minHold: 0,
    maxHold: undefined,
    wait: true,
    keyed: false,
    endless: false,
    owner: undefined,
    reentrant: false,
  },
  session: undefined,
  instance: 0 as const,
})

/** The end of a session stops half-way, and the clock steps back before the rest of it runs. */
const STEPPED_BACK_IN_AN_END: Step[] = [
  { do: 'open', ttl: 15 },
  {
    do: 'acquire',
    wanted: {
      ttl: 25,
      priority: 0,
      minHold: 0,
      maxHold: 15,
      wait: true,
      keyed: false,
      endless: false,
      permits: undefined,
      capacity: undefined,
      names: ['a@m', 'b@m'],
      mode: 'exclusive',
      owner: undefined,
      reentrant: false,
      lockDelay: 10,
    },
    session: 0,
    instance: 0,
  },
  { do: 'half-end', at: 0 },
  { do: 'advance', by: 20 },
  { do: 'back', by: 100 },
]

/** A place of a dead instance expires behind a live waiter, and the clock steps back. */
const STEPPED_BACK_BEHIND_A_HEAD: Step[] = [
  permitsOfB({ permits: 2, ttl: 15, lockDelay: 10 }),
  permitsOfB({ permits: 1, ttl: 5, lockDelay: 0 }),
  permitsOfB({ permits: 1, ttl: 5, lockDelay: 0 }),
  { ...permitsOfB({ permits: 1, ttl: 5, lockDelay: 0 }), do: 'orphan' },
  { do: 'advance', by: 20 },
  { do: 'back', by: 10 },
]

it('behaves as a model in memory does', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: STEPS }), async (steps) => {
      const run = new Run()
      try {
        for (const one of steps) await run.take(one)
      } finally {
        await run.end()
      }
    }),
    {
      numRuns: RUNS,
      endOnFailure: !SHRINK,
      examples: [[STEPPED_BACK_IN_AN_END], [STEPPED_BACK_BEHIND_A_HEAD]],
    },
  )
  // Further than the clock ever stepped back.
  clockMs += 1e12
  await until('nothing that is left behind', async () => (await leftBehind()).length === 0).catch(
    async () => expect(await leftBehind()).toEqual([]),
  )
})
