import type { CounterStore } from '../counters/store.js'
import type { EntryStore } from '../entries/store.js'
import type { InvalidationStore } from '../invalidation/store.js'
import type { ObjectStore } from '../objects/store.js'
import type { OutboxStore } from '../origins/outbox/store.js'
import type { WriteLeases } from '../origins/writing/store.js'

/** The stores that read and change keys; each decorator takes them and returns the same. */
export interface CacheStores {
  readonly entries: EntryStore
  readonly counters: CounterStore
  readonly objects: ObjectStore
  readonly invalidation: InvalidationStore
  readonly writes: WriteLeases
  readonly outbox: OutboxStore
}
