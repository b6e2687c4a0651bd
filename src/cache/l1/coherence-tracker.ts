import type { PubSub } from '../../redis/pub-sub.js'
import { hash32 } from './hash.js'

/** How long after the last proof that every message arrived. */
const IN_SYNC_MS = 750
const SLOTS = 4_096
/** Invalidated tags and spaces to remember; beyond, everything kept is dropped. */
const MAX_NAMES = 4_096
const BYTES_PER_SLOT = 12
const BYTES_PER_NAME = 150

let generations = 0

/** What was known when a read was sent. */
export interface Snapshot {
  readonly slot: number
  readonly changedAt: number
  readonly own: number
  readonly wide: number
  readonly ownWide: number
  readonly generation: number
  /** Orders reads and own invalidations of tags within this process. */
  readonly moment: number
}

/** What decides whether a kept value is current. */
export interface Judged {
  readonly space: string
  readonly tags: readonly string[]
  readonly asOf: number
  readonly since: Snapshot
}

export interface CoherenceTrackerOptions {
  readonly channel: string
  readonly pubSub: PubSub
  /** A key changed at this clock: drop what was kept before it. */
  readonly onKey: (space: string, key: string, clk: number) => void
  /** Messages were missed, or may have been. */
  readonly onGap: () => void
}

/**
 * Tracks the changes of one partition. Every message carries its clock and that of the message before
 * it, so the next message shows that one was lost; the answer to a ping on the same connection shows
 * that the last one was not.
 *
 * A kept value is judged by `asOf`, the clock that its read returned: a change with a later clock
 * came after the read, one with an earlier clock is already in the value. Changes that this process
 * makes itself are noted when they are sent, because their clock is not known then.
 */
export class CoherenceTracker {
  /** When a read of the partition was last answered, on the clock of the caller. */
  readAt = Number.NEGATIVE_INFINITY
  readonly #options: CoherenceTrackerOptions
  readonly #endings: (() => void)[]
  readonly #listener = (message: string) => this.#hear(message)
  /** The highest clock heard of, per hash of a key. */
  readonly #slots = new Float64Array(SLOTS)
  /** Own changes, per hash of a key. */
  readonly #own = new Uint32Array(SLOTS)
  /** The highest clock of a change of tags or spaces, whose keys are not known. */
  #wide = 0
  #ownWide = 0
  readonly #names = new Map<string, number>()
  readonly #ownNames = new Map<string, number>()
  #last: number | undefined
  /** Unique in the process: a value that was kept under another tracker is not current here. */
  #generation = ++generations
  /** Values of an earlier generation are not even served in an outage. */
  #floor = this.#generation
  #moment = 0
  /** The moment of the last gap: without a read since, another gap loses nothing. */
  #gapAt = 0

