import { Deadline } from '../../redis/deadline.js'
import { StoreError } from '../../redis/errors.js'
import { inGroups } from '../entries/in-groups.js'
import type { CacheKey, LeveledReply } from '../entries/store.js'
import { storeErrorOrThrow } from '../entries/store-error.js'
import type { LeaseStore } from '../leases/store.js'
import type { Partitions } from '../partition.js'
import type { CacheStores } from './cache-stores.js'

/**
 * Bounds how long a read may wait: a caller of a cache has a slower way to the value, and wants to
 * know soon. After a read that timed out, one read at a time tries whether Redis answers again; the
 * others are refused at once, until one succeeds.
 */
export class ReadGuard {
  readonly #deadline: Deadline
  #isSilent = false
  #isTrying = false

  /** @param timeoutMs of a read; its script may still run, and changes no value. */
  constructor(timeoutMs: number) {
    this.#deadline = new Deadline({
      timeoutMs,
      onMissed: () => {
        this.#isSilent = true
        return silent()
      },
      onAnswer: () => {
        this.#isSilent = false
      },
    })
  }

  /** @throws StoreError store-unavailable, or what `read` throws. */
  run<T>(read: () => Promise<T>): Promise<T> {
    if (!this.#isSilent) return this.#deadline.bound(read())
    if (this.#isTrying) return Promise.reject(silent())
    this.#isTrying = true
    const trial = read()
    const over = () => {
      this.#isTrying = false
    }
    trial.then(over, over)
    return this.#deadline.bound(trial)
  }
}

const silent = (): StoreError =>
  new StoreError('store-unavailable', 'Redis does not answer in time; nothing was read.')

/** The guard of the server that holds a key: a silent server delays the reads of no other. */
export type GuardOf = (key: CacheKey) => ReadGuard

/** @param serverOf see `Reach` */
export function createGuardOf(
  timeoutMs: number,
  partitions: Pick<Partitions, 'count' | 'clockOfKey'>,
  serverOf: (clock: string) => string,
): GuardOf {
  if (partitions.count === 1) {
    const guard = new ReadGuard(timeoutMs)
    return () => guard
  }
  const guards = new Map<string, ReadGuard>()
  return (key) => {
    const server = serverOf(partitions.clockOfKey(key))
    const known = guards.get(server)
    if (known) return known
    const made = new ReadGuard(timeoutMs)
    guards.set(server, made)
    return made
  }
}

/**
 * Bounds how long a read may take.
 * @param abandon gives up a lease that a read won after it timed out
 */
export const withReadTimeout = (
  guardOf: GuardOf,
  abandon: LeaseStore['abandon'],
  { entries, counters, objects, ...others }: CacheStores,
): CacheStores => ({
  entries: {
    ...entries,
    read(key, options) {
      const read = () => entries.read(key, options)
      const offer = options?.lease
      return offer
        ? readOrAbandon(guardOf(key), read, (late) => abandon(key, offer, late))
        : guardOf(key).run(read)
    },
    /** A call per server, so that none waits for another. */
    readMany: (keys, maxBytes) =>
      inGroups(keys, guardOf, (guard, group) =>
        guard
          .run(() => entries.readMany(group, maxBytes))
          .catch((error: unknown) => {
            const met = storeErrorOrThrow(error)
            return group.map(() => met)
          }),
      ),
  },
  counters: { ...counters, read: (key) => guardOf(key).run(() => counters.read(key)) },
  objects: { ...objects, read: (key, names) => guardOf(key).run(() => objects.read(key, names)) },
  ...others,
})

/** A read that timed out may still win the lease, and its caller never hears of it. */
function readOrAbandon(
  guard: ReadGuard,
  read: () => Promise<LeveledReply>,
  abandon: (late: LeveledReply) => void,
): Promise<LeveledReply> {
  let isGivenUp = false
  const bounded = guard.run(() => {
    const reply = read()
    reply.then(
      (late) => isGivenUp && abandon(late),
      () => undefined,
    )
    return reply
  })
  bounded.catch(() => {
    isGivenUp = true
  })
  return bounded
}
