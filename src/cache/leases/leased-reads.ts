import { LRUCache } from 'lru-cache'
import type { Client } from '../../domain.js'
import type { PubSub } from '../../redis/pub-sub.js'
import { randomToken } from '../../redis/random.js'
import { remainingMs } from '../../redis/remaining.js'
import type {
  CacheKey,
  EntryStore,
  LeaseOffer,
  LeveledReply,
  ReadOptions,
} from '../entries/store.js'
import { uniform } from '../entries/value.js'
import type { LeaseMetrics } from '../metrics.js'
import type { Partitions } from '../partition.js'
import type { LeaseStore } from './store.js'
import { WaitList } from './wait-list.js'

export interface AskOptions {
  /** Chosen by the caller, so that a repeat of its request is granted the same lease. */
  readonly token?: string | undefined
  /** How early a fresh value is refreshed; drawn where it is not given. */
  readonly early?: number | undefined
  /** How long to wait where there is no value and another loads; 0 not at all. */
  readonly waitMs?: number | undefined
  /** Whether the client still listens. */
  readonly client?: Client | undefined
}

/** Reads that take leases: one caller at a time has the right to load, and only its fill is stored. */
export interface LeasedReads extends LeaseStore {
  /** A read that offers to load: the lease, and the value that is there, from one script call. */
  ask(key: CacheKey, options: ReadOptions, asked?: AskOptions): Promise<LeveledReply>
  /**
   * Waits while another caller loads, without an offer to load.
   * @param last the reply that says so
   * @returns the first reply with another state of the key, or `last` where the time is over
   */
  wait(
    key: CacheKey,
    options: ReadOptions,
    last: LeveledReply,
    waitMs: number,
  ): Promise<LeveledReply>
  /** Answers every request that waits: the instance shuts down. */
  drain(): void
}

export interface LeasedReadsOptions {
  readonly leases: LeaseStore
  readonly partitions: Partitions
  readonly pubSub: PubSub
  /** With the memory of the process in front, if it has one. */
  readonly entries: Pick<EntryStore, 'read'>
  readonly metrics: LeaseMetrics
}

export function createLeasedReads({
  leases,
  partitions,
  pubSub,
  entries,
  metrics,
}: LeasedReadsOptions): LeasedReads {
  async function read(key: CacheKey, options: ReadOptions): Promise<LeveledReply> {
    const sentAt = performance.now()
    return toConservative(await entries.read(key, options), sentAt)
  }
  const waitList = new WaitList({
    partitions,
    pubSub,
    read,
    cancel: (key, proof) => leases.cancel(key, proof, 0),
  })
  metrics.watch(() => waitList.count)
  const loadTimes = new LoadTimes()

  return {
    ...leases,
    async ask(key, options, { token, early, waitMs = 0, client } = {}) {
      const lease: LeaseOffer = {
        token: token ?? randomToken(),
        isOwn: token !== undefined,
        early: early ?? drawEarly(key.policy.earlyRefreshBeta),
      }
      let reply = await read(key, Object.assign({ lease }, options))
      if (waitMs > 0 && !client?.destroyed && !reply.entry && reply.lease.kind === 'held') {
        reply = await waitList.wait(key, options, lease, reply, { waitMs, client })
      }
      if (client?.destroyed) leases.abandon(key, lease, reply)
      metrics.asked(key.space, reply)
      return loadTimes.shorten(key, reply)
    },
    wait(key, options, last, waitMs) {
      const lease = { token: randomToken(), isOwn: false, early: 0 }
      return waitList.wait(key, { ...options, grantsNone: true }, lease, last, { waitMs })
    },
    drain: () => waitList.drain(),
  }
}

/** A lease runs from its grant, which is before the reply arrives. */
function toConservative(reply: LeveledReply, sentAt: number): LeveledReply {
  const { lease } = reply
  if (lease.kind !== 'granted') return reply
  return { ...reply, lease: { ...lease, leftMs: remainingMs(lease.leftMs, sentAt) } }
}

/**
 * How many load times before its end a fresh value is refreshed, drawn for each read: the nearer the
 * end, the likelier, so that popular keys are loaded in time and one after the other. A value that is still fresh for t, and took d to load, is refreshed with probability
 * exp(-t / (beta * d)).
 *
 * Source: XFetch, of Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede
 * Prevention" (2015): refresh iff now - d * beta * ln(u) >= end, u uniform in (0, 1].
 */
export const drawEarly = (beta: number, u = uniform()): number =>
  beta === 0 ? 0 : Math.abs(beta * Math.log(u))

/** Callers invent spaces. */
const MAX_SPACES = 1_024
/** A caller that asks again sooner would mostly be too early. */
const SHORTEST_MS = 50

/**
 * How long a load lately took in each space, by the values that were read. A caller that finds another
 * one loading should ask again when that load may be over, not when the lease ends.
 */
class LoadTimes {
  /** Milliseconds, by "namespace space". */
  readonly #known = new LRUCache<string, number>({ max: MAX_SPACES })

  /** The reply, with the time to ask again where another caller loads. */
  shorten({ namespace, space }: CacheKey, reply: LeveledReply): LeveledReply {
    const { entry, lease } = reply
    const name = `${namespace} ${space}`
    if (entry && entry.loadMs > 0) this.#known.set(name, entry.loadMs)
    if (lease.kind !== 'held') return reply
    const guessMs = this.#known.get(name)
    if (guessMs === undefined) return reply
    const retryAfterMs = Math.min(lease.retryAfterMs, Math.max(SHORTEST_MS, guessMs))
    return { ...reply, lease: { ...lease, retryAfterMs } }
  }
}
