import type { Redis } from 'ioredis'
import { createLockMetrics } from '../../src/locks/metrics.js'
import { createLockStore, type LockStore } from '../../src/locks/store.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { createBinder } from '../../src/redis/binder.js'
import { layoutOf } from '../../src/redis/layout.js'
import type { Harness } from './harness.js'

/**
 * An instance's lock store without HTTP, with its own queue, heartbeats and sweeps.
 * @param clockMs by how much the clock of the scripts is moved
 * @param onRun called with the script's name for every answered batch
 */
export function newLockStore(
  { connection, connections }: Pick<Harness, 'connection' | 'connections'>,
  clockMs: () => number,
  onRun: (script: string) => void = () => undefined,
): LockStore {
  const clockOffsetUs = () => clockMs() * 1_000
  return createLockStore({
    binder: createBinder({ connection, observer: { batch: onRun, failure() {} }, clockOffsetUs }),
    layout: layoutOf(connection),
    pubSub: connections.pubSub,
    client: () => connection.client as Redis,
    metrics: createLockMetrics(createMetrics('test')),
    endedTtlMs: 600_000,
    clockOffsetUs,
  })
}
