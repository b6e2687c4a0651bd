import type { Client } from '../../domain.js'
import { StoreError } from '../../redis/errors.js'
import type { PubSub } from '../../redis/pub-sub.js'
import type { CacheKey, LeaseOffer, LeveledReply, ReadOptions } from '../entries/store.js'
import type { Partitions } from '../partition.js'
import { Channel } from './channel.js'
import { SingleFlight, type Waiter } from './single-flight.js'

export interface WaitOptions {
  readonly waitMs: number
  readonly client?: Client | undefined
}

export interface WaitListOptions {
  readonly partitions: Partitions
  readonly pubSub: PubSub
  readonly read: (key: CacheKey, options: ReadOptions) => Promise<LeveledReply>
  readonly cancel: (key: CacheKey, proof: string) => Promise<unknown>
}

/** A subscription costs a round trip, so it is kept for the next wait. */
const LINGER_MS = 10_000

/**
 * The requests of this process that wait for keys to be loaded. A waiting request costs a timer, and
 * neither a connection nor a poll: a message about the key sets off one read for all that wait for it.
 */
export class WaitList {
  readonly #options: WaitListOptions
  /** By name; with the timer that closes a channel on which no request waits. */
  readonly #channels = new Map<string, { channel: Channel; idle?: NodeJS.Timeout }>()
  #count = 0

  constructor(options: WaitListOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /**
   * Waits until the key can be served, or its lease is granted, or `waitMs` is over.
   * @param last the reply that made the request wait; its answer if nothing else comes
   */
  wait(
    key: CacheKey,
    options: ReadOptions,
    offer: LeaseOffer,
    last: LeveledReply,
    { waitMs, client }: WaitOptions,
  ): Promise<LeveledReply> {
    const { flight, close } = this.#join(key, options)
    return new Promise((resolve, reject) => {
      const ending =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          flight.remove(waiter)
          this.#count -= 1
          clearTimeout(timer)
          client?.off('close', timeOut)
          if (flight.waiters.size === 0) close()
          settle(value)
        }
      const waiter: Waiter = { offer, last, answer: ending(resolve), fail: ending(reject) }
      const timeOut = () => end(waiter)
      const timer = setTimeout(timeOut, waitMs)
      client?.once('close', timeOut)
      flight.add(waiter)
      this.#count += 1
    })
  }

  /** Answers every waiter with the result of its last read: the instance shuts down. */
  drain(): void {
    for (const { channel } of this.#channels.values()) {
      for (const flight of channel.flights()) {
        for (const waiter of flight.waiters) end(waiter)
      }
    }
  }

  #join(key: CacheKey, options: ReadOptions): { flight: SingleFlight; close: () => void } {
    const { partitions, read, cancel } = this.#options
    const channelName = partitions.clockOf(key.namespace, partitions.of(key.space, key.key))
    const channel = this.#channelOf(channelName)
    const name = `${key.space} ${key.key}`
    const accepts = `${options.maxStaleMs} ${options.minFreshMs} ${options.grantsNone}`
    const known = channel.find(name, accepts)
    const flight =
      known ??
      new SingleFlight({
        read: (lease) => read(key, { ...options, lease, skipL1: true }),
        cancel: (proof) => cancel(key, proof),
      })
    if (!known) {
      channel.add(name, accepts, flight)
      // A change before messages arrive is seen by a read that is sent once they do. Waiters that
      // join later need none: each change after their own read sets off another.
      void channel.listens.then(() => flight.refresh())
    }
    const close = () => {
      channel.remove(name, accepts)
      if (channel.isIdle) this.#closeLater(channelName)
    }
    return { flight, close }
  }

  #channelOf(name: string): Channel {
    const known = this.#channels.get(name)
    clearTimeout(known?.idle)
    if (known) return known.channel
    const channel = new Channel(this.#options.pubSub, name)
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

/** Ends the wait with the result of the last read. */
function end(waiter: Waiter): void {
  if (waiter.last instanceof StoreError) waiter.fail(waiter.last)
  else waiter.answer(waiter.last)
}
