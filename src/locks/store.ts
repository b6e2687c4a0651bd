import type { Redis } from 'ioredis'
import type { Binder } from '../redis/binder.js'
import type { Layout } from '../redis/layout.js'
import { randomToken } from '../redis/random.js'
import type { Signals } from '../redis/signals.js'
import { type AdminStore, createAdminStore } from './admin/store.js'
import { BucketRegistry } from './buckets/registry.js'
import { createSweeper } from './buckets/sweeper.js'
import { createWatches, type Listener, type Subscription } from './events/watches.js'
import { Holds } from './hold/holds.js'
import { BUCKETS_KEY, eventChannel, grantChannel } from './keys.js'
import { LeaseStore } from './leases/store.js'
import { LockCalls } from './lock-calls.js'
import type { LockMetrics } from './metrics.js'
import { AbandonedRequests } from './queue/abandoned-requests.js'
import { createWaitList, type Waiter } from './queue/wait-list.js'
import { createSessionStore, type SessionStore } from './sessions/store.js'

/**
 * Leases on locks, on all locks of a set, and on permits of semaphores: one primitive. A set is
 * several names under one token, all or nothing; fences come in the order of the names.
 */
export interface LockStore extends AdminStore, Pick<LeaseStore, 'acquire' | 'renew' | 'release'> {
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

export function createLockStore(options: LockStoreOptions): LockStore {
  const { binder, layout, metrics, endedTtlMs, signals, client, clockOffsetUs } = options
  const instance = randomToken()
  const calls = new LockCalls(binder, layout, endedTtlMs, metrics)
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
    registry,
    clockOffsetUs,
  })
  calls.sweeper = sweeper
  const waitList = createWaitList({
    heartbeat: (waiters) => heartbeat(calls, instance, waiters),
    restore: (waiter) => restore(calls, waiter),
  })
  const abandoned = new AbandonedRequests(calls)
  const leases = new LeaseStore(calls, waitList, abandoned, instance)
  const watches = createWatches(binder, calls, instance)
  const holds = new Holds(leases, instance)
  const announce = (token: string) => {
    waitList.announce(token)
    holds.announce(token)
  }
  signals.subscribe(grantChannel(instance), announce).catch(() => undefined)
  signals.subscribe(eventChannel(instance), watches.announce).catch(() => undefined)
  signals.onGap(watches.readAll)

  return {
    acquire: leases.acquire.bind(leases),
    renew: leases.renew.bind(leases),
    release: leases.release.bind(leases),
    ...createAdminStore(calls, metrics),
    holds,
    sessions: createSessionStore(binder, layout, calls),
    watch: (namespace, name, after, listener) =>
      watches.watch(calls.placeOf(namespace, name), after, listener),
    waiters: waitList.count,
    walk: () => registry.walk(),
    drain: waitList.drain,
    close() {
      waitList.close()
      sweeper.close()
      registry.close()
    },
  }
}

async function heartbeat(calls: LockCalls, instance: string, waiters: readonly Waiter[]) {
  const { nextMs, states } = await calls.run.heartbeat(
    { lock: waiters.map(({ keys }) => keys[0] as string) },
    { instance, token: waiters.map(({ token }) => token) },
  )
  // A grant by an instance that is gone expires here, as soon as one of its own.
  calls.sweeper?.note((waiters[0] as Waiter).bucket, nextMs)
  return states
}

async function restore(calls: LockCalls, waiter: Waiter) {
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
