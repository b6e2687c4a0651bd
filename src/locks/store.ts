import type { Redis } from 'ioredis'
import type { Binder } from '../redis/binder.js'
import type { Layout } from '../redis/layout.js'
import { randomToken } from '../redis/random.js'
import type { Signals } from '../redis/signals.js'
import type { AcquireOptions } from './acquire-options.js'
import { Acquiring } from './acquiring.js'
import { BucketRegistry } from './bucket-registry.js'
import { Calls, NO_GUARD } from './calls.js'
import { createWatches, type Listener, type Subscription } from './events/watches.js'
import { Holds } from './hold/holds.js'
import { Keeping } from './keeping.js'
import {
  BUCKETS_KEY,
  eventChannel,
  fromStoredName,
  grantChannel,
  indexKey,
  toStoredName,
} from './keys.js'
import type { LockMetrics } from './metrics.js'
import type { AcquireOutcome, ReleaseOutcome, RenewOutcome } from './outcomes.js'
import { sessionTag } from './sessions/keys.js'
import { createSessionStore, type SessionStore } from './sessions/store.js'
import type { Waiting as SeenWaiter, Snapshot } from './snapshot.js'
import { createSweeper } from './sweeping.js'
import { createWaiting, type Waiter, type WaiterState } from './waiting.js'

export interface Revocation {
  readonly reason: string
  /** Time to give way; undefined: ask only; 0: end now. */
  readonly graceMs?: number | undefined
  /** Of the lease that is meant; undefined: all. */
  readonly fence?: number | undefined
  readonly clearLockDelay?: boolean | undefined
}

export interface ListedLock {
  readonly name: string
  readonly kind: 'lock' | 'semaphore'
  readonly holderCount: number
  readonly queueLength: number
}

/**
 * Leases on locks, on all locks of a set, and on permits of semaphores: one primitive. A set is
 * several names under one token, all or nothing; fences come in the order of the names.
 */
export interface LockStore {
  acquire(
    namespace: string,
    names: readonly string[],
    options: AcquireOptions,
  ): Promise<AcquireOutcome>
  /** @param ttlMs 0 for the lease's own length */
  renew(ns: string, names: readonly string[], token: string, ttlMs: number): Promise<RenewOutcome>
  release(ns: string, names: readonly string[], token: string): Promise<ReleaseOutcome>
  /** @param max how many holders and waiters are shown */
  inspect(
    namespace: string,
    name: string,
    max: number,
  ): Promise<Snapshot & { readonly waiters: readonly SeenWaiter[] }>
  /** In the order of bytes, from behind `after`. */
  list(namespace: string, prefix: string, after: string, limit: number): Promise<ListedLock[]>
  verify(
    namespace: string,
    name: string,
    fence: number,
  ): Promise<{ readonly current: boolean; readonly fence: number }>
  revoke(
    namespace: string,
    name: string,
    order: Revocation,
  ): Promise<{ readonly revoked: number; readonly asked: number }>
  /** @param capacity 0 forgets the stored one */
  resize(
    namespace: string,
    name: string,
    capacity: number,
  ): Promise<
    | {
        readonly kind: 'stored'
        readonly capacity: number
        /** What was stored; 0 for nothing. */
        readonly before: number
      }
    | { readonly kind: 'mode-mismatch' }
  >
  readonly sessions: SessionStore
  readonly holds: Holds
  /** @param after id of the last event that was seen, '' for none */
  watch(namespace: string, name: string, after: string, listener: Listener): Promise<Subscription>
  /** Requests that stand in a queue here. */
  waiters(): number
  /** Visits every bucket in use for what an instance that is gone left behind. */
  walk(): Promise<void>
  /** Answers everybody who waits. */
  drain(): void
  close(): void
}

export interface LockStoreOptions {
  readonly binder: Binder
  readonly layout: Layout
  readonly signals: Signals
  /** For the few commands that belong to no bucket. */
  readonly client: () => Redis
  readonly metrics: LockMetrics
  /** How long an ended lease is remembered, so that its holder hears how it ended. */
  readonly endedTtlMs: number
  /** Microseconds by which tests moved the clock of the scripts; undefined in production. */
  readonly clockOffsetUs?: (() => number) | undefined
}

const LOOK_EVERY_MS = 60_000
const LOOK_EVERY_MS_IN_TESTS = 20