  constructor(options: CoherenceTrackerOptions) {
    this.#options = options
    const { pubSub, channel } = options
    this.#endings = [
      pubSub.onGap(() => this.#gap()),
      () => pubSub.unsubscribe(channel, this.#listener),
    ]
    // Until the subscription is confirmed nothing is in sync; `signals` asks again until then.
    pubSub.subscribe(channel, this.#listener).catch(() => undefined)
  }

  /** Stops listening; values that were kept under this tracker are not served any more. */
  close(): void {
    for (const end of this.#endings) end()
  }

  /** About its size in memory. */
  get bytes(): number {
    return SLOTS * BYTES_PER_SLOT + BYTES_PER_NAME * (this.#names.size + this.#ownNames.size)
  }

  /** Whether the value of a read that is sent now may be kept. */
  hears(): boolean {
    return this.#options.pubSub.hears(this.#options.channel)
  }

  /** Whether kept values may be served without asking Redis. */
  isInSync(): boolean {
    const { pubSub, channel } = this.#options
    return this.hears() && pubSub.silentForMs(channel) <= IN_SYNC_MS
  }

  /** When Redis last answered on the pub/sub connection, by `performance.now()`. */
  answeredAt(): number {
    return this.#options.pubSub.answeredAt(this.#options.channel)
  }

  /** Take it before a read is sent. */
  snapshot(space: string, key: string): Snapshot {
    const slot = slotOf(space, key)
    return {
      slot,
      changedAt: this.#slots[slot] as number,
      own: this.#own[slot] as number,
      wide: this.#wide,
      ownWide: this.#ownWide,
      generation: this.#generation,
      moment: ++this.#moment,
    }
  }

  /** Whether nothing has changed since: another caller may then share the in-flight read. */
  isUnchanged(since: Snapshot): boolean {
    const { slot, changedAt, wide } = since
    return this.#slots[slot] === changedAt && this.#wide === wide && !this.#isPast(since)
  }

  /** Whether the reply of a read can be kept: no later change is known. */
  admits(since: Snapshot, asOf: number): boolean {
    const heardOf = Math.max(this.#slots[since.slot] as number, this.#wide)
    return heardOf <= asOf && !this.#isPast(since)
  }

  /** Whether a kept value is current, as far as messages say. */
  holds(kept: Judged): boolean {
    return kept.since.generation === this.#generation && this.#isUntouched(kept)
  }

  /** Whether a kept value may be served while Redis does not answer: no change of it is known. */
  outlives(kept: Judged): boolean {
    return kept.since.generation >= this.#floor && this.#isUntouched(kept)
  }

  /** This process changes a key, or may have. */
  changeKey(space: string, key: string): void {
    const slot = slotOf(space, key)
    this.#own[slot] = (this.#own[slot] as number) + 1
  }

  /** This process invalidates a tag; '' is the whole space. */
  changeName(space: string, tag: string): void {
    this.#ownWide += 1
    this.#note(this.#ownNames, nameOf(space, tag), ++this.#moment)
  }

  #isPast({ slot, own, ownWide, generation }: Snapshot): boolean {
    return this.#own[slot] !== own || this.#ownWide !== ownWide || this.#generation !== generation
  }

  #isUntouched({ space, tags, asOf, since }: Judged): boolean {
    const names = this.#names.size > 0
    const ownNames = this.#ownNames.size > 0
    if (!names && !ownNames) return true
    for (const name of [nameOf(space, ''), ...tags.map((tag) => nameOf(space, tag))]) {
      if (names && (this.#names.get(name) ?? 0) > asOf) return false
      if (ownNames && (this.#ownNames.get(name) ?? 0) > since.moment) return false
    }
    return true
  }

  #hear(message: string): void {
    const [prev = '', clk = '', kind = '', space = '', ...name] = message.split(' ')
    // A wake-up changes nothing, and has no clock of its own.
    if (kind === 'w') return
    // 0: the clock is new, and what was noted in the one before it is lost.
    if (prev === '0' || (this.#last !== undefined && Number(prev) !== this.#last)) this.#gap()
    this.#last = Number(clk)
    this.#apply(kind, space, name.join(' '), Number(clk))
  }

  #apply(kind: string, space: string, name: string, clk: number): void {
    if (kind === 'k') {
      const slot = slotOf(space, name)
      this.#slots[slot] = Math.max(this.#slots[slot] as number, clk)
      this.#options.onKey(space, name, clk) // @place message-about-a-key
      return
    }
    this.#wide = Math.max(this.#wide, clk)
    if (kind === 't' || kind === 'f') this.#note(this.#names, nameOf(space, name), clk)
    // The whole partition, or a message of a later version of the service.
    else this.#dropAll()
  }

  #note(names: Map<string, number>, name: string, at: number): void {
    names.set(name, at)
    if (names.size > MAX_NAMES) this.#dropAll()
  }

  #gap(): void {
    this.#last = undefined
    // While a connection is made again, gaps follow each other.
    if (this.#gapAt === this.#moment) return
    this.#gapAt = this.#moment
    this.#generation = ++generations
    this.#options.onGap()
  }

  #dropAll(): void {
    this.#generation = ++generations
    this.#floor = this.#generation
    this.#names.clear()
    this.#ownNames.clear()
  }
}

const slotOf = (space: string, key: string): number => hash32(nameOf(space, key)) & (SLOTS - 1)

/** No space holds a colon. */
const nameOf = (space: string, name: string): string => `${space}:${name}`
