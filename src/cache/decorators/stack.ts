import type { FrequentKeys } from '../../metrics/frequent-keys.js'
import type { L1 } from '../l1/l1.js'
import type { LeaseStore } from '../leases/store.js'
import type { LeaseMetrics } from '../metrics.js'
import type { Partitions } from '../partition.js'
import type { SpaceUsages } from '../spaces/usage.js'
import type { CacheStores } from './cache-stores.js'
import { withFillCount } from './fill-count.js'
import { withL1 } from './l1.js'
import { withMemoryLimit } from './memory-limit.js'
import { createGuardOf, withReadTimeout } from './read-timeout.js'

export interface StackOptions {
  readonly partitions: Partitions
  readonly l1: L1
  readonly hotKeys: FrequentKeys
  readonly leases: Pick<LeaseStore, 'abandon'>
  readonly metrics: LeaseMetrics
  readonly usages: SpaceUsages
  readonly readTimeoutMs: number
  /** @see Reach */
  readonly serverOf: (clock: string) => string
  /** Whether the server of a clock has no room for the cache. */
  readonly isTightAt: (clock: () => string) => boolean
}

/**
 * The stores as routes use them. A call passes L1 first, then the read timeout, the memory limit and
 * the count of fills.
 */
export function decorate(options: StackOptions, stores: CacheStores): CacheStores {
  const { partitions, leases, metrics, usages, readTimeoutMs, serverOf, isTightAt } = options
  const counted = { ...stores, entries: withFillCount(metrics, usages, stores.entries) }
  const limited = withMemoryLimit(isTightAt, partitions, counted)
  const guardOf = createGuardOf(readTimeoutMs, partitions, serverOf)
  return withL1(options, withReadTimeout(guardOf, leases.abandon, limited))
}
