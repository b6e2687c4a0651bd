import Type from 'typebox'
import { DocumentSource, PatchOf } from '../../http/documents.js'
import { ETagHeader } from '../../http/etag.js'
import { DurationMs, ObjectName, ResourceName } from '../../http/names.js'
import { PageOf } from '../../http/pages.js'
import { ALGORITHM_NAMES } from '../algorithms/algorithms.js'
import { AuthzTemplateSchema } from '../authz/schemas.js'

export const YEAR_MS = 31_622_400_000
export const DAY_MS = 86_400_000
/** The largest limit, and the largest cost of one call. */
export const MAX_COST = 1_000_000_000

const Int = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description })

export const PolicyFields = {
  algorithm: Type.Enum(ALGORITHM_NAMES, {
    title: 'RateLimitAlgorithm',
    default: 'gcra',
    description: 'How it is counted. token-bucket is another name of gcra. Default gcra.',
  }),
  limit: Int(1, MAX_COST, 'Cost per window, 1 to 1000000000; concurrency: weight in flight.'),
  windowMs: Type.Optional(DurationMs(1, YEAR_MS, 'Length of the window.')),
  burst: Type.Optional(
    Int(1, MAX_COST, 'gcra: cost that may come at once, 1 to 1000000000. Default: limit.'),
  ),
  align: Type.Optional(
    Type.Enum(['epoch', 'first-hit', 'calendar'], {
      title: 'WindowAlignment',
      description:
        'fixed-window: windows begin at multiples of windowMs since 1970 (epoch, the default), at the ' +
        'first call, or with the periods of a calendar in a time zone.',
    }),
  ),
  period: Type.Optional(
    Type.Enum(['minute', 'hour', 'day', 'week', 'month', 'year'], {
      title: 'CalendarPeriod',
      description: 'Windows of a calendar: replaces windowMs.',
    }),
  ),
  timeZone: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        'Windows of a calendar: IANA name of the zone, at most 64 characters. Default UTC.',
    }),
  ),
  anchorDay: Type.Optional(
    Int(
      1,
      31,
      'Windows of a calendar: the day a week begins with, 1 (Monday) to 7 (Sunday), or the day of ' +
        'the month a month or year begins with, 1 to 31, at most its last. Default 1.',
    ),
  ),
  anchorMonth: Type.Optional(
    Int(1, 12, 'Windows of a calendar: the month a year begins with, 1 to 12. Default 1.'),
  ),
  buckets: Type.Optional(Int(1, 60, 'sliding-window: number of buckets, 1 to 60. Default 1.')),
  mode: Type.Optional(
    Type.Enum(['weighted', 'strict'], {
      title: 'SlidingWindowMode',
      description:
        'sliding-window: the oldest bucket counts by its share of the window (weighted, the default), ' +
        'or in full.',
    }),
  ),
  maxDelayMs: Type.Optional(DurationMs(0, DAY_MS, 'leaky-bucket: the longest delay of a call.')),
  leaseMs: Type.Optional(
    DurationMs(100, DAY_MS, 'concurrency: lifetime of a lease that is not renewed.'),
  ),
  shadow: Type.Optional(
    Type.Boolean({
      description: 'true: counts and reports as if enforced, but never denies. Default false.',
    }),
  ),
  group: Type.Optional({
    ...ResourceName,
    description:
      'Limits of one group can be checked together on a Redis Cluster, even for different keys. ' +
      'Another group starts afresh. At most 128 characters. Default: none.',
  }),
  onError: Type.Optional(
    Type.Enum(['open', 'closed', 'local'], {
      title: 'RateLimitOnError',
      description:
        'When Redis does not answer in time. open: allow. closed: 503. local: every instance grants its share of the limit from memory. One closed limit makes a check of several a 503. Default open.',
    }),
  ),
}

