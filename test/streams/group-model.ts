import { numberOf } from './stores.js'

interface Handed {
  deliveries: number
  failures: number
  /** Of its last delivery; undefined when it is ready again. */
  receipt: string | undefined
  /** Step at which its visibility ends, and its place among those that end with it. */
  due: number
  order: number
}

export interface GroupModelSettings {
  readonly capacity: number
  readonly maxFailures: number
  /** Steps. */
  readonly visibility: number
}

/** A stream and one group of it as plain lists, with a clock of steps. */
export class GroupModel {
  readonly #settings: GroupModelSettings
  /** Ids of the entries that are there. */
  #log: string[] = []
  /** Numbers: the newest entry, the newest one that was dropped, the newest one handed out. */
  #last = 0
  #gone = 0
  #position = 0
  #step = 0
  #order = 0
  readonly #handed = new Map<string, Handed>()
  /** Receipts of before the last seek. */
  readonly #old = new Set<string>()
  readonly #receipts = new Set<string>()
  dead: string[] = []
  trimmed = 0
  dropped = 0

  constructor(settings: GroupModelSettings) {
    this.#settings = settings
  }

  append(ids: readonly string[]): void {
    this.#log.push(...ids)
    this.#last = numberOf(ids.at(-1) as string)
    while (this.#log.length > this.#settings.capacity) {
      this.#gone = numberOf(this.#log.shift() as string)
    }
  }

  delete(id: string): void {
    this.#log = this.#log.filter((one) => one !== id)
  }

  advance(steps: number): void {
    this.#step += steps
  }

  seek(to: 'start' | 'end'): void {
    for (const receipt of this.#receipts) this.#old.add(receipt)
    this.#handed.clear()
    this.#position = to === 'start' ? this.#gone : this.#last
  }

  /** What a receive delivers: ids, deliveries and failures. */
  receive(limit: number): (readonly [id: string, deliveries: number, failures: number])[] {
    this.#skip()
    const taken: string[] = []
    for (const id of this.#due()) {
      if (taken.length === limit && this.#log.includes(id)) break
      const one = this.#handed.get(id) as Handed
      if (one.receipt !== undefined) one.failures += 1
      if (!this.#log.includes(id)) this.#drop(id)
      else if (one.receipt !== undefined && this.#isDead(one)) this.#bury(id)
      else taken.push(id)
    }
    const fresh = this.#log.filter((id) => numberOf(id) > this.#position)
    for (const id of fresh.slice(0, limit - taken.length)) {
      this.#handed.set(id, { deliveries: 0, failures: 0, receipt: undefined, due: 0, order: 0 })
      this.#position = numberOf(id)
      taken.push(id)
    }
    // Nothing but deleted entries follows.
    if (this.#log.every((id) => numberOf(id) <= this.#position)) this.#position = this.#last
    return taken.map((id) => {
      const one = this.#handed.get(id) as Handed
      one.deliveries += 1
      one.due = this.#step + this.#settings.visibility
      one.order = this.#order++
      return [id, one.deliveries, one.failures]
    })
  }

  /** The receipts of what a receive delivered. */
  note(deliveries: readonly { readonly id: string; readonly receipt: string }[]): void {
    for (const { id, receipt } of deliveries) {
      ;(this.#handed.get(id) as Handed).receipt = receipt
      this.#receipts.add(receipt)
    }
  }

  settle(
    kind: 'ack' | 'nack' | 'dead' | 'release' | 'extend',
    id: string,
    receipt: string,
  ): string {
    if (this.#old.has(receipt)) return 'stale'
    const one = this.#handed.get(id)
    if (!one) return this.dead.includes(id) || numberOf(id) > this.#position ? 'stale' : 'gone'
    if (one.receipt !== receipt) return 'stale'
    if (kind === 'ack') {
      this.#handed.delete(id)
      return 'acked'
    }
    if (one.due <= this.#step) return 'stale'
    if (kind === 'extend') {
      one.due = this.#step + this.#settings.visibility
      one.order = this.#order++
      return 'extended'
    }
    if (kind === 'release') {
      one.receipt = undefined
      return 'released'
    }
    one.failures += 1
    if (kind === 'nack' && !this.#isDead(one)) {
      one.receipt = undefined
      return 'retrying'
    }
    if (this.#log.includes(id)) {
      this.#bury(id)
      return 'dead'
    }
    this.#drop(id)
    return 'gone'
  }

  get counts() {
    const all = [...this.#handed.values()]
    const leased = all.filter(({ receipt, due }) => receipt !== undefined && due > this.#step)
    const unread = Math.max(0, this.#gone - this.#position)
    return {
      lag: this.#last - Math.max(this.#position, this.#gone),
      leased: leased.length,
      ready: all.length - leased.length,
      trimmedUnread: this.trimmed + unread,
      dropped: this.dropped,
      dead: this.dead.length,
    }
  }

  /** Ready again first, by their number; then those whose visibility ended, by when it began. */
  #due(): string[] {
    const due = [...this.#handed].filter(
      ([, { receipt, due: at }]) => receipt === undefined || at <= this.#step,
    )
    const rank = (one: Handed) => (one.receipt === undefined ? -1 : one.order)
    return due
      .sort(([a, x], [b, y]) => rank(x) - rank(y) || numberOf(a) - numberOf(b))
      .map(([id]) => id)
  }

  #skip(): void {
    if (this.#gone <= this.#position) return
    this.trimmed += this.#gone - this.#position
    this.#position = this.#gone
  }

  #isDead({ failures }: Handed): boolean {
    return this.#settings.maxFailures > 0 && failures >= this.#settings.maxFailures
  }

  #bury(id: string): void {
    this.#handed.delete(id)
    this.dead = [...this.dead.filter((one) => one !== id), id]
  }

  #drop(id: string): void {
    this.#handed.delete(id)
    this.dropped += 1
  }
}
