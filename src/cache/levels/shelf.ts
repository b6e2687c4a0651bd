import type { L1Policy } from '../spaces/policy.js'
import { LruShelf } from './lru.js'
import { TinyLfuShelf } from './tiny-lfu.js'
import { TtlShelf } from './ttl.js'

/** What a shelf must know of a thing to keep it. */
export interface Shelved {
  /** Bytes, all in all. */
  readonly weight: number
  /** When it ends, on the clock of whoever uses the shelf. */
  readonly expiresAt: number
}

/** Things by key, bounded in number and in bytes; which of them go is what the policies differ in. */
export interface Shelf<T extends Shelved> {
  /** Counts as a use. */
  get(key: string): T | undefined
  /** Without counting as a use. */
  peek(key: string): T | undefined
  /** May evict others, and may itself not be kept. */
  set(key: string, thing: T): void
  delete(key: string): void
  /** Removes what the policy values least, if anything is there. */
  evict(): void
  clear(): void
  readonly size: number
  readonly bytes: number
}

export interface ShelfOptions {
  readonly maxEntries: number
  readonly maxBytes: number
  /** A thing had to go for lack of room. */
  readonly onEvict: () => void
}

export function createShelf<T extends Shelved>(
  policy: L1Policy['policy'],
  options: ShelfOptions,
): Shelf<T> {
  switch (policy) {
    case 'lru':
      return new LruShelf<T>(options)
    case 'lfu':
      return new TinyLfuShelf<T>(options)
    case 'ttl':
      return new TtlShelf<T>(options)
  }
}
