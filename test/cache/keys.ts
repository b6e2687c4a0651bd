import { Partitions } from '../../src/cache/partition.js'
import type { Idempotency } from '../../src/redis/idempotency.js'
import { layoutOf } from '../../src/redis/layout.js'
import type { Harness } from '../support/harness.js'

/** The Redis keys of a cache key on the topology of the run. */
export const keysOf = (
  { connections, namespace }: Harness,
  key: string,
  space = 'users',
  idempotency?: Idempotency,
) => new Partitions(layoutOf(connections.cache), 'keep').keysOf(namespace, space, key, idempotency)
