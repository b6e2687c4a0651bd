import type { PubSub } from './pub-sub.js'

/** What a script read for a watcher: what followed an event, or a new start. */
export type Reading<Event, Start> =
  | {
      readonly kind: 'news'
      /** The place to read on from. */
      readonly last: string
      /** Whether more follows. */
      readonly more: boolean
      readonly events: readonly Event[]
    }
  | ({ readonly kind: 'beginning'; readonly last: string; readonly more: boolean } & Start)

/** A client that listens to the events of one thing. */
export interface Listener<Event, Start> {
  /** The first answer, or a new start because events after its last one are gone. */
  onBegin(start: Start & { readonly last: string }): void
  onEvent(event: Event): void
  /** It takes no more until `resume`. */
  isBehind(): boolean
}

export interface Subscription {
  /** The place after what the listener took. */
  readonly cursor: string
  resume(): void
  close(): void
}

/** Reads what followed the place `after`, and extends the watch of this instance to WATCH_MS. */
type Read<Event, Start> = (after: string) => Promise<Reading<Event, Start>>

interface Numbered {
  readonly id: string
}

/** How long an instance is notified after its last reading. */
export const WATCH_MS = 70_000
/** Well below WATCH_MS: a missed reading, or two, do not end the watch. */
const READ_EVERY_MS = 5_000
const RETRY_MS = 500

class Subscriber<Event extends Numbered, Start> implements Subscription {
  cursor: string
  readonly listener: Listener<Event, Start>
  readonly #watch: Watch<Event, Start>
  #reading = false
  #again = false

  constructor(watch: Watch<Event, Start>, listener: Listener<Event, Start>, cursor: string) {
    this.#watch = watch
    this.listener = listener
    this.cursor = cursor
  }

  /** Takes what was read for all subscribers, from the place `before` on. */
  offer(before: string, reading: Reading<Event, Start>): void {
    if (this.#reading || this.cursor !== before) this.resume()
    else this.take(reading)
  }

  /** Events that it does not take are read again later: they cost no memory here. */
  take(reading: Reading<Event, Start>): void {
    if (reading.kind === 'beginning') {
      this.cursor = reading.last
      this.listener.onBegin(reading)
      return
    }
    for (const event of reading.events) {
      if (this.listener.isBehind()) return
      this.listener.onEvent(event)
      this.cursor = event.id
    }
    this.cursor = reading.last
  }

  /** Reads for this subscriber alone, until it has what the others have. */
  readonly resume = (): void => {
    this.#again = true
    if (!this.#reading) void this.#catchUp()
  }

  readonly close = (): void => {
    this.#watch.remove(this)
  }

  async #catchUp(): Promise<void> {
    this.#reading = true
    try {
      while (this.#again && !this.listener.isBehind() && this.#watch.has(this)) {
        this.#again = false
        const reading = await this.#watch.read(this.cursor)
        this.take(reading)
        if (reading.more) this.#again = true
      }
    } catch {
      this.#watch.readLater()
    } finally {
      // In the turn of the last look at `#again`: what sets it later begins to read.
      this.#reading = false
    }
  }
}

/** One thing with subscribers here: read once for all of them. */
class Watch<Event extends Numbered, Start> {
  readonly read: Read<Event, Start>
  readonly #onIdle: () => void
  readonly #subscribers = new Set<Subscriber<Event, Start>>()
  /** Subscribers whose first reading is under way. */
  #joining = 0
  /** The place up to which was read for all. */
  #cursor = ''
  #timer: NodeJS.Timeout | undefined
  #reading = false
  #again = false

  constructor(read: Read<Event, Start>, onIdle: () => void) {
    this.read = read
    this.#onIdle = onIdle
  }

  has(subscriber: Subscriber<Event, Start>): boolean {
    return this.#subscribers.has(subscriber)
  }

  async add(listener: Listener<Event, Start>, after: string): Promise<Subscription> {
    const subscriber = new Subscriber(this, listener, after)
    this.#joining += 1
    const reading = await this.read(after).catch((error) => {
      this.#joining -= 1
      this.#forgetIfIdle()
      throw error
    })
    this.#joining -= 1
    this.#subscribers.add(subscriber)
    subscriber.take(reading)
    if (this.#subscribers.size === 1) {
      this.#cursor = reading.last
      // A message during the first reading found nobody to read for.
      if (this.#again) void this.readAll()
      else this.#arm(READ_EVERY_MS)
    }
    // The others may have more events by now, and those in between reached nobody here.
    if (reading.more || subscriber.cursor !== this.#cursor) subscriber.resume()
    return subscriber
  }

  remove(subscriber: Subscriber<Event, Start>): void {
    this.#subscribers.delete(subscriber)
    this.#forgetIfIdle()
  }

  #forgetIfIdle(): void {
    if (this.#joining > 0 || this.#subscribers.size > 0) return
    clearTimeout(this.#timer)
    this.#onIdle()
  }

  readLater(): void {
    this.#arm(RETRY_MS)
  }

  /** Runs when a message announces news, and every READ_EVERY_MS in case a message was lost. */
  async readAll(): Promise<void> {
    this.#again = true
    if (this.#reading) return
    this.#reading = true
    try {
      while (this.#again && this.#subscribers.size > 0) {
        this.#again = false
        await this.#readOnce()
      }
      this.#arm(READ_EVERY_MS)
    } catch {
      this.readLater()
    } finally {
      this.#reading = false
    }
  }

  async #readOnce(): Promise<void> {
    const before = this.#cursor
    const reading = await this.read(before)
    this.#cursor = reading.last
    if (reading.more) this.#again = true
    for (const subscriber of this.#subscribers) {
      subscriber.offer(before, reading)
    }
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#subscribers.size === 0) return
    this.#timer = setTimeout(() => void this.readAll(), ms)
    this.#timer.unref()
  }
}

/**
 * The things of a domain that are watched here, by their keys. Scripts register the instance and
 * announce news to it (scripts/lib/watchers.lua) by a message on its one channel.
 */
export class Watches<Event extends Numbered, Start> {
  readonly #byKey = new Map<string, Watch<Event, Start>>()

  /** @param instance the one that scripts register: no other `Watches` has it */
  constructor(pubSub: PubSub, instance: string) {
    pubSub
      .subscribe(`ls:events:${instance}`, (key) => void this.#byKey.get(key)?.readAll())
      // Without messages it reads every READ_EVERY_MS.
      .catch(() => undefined)
    pubSub.onGap(() => {
      for (const watch of this.#byKey.values()) watch.readLater()
    })
  }

  /**
   * @param key as scripts announce it
   * @param after the place of the last event seen, as `read` takes it
   * @param read is used for all listeners of the key while there are any
   * @throws StoreError where the first reading fails
   */
  async watch(
    key: string,
    after: string,
    read: Read<Event, Start>,
    listener: Listener<Event, Start>,
  ): Promise<Subscription> {
    let watch = this.#byKey.get(key)
    if (!watch) {
      const opened: Watch<Event, Start> = new Watch(read, () => {
        if (this.#byKey.get(key) === opened) this.#byKey.delete(key)
      })
      watch = opened
      this.#byKey.set(key, opened)
    }
    return watch.add(listener, after)
  }
}
