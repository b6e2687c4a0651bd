import type { Binder } from './binder.js'
import type { PubSub } from './pub-sub.js'
import { randomToken } from './random.js'
import { WaitList } from './wait-list.js'
import { type Attempt, Waiter } from './waiter.js'
import { passScript } from './wakes-scripts.js'

export interface WakesOptions {
  readonly binder: Binder
  readonly pubSub: PubSub
  /** Requests that may wait here for one thing. */
  readonly maxPerThing: number
  /** A request got something, this long after it was woken. */
  readonly onServed: (seconds: number) => void
  /** An instance with waiters asks this often, in case a message was lost. Default 1,000. */
  readonly pollMs?: number
}

/** See scripts/lib/wake.lua. */
const POLL_MS = 1_000

export interface Wait<R> {
  /** What an attempt got; undefined if the time ran out, or after `leave` or `drain`. */
  readonly result: Promise<R | undefined>
  /** Ends it early. An attempt under way still decides what `result` is. */
  leave(): void
}

/**
 * The requests of this process that wait for things that scripts make ready, such as the messages of
 * a queue. A waiting request costs a timer, and neither a connection nor a poll of its own: scripts
 * register the instance and wake it (scripts/lib/wake.lua) by a message on its one channel.
 */
export class Wakes {
  readonly #options: WakesOptions
  readonly #instance = randomToken()
  readonly #pass
  /** By the key of the instances that wait for the thing. */
  readonly #lists = new Map<string, WaitList>()
  #count = 0
  #isDraining = false

  constructor(options: WakesOptions) {
    this.#options = options
    this.#pass = options.binder.bind(passScript)
    options.pubSub
      .subscribe(`ls:wakes:${this.#instance}`, (message) => this.#hear(message))
      // Without messages the waiters ask once a second.
      .catch(() => undefined)
  }

  /** Waiting requests. */
  get count(): number {
    return this.#count
  }

  /** Whether one more request may wait. */
  hasRoom(waiting: string): boolean {
    return (this.#lists.get(waiting)?.size ?? 0) < this.#options.maxPerThing
  }

  /**
   * Makes attempts until one gets something, at most for `waitMs`: one at once, the others when
   * something may be ready.
   * @param waiting the key of the instances that wait, as the script of the attempt has it
   */
  wait<R>(waiting: string, waitMs: number, attempt: Attempt<R>): Wait<R> {
    const list = this.#listOf(waiting)
    const waiter = new Waiter(attempt)
    const leave = () => list.leave(waiter)
    const timer = setTimeout(leave, waitMs)
    this.#count += 1
    const result = waiter.result.finally(() => {
      clearTimeout(timer)
      this.#count -= 1
    })
    list.add(waiter)
    if (this.#isDraining) leave()
    return { result, leave }
  }

  /** Ends all waits, and those that begin later: the instance shuts down. */
  drain(): void {
    this.#isDraining = true
    for (const list of this.#lists.values()) list.drain()
  }

  /** A wake for `ready` waiters, or, if that is 0, the time until something is ready. */
  #hear(message: string): void {
    const [ready, nextMs, ...waiting] = message.split(' ')
    const key = waiting.join(' ')
    const list = this.#lists.get(key)
    if (Number(ready) === 0) list?.wakeIn(Number(nextMs))
    else if (list) list.wake(Number(ready))
    else this.#passOn(key, Number(ready))
  }

  #listOf(waiting: string): WaitList {
    const known = this.#lists.get(waiting)
    if (known) return known
    const { pollMs = POLL_MS, onServed } = this.#options
    const list = new WaitList({
      instance: this.#instance,
      pollMs,
      onServed,
      pass: (ready) => this.#passOn(waiting, ready),
      onIdle: () => this.#lists.delete(waiting),
    })
    this.#lists.set(waiting, list)
    return list
  }

  /** If it fails, the others ask within a second. */
  #passOn(waiting: string, ready: number): void {
    this.#pass({ waiting }, { ready }).catch(() => undefined)
  }
}
