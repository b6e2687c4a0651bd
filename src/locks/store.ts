import type { Redis } from 'ioredis'
import type { Binder } from '../redis/binder.js'
import type { Layout } from '../redis/layout.js'
import type { PubSub } from '../redis/pub-sub.js'
import { randomToken } from '../redis/random.js'
import { createAdminStore } from './admin/store.js'
import { createLockWatches } from './events/store.js'
import { Holds } from './hold/holds.js'
import { grantChannel } from './keys.js'
import { LeaseStore } from './leases/store.js'
import { LockCalls } from './lock-calls.js'
import type { LockMetrics } from './metrics.js'
import { WaitList } from './queue/wait-list.js'
import { createSemaphoreStore } from './semaphores/store.js'
import { createSessionStore } from './sessions/store.js'

export interface LockStoreOptions {
  readonly binder: Binder
  readonly layout: Layout
  readonly pubSub: PubSub
  /** For the few commands that belong to no bucket. */
  readonly client: () => Redis
  readonly metrics: LockMetrics
  /** How long an ended lease is remembered, so that its holder hears how it ended. */
  readonly endedTtlMs: number
  /** Microseconds by which tests moved the clock of the scripts; undefined in production. */
  readonly clockOffsetUs?: (() => number) | undefined
}

export type LockStore = ReturnType<typeof createLockStore>

/**
 * Leases on locks, on all locks of a set, and on permits of semaphores: one primitive. A set is
 * several names under one token, all or nothing; fences come in the order of the names.
 */
export function createLockStore(options: LockStoreOptions) {
  const { binder, layout, metrics, pubSub } = options
  const instance = randomToken()
  const calls = new LockCalls(options, instance)
  const waitList = new WaitList(calls, instance)
  const leases = new LeaseStore(calls, waitList, instance)
  const holds = new Holds(leases, instance)
  const announce = (token: string) => {
    waitList.announce(token)
    holds.announce(token)
  }
  pubSub.subscribe(grantChannel(instance), announce).catch(() => undefined)

  return {
    acquire: leases.acquire.bind(leases),
    renew: leases.renew.bind(leases),
    release: leases.release.bind(leases),
    setMetadata: leases.setMetadata.bind(leases),
    downgrade: leases.downgrade.bind(leases),
    ...createAdminStore(calls, metrics),
    ...createSemaphoreStore(calls),
    holds,
    sessions: createSessionStore(binder, layout, calls),
    watch: createLockWatches(binder, pubSub, calls, instance),
    /** Requests in a queue whose clients listen here. */
    waiters: () => waitList.count(),
    counts: () => calls.counts(),
    walk: () => calls.walk(),
    /** Answers everyone who waits. */
    drain: () => waitList.drain(),
    close() {
      waitList.close()
      calls.close()
    },
  }
}
