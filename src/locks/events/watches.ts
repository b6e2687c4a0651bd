import type { Binder } from '../../redis/binder.js'
import type { LockCalls, Place } from '../lock-calls.js'
import { type Beginning, type LockEvent, type News, watchScript } from './scripts.js'

/** A client that listens to the events of one lock. */
export interface Listener {
  /** The first answer, or a new start because events after its last one are gone. */
  onBegin(beginning: Beginning): void
  onEvent(event: LockEvent): void
  /** It takes no more until `resume`. */
  isBehind(): boolean
}

export interface Subscription {
  resume(): void
  close(): void
}

/** Reads what followed the event `after`, '' for none, and extends the watch of this instance. */
type Read = (after: string) => Promise<Beginning | News>

/** Well below WATCH_MS: a missed reading, or two, do not end the watch. */
const READ_EVERY_MS = 5_000
const RETRY_MS = 500
/** Events are recorded for a minute after the last watcher left, for clients that reconnect. */
const WATCH_MS = 70_000
const READ_AT_ONCE = 100

class Subscriber implements Subscription {
  cursor: string
  readonly listener: Listener
  readonly #watch: Watch
  #reading = false
  #again = false

  constructor(watch: Watch, listener: Listener, cursor: string) {
    this.#watch = watch
    this.listener = listener
    this.cursor = cursor
  }

  /** Takes what was read for all subscribers, from the event `before` on. */
  offer(before: string, reply: Beginning | News): void {
    if (this.#reading || this.cursor !== before) this.resume()
    else if (reply.kind === 'news') this.take(reply)
    else this.begin(reply)
  }

  /** Events that it does not take are read again later: they cost no memory here. */
  take({ events, last }: News): void {
    for (const event of events) {
      if (this.listener.isBehind()) return
      this.listener.onEvent(event)
      this.cursor = event.id
    }
    this.cursor = last
  }

  begin(beginning: Beginning): void {
    this.cursor = beginning.last
    this.listener.onBegin(beginning)
  }

  /** Reads for this subscriber alone, until it has what the others have. */
  readonly resume = (): void => {
    this.#again = true
    if (this.#reading) return
    this.#reading = true
    this.#catchUp()
      .catch(() => this.#watch.readLater())
      .finally(() => {
        this.#reading = false
      })
  }

  readonly close = (): void => {
    this.#watch.remove(this)
  }

  async #catchUp(): Promise<void> {
    while (this.#again && !this.listener.isBehind() && this.#watch.has(this)) {
      this.#again = false
      const reply = await this.#watch.read(this.cursor)
      if (reply.kind === 'beginning') this.begin(reply)
      else {
        this.take(reply)
        if (reply.more) this.#again = true
      }
    }
  }
}

/** One lock with subscribers here: read once for all of them. */
class Watch {
  readonly read: Read
  readonly #onIdle: () => void
  readonly #subscribers = new Set<Subscriber>()
  /** Subscribers whose first reading is under way. */
  #joining = 0
  /** The last event that was read for all. */
  #cursor = ''
  #timer: NodeJS.Timeout | undefined
  #reading = false
  #again = false

  constructor(read: Read, onIdle: () => void) {
    this.read = read
    this.#onIdle = onIdle
  }

  has(subscriber: Subscriber): boolean {
    return this.#subscribers.has(subscriber)
  }

  async add(listener: Listener, after: string): Promise<Subscription> {
    const subscriber = new Subscriber(this, listener, after)
    this.#joining += 1
    const reply = await this.read(after).catch((error) => {
      this.#joining -= 1
      this.#forgetIfIdle()
      throw error
    })
    this.#joining -= 1
    this.#subscribers.add(subscriber)
    if (reply.kind === 'news') subscriber.take(reply)
    else subscriber.begin(reply)
    if (this.#subscribers.size === 1) {
      this.#cursor = reply.last
      this.#arm(READ_EVERY_MS)
    }
    // The others may have more events by now, and those in between reached nobody here.
    if (subscriber.cursor !== this.#cursor) subscriber.resume()
    return subscriber
  }

  remove(subscriber: Subscriber): void {
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
    const reply = await this.read(before)
    this.#cursor = reply.last
    if (reply.kind === 'news' && reply.more) this.#again = true
    for (const subscriber of this.#subscribers) {
      subscriber.offer(before, reply)
    }
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#subscribers.size === 0) return
    this.#timer = setTimeout(() => void this.readAll(), ms)
    this.#timer.unref()
  }
}

/** The locks that are watched here, by their keys. */
export class Watches {
  readonly #calls: LockCalls
  readonly #instance: string
  readonly #run
  readonly #byKey = new Map<string, Watch>()

  /** @param instance the one whose channel announces news */
  constructor(binder: Binder, calls: LockCalls, instance: string) {
    this.#calls = calls
    this.#instance = instance
    this.#run = binder.bind(watchScript)
  }

  /**
   * @param after id of the last event it saw, '' for none
   * @throws StoreError where the first reading fails
   */
  async watch(place: Place, after: string, listener: Listener): Promise<Subscription> {
    const key = place.keys[0] as string
    let watch = this.#byKey.get(key)
    if (!watch) {
      const opened: Watch = new Watch(
        (from) => this.#read(place, from),
        () => {
          if (this.#byKey.get(key) === opened) this.#byKey.delete(key)
        },
      )
      watch = opened
      this.#byKey.set(key, opened)
    }
    return watch.add(listener, after)
  }

  readonly announce = (key: string): void => {
    void this.#byKey.get(key)?.readAll()
  }

  /** Messages may have been missed. */
  readonly readAll = (): void => {
    for (const watch of this.#byKey.values()) watch.readLater()
  }

  async #read({ bucket, keys }: Place, after: string): Promise<Beginning | News> {
    const reply = await this.#run(
      { lock: keys[0] as string },
      { instance: this.#instance, watch_ms: WATCH_MS, after, max: READ_AT_ONCE },
    )
    this.#calls.note(bucket, reply)
    return reply
  }
}
