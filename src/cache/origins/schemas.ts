import Type, { type Static } from 'typebox'
import { DurationMs, ObjectName } from '../../http/names.js'
import { NAMESPACE_PATTERN } from '../../http/namespace.js'
import { exactlyOneOf } from '../../schema/exactly-one.js'

const Namespace = Type.String({
  pattern: NAMESPACE_PATTERN,
  description: 'a-z, 0-9 and -, at most 63 characters.',
})

const closed = { additionalProperties: false }

/** Keys of one warming. */
export const MAX_WARMED_KEYS = 10_000

/** Which keys are loaded before callers ask for them, and when. */
const WarmSection = Type.Object(
  {
    keys: Type.Optional(Type.Array(ObjectName, { minItems: 1, maxItems: MAX_WARMED_KEYS })),
    keysUrl: Type.Optional(Type.String({ maxLength: 2_048 })),
    onStart: Type.Optional(Type.Boolean()),
    // What is known of a warming is kept for a day.
    everyMs: Type.Optional(DurationMs(10_000, 86_400_000, '')),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    ratePerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  },
  { ...closed, ...exactlyOneOf('keys', 'keysUrl') },
)

const BackOff = Type.Object(
  {
    baseMs: Type.Optional(DurationMs(10, 3_600_000, '')),
    maxMs: Type.Optional(DurationMs(10, 3_600_000, '')),
  },
  closed,
)

const Behind = Type.Object(
  {
    intervalMs: Type.Optional(DurationMs(0, 60_000, '')),
    maxPending: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    maxPendingBytes: Type.Optional(Type.Integer({ minimum: 1_024, maximum: 4 * 1024 ** 3 })),
    maxAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    backoff: Type.Optional(BackOff),
    anyRedis: Type.Optional(Type.Boolean()),
  },
  closed,
)

/** `origin` of a space in the configuration file: the HTTP service that owns its values. */
export const OriginSection = Type.Object(
  {
    url: Type.String({ maxLength: 2_048 }),
    namespaces: Type.Optional(Type.Array(Namespace, { minItems: 1, maxItems: 1_000 })),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    headersFile: Type.Optional(Type.String({ minLength: 1 })),
    timeoutMs: Type.Optional(DurationMs(50, 60_000, '')),
    maxConcurrent: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    refreshAhead: Type.Optional(Type.Boolean()),
    ttlFrom: Type.Optional(Type.Enum(['space', 'response'])),
    read: Type.Optional(Type.Enum(['through', 'none'])),
    write: Type.Optional(Type.Enum(['none', 'through', 'behind'])),
    // With the longest time-out and its margin less than an hour: marks may not live longer.
    applyWithinMs: Type.Optional(DurationMs(0, 3_500_000, '')),
    after: Type.Optional(Type.Enum(['store', 'drop'])),
    exposeErrors: Type.Optional(Type.Boolean()),
    warm: Type.Optional(WarmSection),
    behind: Type.Optional(Behind),
  },
  closed,
)

export type OriginSettings = Static<typeof OriginSection>
