import { LRUCache } from 'lru-cache'
import type { Binder } from './binder.js'
import { redisKey } from './keys.js'
import { addNameScript, listNamesScript, removeNameScript } from './names-scripts.js'

const DAY_MS = 86_400_000
/** Names that a process remembers to have listed. */
const MOST_LISTED = 10_000

export interface NamesOptions {
  readonly binder: Binder
  /** The last part of the keys `ls:{<namespace>:policies}:<part>` and `...:<part>:seen`. */
  readonly part: string
}

/**
 * The names of things of one kind in a namespace, such as queues. The list is in another slot than the
 * things: a process adds a name before it first writes to the thing, and again once a day, so a name
 * may be listed without its thing.
 */
export class Names {
  readonly #add
  readonly #list
  readonly #remove
  readonly #part: string
  readonly #listed = new LRUCache<string, true>({ max: MOST_LISTED, ttl: DAY_MS })

  constructor({ binder, part }: NamesOptions) {
    this.#add = binder.bind(addNameScript)
    this.#list = binder.bind(listNamesScript)
    this.#remove = binder.bind(removeNameScript)
    this.#part = part
  }

  /** Before a write to the thing. */
  async add(namespace: string, name: string): Promise<void> {
    const entry = `${namespace} ${name}`
    if (this.#listed.has(entry)) return
    await this.#add(this.#keysOf(namespace), { name })
    this.#listed.set(entry, true)
  }

  /** Names that start with `prefix` and sort after `after`, ordered by their bytes. */
  list(namespace: string, prefix: string, after: string, limit: number): Promise<string[]> {
    const { names } = this.#keysOf(namespace)
    const first = after ? `(${after}` : prefix ? `[${prefix}` : '-'
    // Names contain no byte above 0x7f.
    const last = prefix ? `(${prefix}\x7f` : '+'
    return this.#list({ names }, { first, last, limit })
  }

  /** Unlists a thing that does not exist, unless a process wrote to it within two days. */
  removeUnused(namespace: string, name: string): Promise<boolean> {
    return this.#remove(this.#keysOf(namespace), { name, unseen_ms: 2 * DAY_MS })
  }

  #keysOf(namespace: string) {
    return {
      names: redisKey(namespace, 'policies', this.#part),
      seen: redisKey(namespace, 'policies', this.#part, 'seen'),
    }
  }
}
