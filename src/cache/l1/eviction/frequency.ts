import { hash32, remix } from '../hash.js'

const ROWS = 4
const MAX_COUNT = 15
/** Counters per row and kept key: more keys are seen than kept, and few may share a counter. */
const WIDTH = 4
/** Sightings per key after which all counters are halved, so that old popularity fades. */
const SAMPLE = 10

/**
 * How often a key was seen lately, 0 to 15: a count-min sketch of four rows with conservative
 * update, which counts too low only by halving. A byte per counter, where four bits would do, takes
 * 16 to 32 bytes per entry and halves the work.
 */
export class Frequency {
  readonly #mask: number
  readonly #rows: Uint8Array
  readonly #sampleSize: number
  #seen = 0

  /** @param keys about how many keys matter at a time. */
  constructor(keys: number) {
    const matter = Math.max(16, keys)
    const width = 2 ** Math.ceil(Math.log2(matter * WIDTH))
    this.#mask = width - 1
    this.#rows = new Uint8Array(width * ROWS)
    this.#sampleSize = matter * SAMPLE
  }

  of(key: string): number {
    const hash = hash32(key)
    let least = MAX_COUNT
    for (let row = 0; row < ROWS; row++) {
      least = Math.min(least, this.#rows[this.#at(hash, row)] as number)
    }
    return least
  }

  saw(key: string): void {
    const hash = hash32(key)
    const least = this.of(key)
    if (least < MAX_COUNT) {
      for (let row = 0; row < ROWS; row++) {
        const at = this.#at(hash, row)
        if (this.#rows[at] === least) this.#rows[at] = least + 1
      }
    }
    this.#seen += 1
    if (this.#seen >= this.#sampleSize) this.#halve()
  }

  #halve(): void {
    this.#seen >>= 1
    for (let i = 0; i < this.#rows.length; i++) this.#rows[i] = (this.#rows[i] as number) >> 1
  }

  #at(hash: number, row: number): number {
    return row * (this.#mask + 1) + (remix(hash, row + 1) & this.#mask)
  }
}
