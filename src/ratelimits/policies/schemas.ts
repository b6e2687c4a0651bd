import Type from 'typebox'
import { DocumentSource } from '../../http/documents.js'
import { ObjectName, ResourceName } from '../../http/names.js'
import { ALGORITHM_NAMES } from '../algorithms/algorithms.js'
import { AuthzTemplateSchema } from '../authz/schemas.js'

const YEAR_MS = 31_622_400_000
const DAY_MS = 86_400_000

export const PolicyFields = {
  algorithm: Type.Enum(ALGORITHM_NAMES, {
    default: 'gcra',
    description: 'How it is counted. token-bucket is another name of gcra. Default gcra.',
  }),
  limit: Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    description: 'Cost per window.',
  }),
  windowMs: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: YEAR_MS,
      description: `Length of the window. Milliseconds, 1 to ${YEAR_MS}.`,
    }),
  ),
  burst: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'gcra: cost that may come at once. Default: limit.',
    }),
  ),
  align: Type.Optional(
    Type.Enum(['epoch', 'first-hit', 'calendar'], {
      description:
        'fixed-window: windows begin at multiples of windowMs since 1970 (default), at the first ' +
        'call, or with the periods of a calendar, whose length the clock of the zone decides.',
    }),
  ),
  period: Type.Optional(
    Type.Enum(['minute', 'hour', 'day', 'week', 'month', 'year'], {
      description: 'Windows of a calendar: takes the place of windowMs.',
    }),
  ),
  timeZone: Type.Optional(
    Type.String({
      maxLength: 64,
      description: 'Windows of a calendar: IANA name of the zone. Default UTC.',
    }),
  ),
  anchorDay: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 31,
      description:
        'Windows of a calendar: the day a week begins with, 1 (Monday) to 7 (Sunday), or the day ' +
        'of the month a month or year begins with, at most its last. Default 1.',
    }),
  ),
  anchorMonth: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 12,
      description: 'Windows of a calendar: the month a year begins with. Default 1.',
    }),
  ),
  buckets: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 60,
      description: 'sliding-window: buckets it is counted in, 1 to 60. Default 1.',
    }),
  ),
  mode: Type.Optional(
    Type.Enum(['weighted', 'strict'], {
      description:
        'sliding-window: the oldest bucket counts by its share of the window (default), or in full.',
    }),
  ),
  maxDelayMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: DAY_MS,
      description: `leaky-bucket: how long a call may be told to wait. Milliseconds, 0 to ${DAY_MS}.`,
    }),
  ),
  leaseMs: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: DAY_MS,
      description:
        'concurrency: how long a lease lives unless it is renewed. ' +
        `Milliseconds, 100 to ${DAY_MS}.`,
    }),
  ),
  shadow: Type.Optional(
    Type.Boolean({
      description:
        'true: counts as if enforced and says so in its result, but never denies. Default false.',
    }),
  ),
  group: Type.Optional({
    ...ResourceName,
    description:
      'Limits of one group can be checked together on a Redis Cluster, whatever their keys. ' +
      'Another group starts afresh.',
  }),
  onError: Type.Optional(
    Type.Enum(['open', 'closed', 'local'], {
      description:
        'When Redis does not answer in time. open: allow. closed: 503. local: every instance grants its share of the limit from memory. Of several limits, one that is closed makes the check a 503. Default open.',
    }),
  ),
}

/** Leases are of stored policies: whoever renews one does not know how it was made. */
const { leaseMs: _, ...COUNTING_FIELDS } = PolicyFields
const COUNTING_NAMES = ALGORITHM_NAMES.filter((name) => name !== 'concurrency')

/** The same, where nothing is filled in: a limit that stands in a request, or names a policy. */
export const InlineFields = {
  ...COUNTING_FIELDS,
  algorithm: Type.Optional(Type.Enum(COUNTING_NAMES, { description: 'Default gcra.' })),
  limit: Type.Optional(PolicyFields.limit),
}

/** `/v1/ratelimits/policies/check` could mean two things. */
export const PolicyName = Type.String({
  pattern: '^(?!policies$)[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$',
  description:
    'Starts with a letter or digit; then letters, digits, . _ @ -; at most 128. Not "policies".',
})

export const PolicyParams = Type.Object({ policy: PolicyName })

const SubjectList = (what: string) =>
  Type.Optional(
    Type.Array(ObjectName, {
      maxItems: 1_000,
      description:
        `Subjects that ${what}: as they are written, or addresses and networks of IPv4 and IPv6 ` +
        '(`192.0.2.0/24`). Of several entries the one that says the most of a subject holds; of the ' +
        'same in both lists, deny. At most 1000.',
    }),
  )

/** What only a policy can say, not a limit that stands in a request. */
const StoredFields = {
  ...PolicyFields,
  allow: SubjectList('are never limited, and not counted'),
  deny: SubjectList('are always denied'),
  authz: Type.Optional(AuthzTemplateSchema),
}

export const PolicyRequest = Type.Object(StoredFields, {
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

export const PolicyResponse = Type.Object(
  {
    name: ResourceName,
    ...StoredFields,
    version: Type.Integer({ description: 'Grows with every change; the ETag.' }),
    maxInAnyWindow: Type.Integer({
      description: 'The most cost that any span as long as the window can see.',
    }),
    source: DocumentSource,
    findings: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What is allowed, and seldom meant: a key that visitors choose freely.',
      }),
    ),
  },
  { description: 'The policy, and the bound it guarantees.', examples: [EXAMPLE] },
)

export const PolicyList = Type.Object(
  { policies: Type.Array(PolicyResponse) },
  { description: 'All policies of the namespace, by name.', examples: [{ policies: [EXAMPLE] }] },
)
