import Type from 'typebox'
import { PatchOf } from '../../http/documents.js'
import { ETagHeader } from '../../http/etag.js'
import { DurationMs } from '../../http/names.js'
import { PageOf } from '../../http/pages.js'
import { closed, Key, SubjectFields } from '../checks/schemas.js'
import { MAX_COST, PolicyFields, PolicyParams, Version, YEAR_MS } from '../policies/schemas.js'

export const BlockRequest = Type.Object(
  { key: Key, ttlMs: DurationMs(1, YEAR_MS, 'How long every check of the subject is denied.') },
  {
    ...closed,
    title: 'BlockRateLimitSubjectRequest',
    examples: [{ key: 'user-7', ttlMs: 600_000 }],
  },
)

const BlockFields = {
  ...SubjectFields,
  expiresInMs: Type.Integer({
    minimum: 0,
    maximum: YEAR_MS,
    description: 'Time until the block ends. Milliseconds.',
  }),
}

export const BlockResponse = Type.Object(
  {
    ...BlockFields,
    changed: Type.Boolean({ description: 'False: the subject was blocked before.' }),
  },
  {
    title: 'RateLimitBlockChange',
    description: 'The block of the subject now.',
    examples: [{ policy: 'api', key: 'user-7', expiresInMs: 600_000, changed: true }],
  },
)

const Block = Type.Object(BlockFields, {
  title: 'RateLimitBlock',
  description: 'A subject whose checks are denied.',
})

export const BlockList = PageOf(Block, {
  title: 'RateLimitBlockList',
  description: 'Blocked subjects, by the bytes of their keys.',
  examples: [{ items: [{ policy: 'api', key: 'user-7', expiresInMs: 599_990 }] }],
})

export const OverrideParams = Type.Object({ ...PolicyParams.properties, key: Key })

const OverrideFields = {
  limit: {
    ...PolicyFields.limit,
    description: 'Cost per window for this subject alone, 1 to 1000000000.',
  },
  burst: Type.Optional({
    ...PolicyFields.burst,
    description:
      'gcra: cost that may come at once, 1 to 1000000000. Default: the burst of the policy, or limit ' +
      'without one.',
  }),
  ttlMs: Type.Optional(DurationMs(1, YEAR_MS, 'How long it holds. Default: until it is deleted.')),
}

export const OverrideRequest = Type.Object(OverrideFields, {
  ...closed,
  title: 'RateLimitOverrideSettings',
  examples: [{ limit: 1_000, ttlMs: 86_400_000 }],
})

export const OverridePatch = PatchOf(OverrideFields, {
  title: 'PatchRateLimitOverrideRequest',
  examples: [{ limit: 2_000 }, { ttlMs: 86_400_000 }],
})

const EXAMPLE = {
  policy: 'api',
  key: 'user-7',
  limit: 1_000,
  burst: 20,
  version: 1_795_248_000_000_000,
}

const StoredOverride = Type.Object(
  {
    ...SubjectFields,
    limit: OverrideFields.limit,
    burst: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_COST,
        description: 'gcra: cost that may come at once. Absent for other algorithms.',
      }),
    ),
    expiresInMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: YEAR_MS,
        description: 'Time until it ends. Milliseconds; absent: it holds until it is deleted.',
      }),
    ),
    version: Version,
  },
  {
    title: 'RateLimitOverride',
    description: 'The override of the subject.',
    examples: [{ ...EXAMPLE, expiresInMs: 86_399_990 }],
  },
)

export const OverrideResponse = { ...StoredOverride, headers: ETagHeader }

export const OverrideList = PageOf(StoredOverride, {
  title: 'RateLimitOverrideList',
  description: 'Subjects with an override, by the bytes of their keys.',
  examples: [{ items: [EXAMPLE], nextCursor: 'dXNlci03' }],
})
