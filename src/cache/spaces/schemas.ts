import Type from 'typebox'
import { DocumentSource, PatchOf } from '../../http/documents.js'
import { ETagHeader } from '../../http/etag.js'
import { ResourceName } from '../../http/names.js'
import { PageOf } from '../../http/pages.js'
import { OriginSection } from '../origins/schemas.js'
import { DEFAULT_L1, DEFAULT_POLICY, L1Fields, PolicyFields } from './policy.js'
import { MAX_SPACES } from './usage.js'

const closed = { additionalProperties: false }

/** In answers all fields are there; one type, so that what was read can be changed and sent. */
const L1Settings = Type.Object(Type.Partial(Type.Object(L1Fields)).properties, {
  ...closed,
  title: 'L1Settings',
  description:
    'How values are kept in the memory of each process, in front of Redis. Default: they are not.',
})

const Settings = {
  ...Type.Partial(Type.Object(PolicyFields)).properties,
  l1: Type.Optional(L1Settings),
}

export const SpaceRequest = Type.Object(Settings, {
  ...closed,
  title: 'CacheSpaceSettings',
  examples: [
    { ttlMs: 60_000, staleMs: 30_000, errorMs: 3_600_000 },
    { ttlMs: 3_600_000, idleMs: 600_000, l1: { maxEntries: 1_000, eviction: 'lfu' } },
  ],
})

export const PatchSpaceRequest = PatchOf(Settings, {
  title: 'PatchCacheSpaceRequest',
  examples: [{ ttlMs: 120_000 }, { l1: { enabled: false } }],
})

const FiledSpace = Type.Object({ ...Settings, origin: Type.Optional(OriginSection) }, closed)

/** `spaces:` of the configuration file, by name; they hold in every namespace. */
export const SpaceSection = Type.Record(ResourceName, FiledSpace, {
  default: {},
  additionalProperties: Type.Never(),
})

const EXAMPLE = {
  name: 'users',
  ...DEFAULT_POLICY,
  ttlMs: 60_000,
  l1: { ...DEFAULT_L1, eviction: 'lfu' },
  version: 1_795_223_400_123_456,
  source: 'api',
}

const StoredSpace = Type.Object(
  {
    name: { ...ResourceName, description: 'Name of the space.' },
    ...PolicyFields,
    l1: L1Settings,
    version: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Grows with every change; the ETag is made of it.',
    }),
    source: DocumentSource,
  },
  {
    title: 'CacheSpace',
    description: 'The settings of the space, with the defaults of those that it leaves out.',
    examples: [EXAMPLE],
  },
)

export const SpaceResponse = { ...StoredSpace, headers: ETagHeader }

const count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })

const Usage = Type.Object(
  {
    hits: count('Reads that found a fresh value.'),
    stale: count('Reads that were served a stale value.'),
    negative: count('Reads that found that the key is known to have no value.'),
    misses: count('Reads that found nothing.'),
    fills: count('Values stored under a lease.'),
    l1Bytes: count('Bytes in the memory of the process, overhead included.'),
  },
  {
    title: 'CacheSpaceUsage',
    description: `Seen by the process that answers, since it started; sum it over all instances. It counts for the ${MAX_SPACES} spaces that it used last, and begins at 0 with one that it had forgotten.`,
  },
)

export const UsedSpaceResponse = Type.Object(
  { ...StoredSpace.properties, usage: Usage },
  {
    headers: ETagHeader,
    title: 'UsedCacheSpace',
    description: 'The settings of the space, and how it is used.',
    examples: [
      {
        ...EXAMPLE,
        usage: { hits: 912, stale: 3, negative: 0, misses: 41, fills: 38, l1Bytes: 18_420 },
      },
    ],
  },
)

export const SpaceList = PageOf(StoredSpace, {
  title: 'CacheSpaceList',
  description: 'Spaces of the namespace that have settings, by name.',
  examples: [{ items: [EXAMPLE], nextCursor: 'dXNlcnM' }],
})