/** Leases need a stored policy: a renewal does not repeat the parameters of the limit. */
const { leaseMs: _, ...COUNTING_FIELDS } = PolicyFields
const COUNTING_NAMES = ALGORITHM_NAMES.filter((name) => name !== 'concurrency')

/** The fields of a limit in a request: inline, or empty for a stored policy. Without defaults. */
export const InlineFields = {
  ...COUNTING_FIELDS,
  algorithm: Type.Optional(
    Type.Enum(COUNTING_NAMES, {
      title: 'CountingAlgorithm',
      description: 'Inline limit: how it is counted. Default gcra.',
    }),
  ),
  limit: Type.Optional({
    ...PolicyFields.limit,
    description: 'Inline limit, required there: cost per window, 1 to 1000000000.',
  }),
}

export const PolicyParams = Type.Object({
  policy: {
    ...ResourceName,
    description: 'Name of a stored policy: 1 to 128 letters, digits, . _ @ - (not first).',
  },
})

const SubjectList = (what: string) =>
  Type.Optional(
    Type.Array(ObjectName, {
      maxItems: 1_000,
      description:
        `Subjects that ${what}: text, or addresses and networks of IPv4 and IPv6 ` +
        '(`192.0.2.0/24`). The most specific entry wins; deny wins if both lists have the same entry. ' +
        'At most 1000. Default: none.',
    }),
  )

/** A stored policy; its lists and authz are not for inline limits. */
const StoredFields = {
  ...PolicyFields,
  allow: SubjectList('are never limited, and not counted'),
  deny: SubjectList('are always denied'),
  authz: Type.Optional(AuthzTemplateSchema),
}

export const PolicyRequest = Type.Object(StoredFields, {
  title: 'RateLimitPolicySettings',
  additionalProperties: false,
  examples: [
    { limit: 100, windowMs: 60_000, burst: 20 },
    {
      algorithm: 'fixed-window',
      align: 'calendar',
      period: 'month',
      timeZone: 'Europe/Berlin',
      limit: 10_000,
    },
    { algorithm: 'sliding-window', mode: 'strict', buckets: 10, limit: 100, windowMs: 60_000 },
    { algorithm: 'sliding-log', limit: 5, windowMs: 900_000 },
    { algorithm: 'leaky-bucket', limit: 10, windowMs: 1_000, maxDelayMs: 2_000 },
    { limit: 300, windowMs: 60_000, authz: { key: ['address'] } },
    { algorithm: 'concurrency', limit: 3, leaseMs: 30_000 },
  ],
})

export const PolicyPatch = PatchOf(StoredFields, {
  title: 'PatchRateLimitPolicyRequest',
  examples: [{ limit: 200 }, { shadow: true, onError: 'closed' }],
})

const EXAMPLE = {
  name: 'api',
  algorithm: 'gcra',
  limit: 100,
  windowMs: 60_000,
  burst: 20,
  version: 1_795_248_000_000_000,
  maxInAnyWindow: 120,
  source: 'api',
}

/** Versions count microseconds since 1970. */
export const Version = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Grows with every change; the ETag is made of it.',
})

const StoredPolicy = Type.Object(
  {
    name: { ...ResourceName, description: 'Name of the policy.' },
    ...StoredFields,
    version: Version,
    maxInAnyWindow: Int(
      1,
      2 * MAX_COST,
      'The most cost that any span as long as the window can see.',
    ),
    source: DocumentSource,
    findings: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Likely mistakes, such as a key that visitors choose freely. Absent: none.',
      }),
    ),
  },
  {
    title: 'RateLimitPolicy',
    description: 'The policy, and the bound it guarantees.',
    examples: [EXAMPLE],
  },
)

export const PolicyResponse = { ...StoredPolicy, headers: ETagHeader }

export const PolicyList = PageOf(StoredPolicy, {
  title: 'RateLimitPolicyList',
  description: 'Policies of the namespace, by name.',
  examples: [{ items: [EXAMPLE] }],
})
