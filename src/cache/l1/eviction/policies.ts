import type { L1Policy } from '../../spaces/policy.js'
import { LruPolicy } from './lru.js'
import type { Evictable, EvictionOptions, EvictionPolicy } from './policy.js'
import { TinyLfuPolicy } from './tiny-lfu.js'
import { TtlPolicy } from './ttl.js'

export function createEvictionPolicy<T extends Evictable>(
  eviction: L1Policy['eviction'],
  options: EvictionOptions,
): EvictionPolicy<T> {
  switch (eviction) {
    case 'lru':
      return new LruPolicy<T>(options)
    case 'lfu':
      return new TinyLfuPolicy<T>(options)
    case 'ttl':
      return new TtlPolicy<T>(options)
  }
}
