/** An item of a heap, with its index. */
export interface Placed {
  at: number
}

/** A binary heap that moves and removes any item in O(log n), as each knows its index. */
export class Heap<T extends Placed> {
  readonly #before: (a: T, b: T) => boolean
  #items: T[] = []

  /** @param before whether `a` comes before `b` */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  get size(): number {
    return this.#items.length
  }

  /** In no particular order. */
  get items(): readonly T[] {
    return this.#items
  }

  push(item: T): void {
    item.at = this.#items.push(item) - 1
    this.#rise(item)
  }

  remove(item: T): void {
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#put(last, item.at)
    this.moved(last)
  }

  /** Call it after the order of an item has changed. */
  moved(item: T): void {
    this.#rise(item)
    this.#sink(item)
  }

  replace(items: readonly T[]): void {
    this.#items = []
    for (const item of items) this.push(item)
  }

  #rise(item: T): void {
    while (item.at > 0) {
      const parent = this.#items[(item.at - 1) >> 1] as T
      if (!this.#before(item, parent)) return
      this.#swap(item, parent)
    }
  }

  #sink(item: T): void {
    for (;;) {
      const left = this.#items[2 * item.at + 1]
      const right = this.#items[2 * item.at + 2]
      const child = left && right && this.#before(right, left) ? right : left
      if (!child || !this.#before(child, item)) return
      this.#swap(item, child)
    }
  }

  #swap(a: T, b: T): void {
    const place = a.at
    this.#put(a, b.at)
    this.#put(b, place)
  }

  #put(item: T, at: number): void {
    item.at = at
    this.#items[at] = item
  }
}
