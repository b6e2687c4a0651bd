import Type, { type Static, type TObject } from 'typebox'
import { DurationMs } from '../../http/names.js'
import { MAX_LIFE_MS, MAX_VALUE_BYTES } from '../entries/schemas.js'
import { MAX_LEASE_MS, MIN_LEASE_MS } from '../leases/schemas.js'
import { leaseMsOf, type OriginPolicy, toOriginPolicy } from '../origins/policy.js'
import type { OriginSettings } from '../origins/schemas.js'

/** Of a space that keeps values in memory. */
export const DEFAULT_L1 = Object.freeze({
  enabled: true,
  maxEntries: 10_000,
  maxBytes: 64 * 1024 * 1024,
  ttlMs: 60_000,
  eviction: 'lru',
  outageMs: 0,
})

export const DEFAULT_POLICY = Object.freeze({
  ttlMs: 300_000,
  staleMs: 0,
  errorMs: 0,
  negativeTtlMs: 60_000,
  idleMs: 0,
  jitter: 0.1,
  leaseMs: 10_000,
  maxLeaseMs: 60_000,
  maxValueBytes: 1024 * 1024,
  earlyRefreshBeta: 1,
  requirePrecondition: false,
  l1: Object.freeze({ ...DEFAULT_L1, enabled: false }),
})

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description: `${description} ${minimum} to ${maximum}.` })

export const L1Fields = {
  enabled: Type.Boolean({
    description: 'Whether values are kept in memory. Default true in an `l1` that is sent.',
  }),
  eviction: Type.Enum(['lru', 'lfu', 'ttl'], {
    title: 'L1Eviction',
    description: `What is evicted first. lru: the least recently used. lfu: the least frequently used (W-TinyLFU). ttl: what expires soonest. Default ${DEFAULT_L1.eviction}.`,
  }),
  maxEntries: whole(1, 1_000_000, `Values per process. Default ${DEFAULT_L1.maxEntries}.`),
  maxBytes: whole(
    1_024,
    4 * 1024 ** 3,
    `Bytes per process, keys and overhead included. Default ${DEFAULT_L1.maxBytes}.`,
  ),
  ttlMs: DurationMs(
    1,
    MAX_LIFE_MS,
    `Longest time that a value is served from memory. Default ${DEFAULT_L1.ttlMs}.`,
  ),
  outageMs: DurationMs(
    0,
    MAX_LIFE_MS,
    `How long values are served from memory while Redis does not answer. Default ${DEFAULT_L1.outageMs}.`,
  ),
}

export const PolicyFields = {
  ttlMs: DurationMs(1, MAX_LIFE_MS, `Fresh for. Default ${DEFAULT_POLICY.ttlMs}.`),
  staleMs: DurationMs(0, MAX_LIFE_MS, `Then served stale for. Default ${DEFAULT_POLICY.staleMs}.`),
  errorMs: DurationMs(
    0,
    MAX_LIFE_MS,
    `Served stale for so long instead, once a load failed or its lease ran out, until one succeeds. Default ${DEFAULT_POLICY.errorMs}.`,
  ),
  negativeTtlMs: DurationMs(
    1,
    MAX_LIFE_MS,
    `How long it is known that a key has no value. Default ${DEFAULT_POLICY.negativeTtlMs}.`,
  ),
  idleMs: DurationMs(
    0,
    MAX_LIFE_MS,
    'Ends after so long without use, give or take a tenth; 0 for never. Default 0.',
  ),
  jitter: Type.Number({
    minimum: 0,
    maximum: 1,
    description: `Up to this share is taken off the time that a value is fresh, at random, so that what was stored together does not end together. Default ${DEFAULT_POLICY.jitter}.`,
  }),
  leaseMs: DurationMs(
    MIN_LEASE_MS,
    MAX_LEASE_MS,
    `How long a loader has before another may load. Default ${DEFAULT_POLICY.leaseMs}.`,
  ),
  maxLeaseMs: DurationMs(
    MIN_LEASE_MS,
    MAX_LEASE_MS,
    `A lease grows to twice what the last load of the key took, or the lease that ran out before it; at most to this, and never below \`leaseMs\`. Default ${DEFAULT_POLICY.maxLeaseMs}.`,
  ),
  earlyRefreshBeta: Type.Number({
    minimum: 0,
    maximum: 100,
    description: `How eagerly fresh values are refreshed before they end, by reads with \`lease\`: with probability exp(-t / (beta * d)), where t is the time that is left and d the time of the last load; 0 for never. Default ${DEFAULT_POLICY.earlyRefreshBeta}.`,
  }),
  maxValueBytes: whole(
    1,
    MAX_VALUE_BYTES,
    `Largest value, and all fields of an object. Default ${DEFAULT_POLICY.maxValueBytes}.`,
  ),
  requirePrecondition: Type.Boolean({
    description: 'Refuse a PUT without If-Match, If-None-Match or a lease (428). Default false.',
  }),
}

/** How a space keeps values in the memory of each process. */
export type L1Policy = Readonly<Static<TObject<typeof L1Fields>>>

/** How one kind of data is cached. */
export type SpacePolicy = Readonly<Static<TObject<typeof PolicyFields>>> & {
  readonly l1: L1Policy
  /** Where missing values are loaded from; of spaces of the configuration file only. */
  readonly origin?: OriginPolicy
}

/** A policy as a caller sent it: every field may be left to the default. */
export type SentPolicy = Partial<Omit<SpacePolicy, 'l1'>> & {
  readonly l1?: Partial<L1Policy>
}

/** A policy of the configuration file, which may hold secrets of its origin. */
export type FiledPolicy = Omit<SentPolicy, 'origin'> & { readonly origin?: OriginSettings }

export const withoutSecrets = ({ origin, ...policy }: FiledPolicy): SentPolicy =>
  origin ? { ...policy, origin: toOriginPolicy(origin) } : policy

export function toPolicy({ l1, ...sent }: SentPolicy): SpacePolicy {
  const leaseMs = sent.origin && leaseMsOf(sent.origin)
  return {
    ...DEFAULT_POLICY,
    ...sent,
    ...(leaseMs !== undefined && { leaseMs, maxLeaseMs: leaseMs }),
    l1: l1 ? { ...DEFAULT_L1, ...l1 } : DEFAULT_POLICY.l1,
  }
}