export function createLockStore(options: LockStoreOptions): LockStore {
  const { binder, layout, metrics, endedTtlMs, signals, client, clockOffsetUs } = options
  const instance = randomToken()
  const calls = new Calls(binder, layout, endedTtlMs, metrics)
  const registry = new BucketRegistry({
    client,
    forget: (member, score) => calls.run.forgetBucket({ buckets: BUCKETS_KEY }, { member, score }),
    sweep: async (namespace, tag) => {
      const bucket = calls.bucket(namespace, tag)
      const head = await calls.sweep(bucket)
      sweeper.note(bucket, head.nextMs)
      return head.nextMs
    },
    instance,
  })
  const sweeper = createSweeper({
    sweep: (bucket) => calls.sweep(bucket),
    register: (bucket) => registry.register(bucket),
    now: () => performance.now() + (clockOffsetUs?.() ?? 0) / 1_000,
    lookEveryMs: clockOffsetUs ? LOOK_EVERY_MS_IN_TESTS : LOOK_EVERY_MS,
  })
  calls.sweeper = sweeper
  const waiting = createWaiting({
    beat: (waiters) => beat(calls, instance, waiters),
    restore: (waiter) => restore(calls, waiter),
  })
  const acquiring = new Acquiring(calls, waiting, instance)
  const watches = createWatches(binder, calls, instance)
  const keeping = new Keeping(calls, waiting, instance)
  const holds = new Holds(keeping, instance)
  const announce = (token: string) => {
    waiting.announce(token)
    holds.announce(token)
  }
  signals.subscribe(grantChannel(instance), announce).catch(() => undefined)
  signals.subscribe(eventChannel(instance), watches.announce).catch(() => undefined)
  signals.onGap(watches.readAll)

  return {
    async acquire(namespace, names, wanted) {
      const place = calls.place(namespace, names)
      if (!place) return { kind: 'cross-slot' }
      if (wanted.sessionId !== undefined) {
        const tag = sessionTag(wanted.sessionId)
        if (tag !== place.bucket.tag)
          return { kind: calls.has(tag) ? 'cross-slot' : 'session-ended' }
      }
      return acquiring.acquire(place, names, wanted)
    },

    renew: (...lease) => keeping.renew(...lease),
    release: (...lease) => keeping.release(...lease),

    async inspect(namespace, name, max) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      const seen = await calls.run.inspect({ lock }, { now_guard: NO_GUARD, max })
      calls.saw(seen.holders.map(({ fence }) => fence))
      return seen
    },

    async list(namespace, prefix, after, limit) {
      const pages = await Promise.all(
        calls
          .tags()
          .map((tag) =>
            calls.run.list(
              { index: indexKey(namespace, tag) },
              { prefix: toStoredName(prefix), after: toStoredName(after), limit },
            ),
          ),
      )
      return pages
        .flat()
        .sort((a, b) => Buffer.compare(Buffer.from(a.stored), Buffer.from(b.stored)))
        .slice(0, limit)
        .map(({ stored, ...rest }) => ({ name: fromStoredName(stored), ...rest }))
    },

    async verify(namespace, name, fence) {
      const [lock = ''] = calls.placeOf(namespace, name).keys
      const answer = await calls.run.verify({ lock }, { fence, now_guard: NO_GUARD })
      calls.saw([answer.fence])
      return answer
    },

    async revoke(namespace, name, { reason, graceMs, fence, clearLockDelay }) {
      const place = calls.place(namespace, [name])
      if (!place) throw new TypeError('one name is never in two slots')
      const reply = await calls.run.revoke(
        { lock: place.keys },
        {
          reason,
          grace_ms: graceMs ?? -1,
          fence: fence ?? 0,
          clear_delay: clearLockDelay ? 1 : 0,
          ...calls.common(),
        },
      )
      calls.note(place.bucket, reply)
      if (reply.revoked > 0) metrics.ended('revoked', reply.revoked)
      return { revoked: reply.revoked, asked: reply.asked }
    },

    async resize(namespace, name, capacity) {
      const place = calls.place(namespace, [name])
      if (!place) throw new TypeError('one name is never in two slots')
      const reply = await calls.run.resize({ lock: place.keys }, { capacity, ...calls.common() })
      calls.note(place.bucket, reply)
      if (reply.outcome === 'mode-mismatch') return { kind: 'mode-mismatch' }
      return { kind: 'stored', capacity: reply.capacity, before: reply.before }
    },

    holds,
    sessions: createSessionStore(binder, layout, calls),
    watch: (namespace, name, after, listener) =>
      watches.watch(calls.placeOf(namespace, name), after, listener),
    waiters: waiting.count,
    walk: () => registry.walk(),
    drain: waiting.drain,
    close() {
      waiting.close()
      sweeper.close()
      registry.close()
    },
  }
}

const STATES: readonly WaiterState[] = ['missing', 'waiting', 'granted']

async function beat(calls: Calls, instance: string, waiters: readonly Waiter[]) {
  const { nextMs, states } = await calls.run.beat(
    { lock: waiters.map(({ keys }) => keys[0] as string) },
    { instance, token: waiters.map(({ token }) => token) },
  )
  // A grant by an instance that is gone lapses here, as soon as one of its own.
  calls.sweeper?.note((waiters[0] as Waiter).bucket, nextMs)
  return states.map((state) => STATES[state] as WaiterState)
}

async function restore(calls: Calls, waiter: Waiter) {
  const { keys, token, record, attach, ticket, startedAt, deadlineAt, bucket } = waiter
  const now = performance.now()
  const reply = await calls.run.restore(
    { lock: keys },
    {
      token,
      waiter: JSON.stringify({ ...(JSON.parse(record) as object), attach, ticket }),
      waited_ms: Math.round(now - startedAt),
      wait_ms: Math.max(1, Math.round(deadlineAt - now)),
      ...calls.common(),
    },
  )
  calls.note(bucket, reply)
  return reply.outcome === 'stands' ? undefined : reply.outcome
}
