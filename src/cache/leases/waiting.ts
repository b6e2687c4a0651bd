import type { Client } from '../../domain.js'
import { StoreError } from '../../redis/errors.js'
import type { Signals } from '../../redis/signals.js'
import type { CacheKey, LeaseWish, LeveledReply, ReadOptions } from '../entries/store.js'
import type { Partitions } from '../partition.js'
import { Channel } from './channel.js'
import { Crowd, type Waiter } from './crowd.js'

export interface WaitOptions {
  readonly waitMs: number
  readonly client?: Client | undefined
}

export interface WaitingOptions {
  readonly partitions: Partitions
  readonly signals: Signals
  readonly read: (key: CacheKey, options: ReadOptions) => Promise<LeveledReply>
  readonly cancel: (key: CacheKey, proof: string) => Promise<unknown>
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
  /** By name; with the timer that ends a channel on which nobody waits any more. */
  readonly #channels = new Map<string, { channel: Channel; idle?: NodeJS.Timeout }>()
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
    const { crowd, disband } = this.#join(key, options)
    return new Promise((resolve, reject) => {
      const ending =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          crowd.remove(waiter)
          this.#count -= 1
          clearTimeout(timer)
          client?.off('close', giveUp)
          if (crowd.waiters.size === 0) disband()
          settle(value)
        }
      const waiter: Waiter = { wish, last, answer: ending(resolve), fail: ending(reject) }
      const giveUp = () => end(waiter)
      const timer = setTimeout(giveUp, waitMs)
      client?.once('close', giveUp)
      crowd.add(waiter)
      this.#count += 1
    })
  }

  /** Everybody is answered with what they know: this instance shuts down. */
  drain(): void {
    for (const { channel } of this.#channels.values()) {
      for (const crowd of channel.crowds()) {
        for (const waiter of crowd.waiters) end(waiter)
      }
    }
  }

  #join(key: CacheKey, options: ReadOptions): { crowd: Crowd; disband: () => void } {
    const { partitions, read, cancel } = this.#options
    const channelName = partitions.clockOf(key.namespace, partitions.of(key.space, key.key))
    const channel = this.#channelOf(channelName)
    const name = `${key.space} ${key.key}`
    const accepts = `${options.maxStaleMs} ${options.minFreshMs}`
    const known = channel.find(name, accepts)
    const crowd =
      known ??
      new Crowd({
        read: (lease) => read(key, { ...options, lease, skipL1: true }),
        cancel: (proof) => cancel(key, proof),
      })
    if (!known) {
      channel.add(name, accepts, crowd)
      // What changed before messages arrived is seen by a read that is sent after they do. Later
      // comers need none: each change since their own read sets off another.
      void channel.listens.then(() => crowd.look())
    }
    const disband = () => {
      channel.remove(name, accepts)
      if (channel.isIdle) this.#closeLater(channelName)
    }
    return { crowd, disband }
  }

  #channelOf(name: string): Channel {
    const known = this.#channels.get(name)
    clearTimeout(known?.idle)
    if (known) return known.channel
    const channel = new Channel(this.#options.signals, name)
    this.#channels.set(name, { channel })
    return channel
  }

  #closeLater(name: string): void {
    const known = this.#channels.get(name)
    if (!known) return
    clearTimeout(known.idle)
    known.idle = setTimeout(() => {
      this.#channels.delete(name)
      void known.channel.listens.then((stop) => stop?.())
    }, LINGER_MS).unref()
  }
}

/** Its time is over. */
function end(waiter: Waiter): void {
  if (waiter.last instanceof StoreError) waiter.fail(waiter.last)
  else waiter.answer(waiter.last)
}
