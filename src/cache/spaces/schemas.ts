import Type from 'typebox'
import { DocumentSource } from '../../http/documents.js'
import { DurationMs, ResourceName } from '../../http/names.js'
import { MAX_LIFE_MS } from '../entries/schemas.js'
import { MAX_LEASE_MS, MIN_LEASE_MS } from '../leases/schemas.js'
import { DEFAULT_L1, DEFAULT_POLICY, MAX_VALUE_BYTES } from './policy.js'
import { MAX_SPACES } from './usage.js'

const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description: `${description} ${minimum} to ${maximum}.` })

const L1Fields = {
  policy: Type.Enum(['lru', 'lfu', 'ttl'], {
    description: `What goes first for lack of room. lru: what was used longest ago. lfu: what is asked for least (W-TinyLFU). ttl: what ends soonest. Default ${DEFAULT_L1.policy}.`,
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
    `How long values are still served once Redis does not answer. Default ${DEFAULT_L1.outageMs}.`,
  ),
}

const PolicyFields = {
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
    `How long the one who loads has for it, before another may. Default ${DEFAULT_POLICY.leaseMs}.`,
  ),
  maxLeaseMs: DurationMs(
    MIN_LEASE_MS,
    MAX_LEASE_MS,
    `A lease grows to twice what the last load of the key took, or the lease that ran out before it; at most to this, and never below \`leaseMs\`. Default ${DEFAULT_POLICY.maxLeaseMs}.`,
  ),
  earlyRefreshBeta: Type.Number({
    minimum: 0,
    maximum: 100,
    description: `How eagerly fresh values are loaded anew before they end, by reads with \`lease\`: with probability exp(-t / (beta * d)), where t is the time that is left and d the time of the last load; 0 for never. Default ${DEFAULT_POLICY.earlyRefreshBeta}.`,
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

const closed = { additionalProperties: false }

const off = Type.Literal('off', { description: 'Not in memory.' })

export const SpaceRequest = Type.Object(
  {
    ...Type.Partial(Type.Object(PolicyFields)).properties,
    l1: Type.Optional(
      Type.Union([off, Type.Object(Type.Partial(Type.Object(L1Fields)).properties, closed)], {
        description: 'Keep values in the memory of each process as well. Default off.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      { ttlMs: 60_000, staleMs: 30_000, errorMs: 3_600_000 },
      { ttlMs: 3_600_000, idleMs: 600_000, l1: { maxEntries: 1_000, policy: 'lfu' } },
    ],
  },
)

const EXAMPLE = {
  name: 'users',
  ttlMs: 60_000,
  staleMs: 0,
  errorMs: 0,
  negativeTtlMs: 60_000,
  idleMs: 0,
  jitter: 0.1,
  leaseMs: 10_000,
  maxLeaseMs: 60_000,
  earlyRefreshBeta: 1,
  maxValueBytes: 1_048_576,
  requirePrecondition: false,
  l1: { ...DEFAULT_L1, policy: 'lfu' },
  version: 1,
  source: 'api',
}

export const SpaceResponse = Type.Object(
  {
    name: ResourceName,
    ...PolicyFields,
    l1: Type.Union([off, Type.Object(L1Fields)]),
    version: Type.Integer({ description: 'Of the policy; the ETag is made of it.' }),
    source: DocumentSource,
  },
  {
    description: 'The policy with all that it leaves to the defaults.',
    examples: [EXAMPLE],
  },
)

const reads = (what: string) => Type.Integer({ description: `Reads that ${what}.` })

const Usage = Type.Object(
  {
    hits: reads('found a fresh value'),
    stale: reads('were served a stale value'),
    negative: reads('found that the key is known to have no value'),
    misses: reads('found nothing'),
    fills: Type.Integer({ description: 'Values stored under a lease.' }),
    l1Bytes: Type.Integer({
      description: 'Bytes in the memory of the process, overhead included.',
    }),
  },
  {
    description: `Seen by the process that answers, since it started; sum it over all instances. It counts for the ${MAX_SPACES} spaces that it used last, and begins at 0 with one that it had forgotten.`,
  },
)

export const UsedSpaceResponse = Type.Object(
  { ...SpaceResponse.properties, usage: Usage },
  {
    description: 'The policy with all that it leaves to the defaults, and how the space is used.',
    examples: [
      {
        ...EXAMPLE,
        usage: { hits: 912, stale: 3, negative: 0, misses: 41, fills: 38, l1Bytes: 18_420 },
      },
    ],
  },
)

export const SpaceList = Type.Object(
  { spaces: Type.Array(SpaceResponse) },
  { description: 'All spaces of the namespace that have a policy, by name.' },
)
