import type { Signals } from '../../redis/signals.js'
import type { CacheKey, LeaseWish, LeveledReply, ReadOptions } from '../entries/store.js'
import type { Partitions } from '../partition.js'
import { Crowd, type CrowdOptions, type Waiter } from './crowd.js'

/** What is known of a client: whether it still listens. */
export interface Client {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

export interface WaitOptions {
  readonly waitMs: number
  readonly client?: Client | undefined
}

export interface WaitingOptions {
  readonly partitions: Partitions
  readonly signals: Signals
  readonly read: (key: CacheKey, options: ReadOptions) => Promise<LeveledReply>
  readonly cancel: (key: CacheKey, token: string) => Promise<unknown>
}

/** A partition whose messages are heard because somebody waits for a key in it. */
interface Heard {
  /** By "space key", as messages name it, and then by what their waiters accept. */
  readonly crowds: Map<string, Map<string, Crowd>>
  /** Settles once messages arrive, as far as is known. */
  readonly listens: Promise<(() => void) | undefined>
  idle: NodeJS.Timeout | undefined
}

/** A subscription is a round trip: it outlives the wait by so much, for the next one. */
const LINGER_MS = 10_000

/**
 * The requests of this process that wait for keys to be loaded. Whoever waits costs a timer, and
 * neither a connection nor a poll: all who wait for one key share the reads that a message about it
 * sets off.
 */
export class Waiting {
  readonly #options: WaitingOptions
  /** By channel. */
  readonly #heard = new Map<string, Heard>()
  #count = 0

  constructor(options: WaitingOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /**
   * Waits until the key can be served, or is the caller's to load, or `waitMs` is over.
   * @param last the reply that made the caller wait; what it is told if nothing else comes
   */
  wait(
    key: CacheKey,
    options: ReadOptions,
    wish: LeaseWish,
    last: LeveledReply,
    { waitMs, client }: WaitOptions,
  ): Promise<LeveledReply> {
    const { heard, crowd, isNew, forget } = this.#crowdOf(key, options)
    return new Promise((resolve, reject) => {
      const leave = () => {
        crowd.remove(waiter)
        this.#count -= 1
        clearTimeout(timer)
        client?.off('close', giveUp)
        if (crowd.waiters.size === 0) forget()
      }
      const waiter: Waiter = {
        wish,
        last,
        answer: (reply) => {
          leave()
          resolve(reply)
        },
        fail: (error) => {
          leave()
          reject(error)
        },
      }
      const giveUp = () => waiter.answer(waiter.last)
      const timer = setTimeout(giveUp, waitMs)
      client?.once('close', giveUp)
      crowd.add(waiter)
      this.#count += 1
      // What changed before messages arrived is seen by a read that is sent after they do. Later
      // comers of the same crowd need none: each change since their own read sets off another.
      if (isNew) void heard.listens.then(() => crowd.look())
    })
  }

  /** Everybody is answered with what they know: this instance shuts down. */
  drain(): void {
    for (const { crowds } of this.#heard.values()) {
      for (const crowd of all(crowds)) {
        for (const waiter of crowd.waiters) waiter.answer(waiter.last)
      }
    }
  }

  #crowdOf(key: CacheKey, options: ReadOptions) {
    const { partitions, read, cancel } = this.#options
    const channel = partitions.clockOf(key.namespace, partitions.of(key.space, key.key))
    const heard = this.#heard.get(channel) ?? this.#hear(channel)
    clearTimeout(heard.idle)
    const name = `${key.space} ${key.key}`
    const accepts = `${options.maxStaleMs} ${options.minFreshMs}`
    const group = heard.crowds.get(name) ?? new Map<string, Crowd>()
    heard.crowds.set(name, group)
    const known = group.get(accepts)
    const crowd =
      known ??
      new Crowd({
        read: (lease) => read(key, { ...options, lease, skipL1: true }),
        cancel: (token) => cancel(key, token),
      } satisfies CrowdOptions)
    group.set(accepts, crowd)
    const forget = () => {
      if (group.get(accepts) === crowd) group.delete(accepts)
      if (group.size === 0) heard.crowds.delete(name)
      if (heard.crowds.size === 0) this.#unhearLater(channel, heard)
    }
    return { heard, crowd, isNew: known === undefined, forget }
  }

  #hear(channel: string): Heard {
    const crowds: Heard['crowds'] = new Map()
    const listens = this.#options.signals
      .subscribe(channel, (message) => wake(crowds, message))
      // Without messages a crowd finds out by itself, later.
      .catch(() => undefined)
    const heard: Heard = { crowds, listens, idle: undefined }
    this.#heard.set(channel, heard)
    return heard
  }

  #unhearLater(channel: string, heard: Heard): void {
    clearTimeout(heard.idle)
    heard.idle = setTimeout(() => {
      this.#heard.delete(channel)
      void heard.listens.then((stop) => stop?.())
    }, LINGER_MS).unref()
  }
}

/** See `publish` in lib/clock.lua: a tag ends no lease, and what it invalidates nobody waits for. */
function wake(crowds: Heard['crowds'], message: string): void {
  const [, , kind, space = '', ...key] = message.split(' ')
  if (kind === 'k' || kind === 'w') {
    for (const crowd of crowds.get(`${space} ${key.join(' ')}`)?.values() ?? []) crowd.look()
  } else if (kind === 'f' || kind === 'a') {
    for (const crowd of all(crowds, kind === 'f' ? `${space} ` : '')) crowd.look()
  }
}

function* all(crowds: Heard['crowds'], prefix = ''): Generator<Crowd> {
  for (const [name, group] of crowds) if (name.startsWith(prefix)) yield* group.values()
}
