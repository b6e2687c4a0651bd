import { Cluster } from 'ioredis'
import { createEntryStore, type EntryStore } from '../../src/cache/entries/store.js'
import { markScript } from '../../src/cache/invalidation/scripts.js'
import { createInvalidationStore } from '../../src/cache/invalidation/store.js'
import { cancelScript, renewScript } from '../../src/cache/leases/scripts.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { layoutOf } from '../../src/redis/layout.js'
import type { Harness } from '../support/harness.js'
import { until } from '../support/until.js'
import type { Filled, Seen, WriteOutcome } from './model.js'

/** One time unit of the model; a run takes far less in real time. */
export const UNIT_MS = 100_000

/** Byte offset of the deadline in a lease; see lib/lease.lua. */
const LEASE_ENDS_AT = 32

/** Drives one key of the service, without HTTP, and answers in the terms of the model. */
export type KeyDriver = ReturnType<ReturnType<typeof createDrivers>>

/**
 * The first instance at a new server sweeps it: drops the dead entries of all namespaces, of which
 * repeats of fills are known.
 */
export async function untilSwept({ connections, redis }: Harness): Promise<void> {
  const { client } = connections.cache
  for (const server of client instanceof Cluster ? client.nodes('master') : [client]) {
    const runId = /^run_id:(\w+)/m.exec(await server.info('server'))?.[1]
    await until('the sweep of a new server', () => redis.exists(`ls:{${runId}}:swept`))
  }
  await until('the end of such sweeps', async () => {
    const sweeps = await redis.zrange('ls:{sweeps}:cache', '0', '-1')
    return !sweeps.some((sweep) => sweep.startsWith('server '))
  })
}

/** @returns a function from the name of a space, which isolates runs, to the driver of a key in it. */
export function createDrivers({ binder, connections, namespace, redis }: Harness) {
  const partitions = new Partitions(layoutOf(connections.cache), 'keep')
  const entries = createEntryStore(binder, partitions)
  const invalidation = createInvalidationStore(binder, partitions)
  const mark = binder.bind(markScript)
  const renew = binder.bind(renewScript)
  const cancel = binder.bind(cancelScript)

  return (space: string) => {
    const name = 'the key'
    const keys = partitions.keysOf(namespace, space, name)
    const key = { namespace, space, key: name }
    const policy = { ...DEFAULT_POLICY, jitter: 0 }
    const clock = () => ({ on_restart: partitions.onRestart(), space })

    return {
      key: { ...key, policy },
      keys,
      /** Simulates a Redis that evicts the clock or loses its data. */
      loseClock: () => redis.del(keys.clock),
      /** Expires the lease now, for runs that share a clock. */
      async runOut(): Promise<void> {
        if ((await redis.exists(keys.lease)) === 0) return
        const longAgo = Buffer.alloc(8)
        longAgo.writeDoubleBE(1)
        await redis.setrange(keys.lease, LEASE_ENDS_AT, longAgo)
      },
      async read(): Promise<Seen> {
        return toSeen(await entries.read({ ...key, policy }))
      },
      async ask(token: string, lasts: number, early = 0): Promise<Seen> {
        // The model does not include the growth of leases, so their length is fixed.
        const leasing = { ...policy, leaseMs: lasts * UNIT_MS, maxLeaseMs: lasts * UNIT_MS }
        return toSeen(
          await entries.read({ ...key, policy: leasing }, { lease: { token, isOwn: true, early } }),
        )
      },
      write: async (filled: Filled, fill?: string): Promise<WriteOutcome> => {
        const { kind } = await entries.write({ ...key, policy }, toWrite(filled, fill))
        return kind as WriteOutcome
      },
      remove: () => invalidation.keys(namespace, space, [name], 'hard'),
      soften: () => invalidation.keys(namespace, space, [name], 'soft'),
      /** Marks only the partition of the key: all 64 of a Cluster take too long. */
      mark: (tag: string, mode: 'soft' | 'hard') =>
        mark(
          { clock: keys.clock, absent: partitions.absentOf(namespace, partitions.of(space, name)) },
          {
            ...clock(),
            hard: mode === 'hard' ? 1 : 0,
            max_marks: 10_000,
            tight: 0,
            tags: tag === '' ? [] : [tag],
          },
        ),
      renew: (proof: string, lasts: number) =>
        renew(keys, { ...clock(), proof, lease_ms: lasts * UNIT_MS }),
      cancel: (proof: string, backoff: number) =>
        cancel(keys, { ...clock(), name, proof, backoff_ms: backoff * UNIT_MS, pass_ms: 0 }),
    }
  }
}

function toSeen({ entry, lease }: Awaited<ReturnType<EntryStore['read']>>): Seen {
  return {
    state: (entry?.state ?? 'miss') as Seen['state'],
    value: entry?.state === 'negative' ? undefined : entry?.payload?.toString(),
    lease: lease.kind,
    proof: lease.kind === 'granted' ? lease.proof : undefined,
  }
}

const toWrite = ({ value, tags, ttl, stale, error }: Filled, fill: string | undefined) => ({
  payload: Buffer.from(value ?? ''),
  isNegative: value === undefined,
  contentType: 'text/plain',
  contentEncoding: '',
  tags,
  ttlMs: ttl * UNIT_MS,
  staleMs: stale * UNIT_MS,
  errorMs: error * UNIT_MS,
  fill,
})
