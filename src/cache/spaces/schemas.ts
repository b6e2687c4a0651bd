import Type from 'typebox'
import { DocumentSource } from '../../http/documents.js'
import { ResourceName } from '../../http/names.js'
import { PageOf } from '../../http/pages.js'
import { DEFAULT_L1, DEFAULT_POLICY, L1Fields, PolicyFields } from './policy.js'
import { MAX_SPACES } from './usage.js'

const closed = { additionalProperties: false }

const off = Type.Literal('off', { description: 'Not in memory.' })

const Settings = {
  ...Type.Partial(Type.Object(PolicyFields)).properties,
  l1: Type.Optional(
    Type.Union([off, Type.Object(Type.Partial(Type.Object(L1Fields)).properties, closed)], {
      description: 'Keep values in the memory of each process as well. Default off.',
    }),
  ),
}

export const SpaceRequest = Type.Object(Settings, {
  ...closed,
  examples: [
    { ttlMs: 60_000, staleMs: 30_000, errorMs: 3_600_000 },
    { ttlMs: 3_600_000, idleMs: 600_000, l1: { maxEntries: 1_000, policy: 'lfu' } },
  ],
})

export const PatchSpaceRequest = Type.Object(Settings, {
  ...closed,
  minProperties: 1,
  examples: [{ ttlMs: 120_000 }, { l1: 'off' }],
})

/** `spaces:` of the configuration file, by name; they hold in every namespace. */
export const SpaceSection = Type.Record(ResourceName, SpaceRequest, {
  default: {},
  additionalProperties: Type.Never(),
})

const EXAMPLE = {
  name: 'users',
  ...DEFAULT_POLICY,
  ttlMs: 60_000,
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

export const SpaceList = PageOf(SpaceResponse, {
  title: 'CacheSpaceList',
  description: 'Spaces of the namespace that have settings, by name.',
  examples: [{ items: [EXAMPLE], nextCursor: 'dXNlcnM' }],
})
