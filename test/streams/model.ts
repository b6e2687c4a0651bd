import { numberOf } from './stores.js'

export interface ModelSettings {
  readonly capacity: number
  readonly maxBytes: number
  readonly refuses: boolean
  /** Steps after which an entry is too old; undefined for never. */
  readonly age: number | undefined
}

interface ModelEntry {
  readonly id: string
  readonly text: string
  readonly step: number
}

/** A stream as an array, with a clock of steps. */
export class StreamModel {
  readonly #settings: ModelSettings
  #entries: ModelEntry[] = []
  #step = 0
  /** Number of the newest entry that was dropped, and of the newest one. */
  #gone = 0
  #last = 0
  exists = false

  constructor(settings: ModelSettings) {
    this.#settings = settings
  }

  advance(steps: number): void {
    this.#step += steps
  }

  /** @returns the bound that refuses so many entries, or undefined */
  refusal(texts: readonly string[]): 'capacity' | 'maxBytes' | undefined {
    const { capacity, maxBytes, refuses } = this.#settings
    if (!refuses) return undefined
    const before = this.#entries.length
    this.#dropOld()
    const fits = this.#entries.length + texts.length <= capacity
    if (fits && this.bytes + bytesOf(texts) <= maxBytes) return undefined
    // A stream ends with the last of its entries that is too old.
    if (before > 0 && this.#entries.length === 0) this.remove()
    return fits ? 'maxBytes' : 'capacity'
  }

  append(ids: readonly string[], texts: readonly string[]): void {
    this.exists = true
    for (const [at, id] of ids.entries()) {
      this.#last = numberOf(id)
      this.#entries.push({ id, text: texts[at] as string, step: this.#step })
    }
    this.#dropOld()
    const { capacity, maxBytes } = this.#settings
    while (this.#entries.length > capacity || this.bytes > maxBytes) this.#drop()
  }

  removeEntry(id: string): boolean {
    const before = this.#entries.length
    this.#entries = this.#entries.filter((entry) => entry.id !== id)
    return this.#entries.length < before
  }

  remove(): boolean {
    const { exists } = this
    if (exists) this.#gone = this.#last
    this.exists = false
    this.#entries = []
    return exists
  }

  /** Entries after a position that were dropped. */
  missed(after: string): number {
    return Math.max(0, this.#goneNow() - (after === 'start' ? 0 : numberOf(after)))
  }

  read(after: string, before: string, order: 'asc' | 'desc', limit: number) {
    const from = after === 'start' ? 0 : after === 'end' ? this.#last : numberOf(after)
    const to = before === 'end' ? Number.POSITIVE_INFINITY : numberOf(before)
    const range = this.#entries.filter(({ id, step }) => {
      const number = numberOf(id)
      return number > from && number < to && !this.#isOld(step)
    })
    if (order === 'desc') range.reverse()
    return { texts: range.slice(0, limit).map(({ text }) => text), more: range.length > limit }
  }

  get last(): number {
    return this.#last
  }

  get bytes(): number {
    return bytesOf(this.#entries.map(({ text }) => text))
  }

  /** Stored, the old ones included. */
  get stored(): readonly string[] {
    return this.#entries.map(({ id }) => id)
  }

  #isOld(step: number): boolean {
    const { age } = this.#settings
    return age !== undefined && this.#step - step >= age
  }

  #goneNow(): number {
    const old = this.#entries.filter(({ step }) => this.#isOld(step))
    return Math.max(this.#gone, ...old.map(({ id }) => numberOf(id)))
  }

  #dropOld(): void {
    while (this.#entries[0] && this.#isOld(this.#entries[0].step)) this.#drop()
  }

  #drop(): void {
    this.#gone = numberOf((this.#entries.shift() as ModelEntry).id)
  }
}

const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + 3 + text.length, 0)
