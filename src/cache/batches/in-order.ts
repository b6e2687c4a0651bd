import type { CacheKey } from '../entries/store.js'

/** Runs what concerns one key one after another, also where one fails; different keys run together. */
export function chains<T>(): (key: CacheKey, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<T>>()
  return ({ space, key }, run) => {
    // No space holds a colon.
    const name = `${space}:${key}`
    const before = last.get(name)
    const current = before ? before.then(run, run) : run()
    last.set(name, current)
    return current
  }
}
