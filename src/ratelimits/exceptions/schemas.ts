import Type, { type TSchema } from 'typebox'
import { DurationMs, ObjectName, ResourceName } from '../../http/names.js'
import { closed, Key } from '../checks/schemas.js'
import { PolicyFields, YEAR_MS } from '../policies/schemas.js'

export const BlockRequest = Type.Object(
  { key: Key, forMs: DurationMs(1, YEAR_MS, 'How long every check is denied.') },
  { ...closed, examples: [{ key: 'user-7', forMs: 600_000 }] },
)

export const BlockResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    changed: Type.Boolean({
      description: 'False: it was already blocked, or already not blocked.',
    }),
    blockedForMs: Type.Integer({ description: 'Time until the block ends; 0: not blocked.' }),
  },
  {
    description: 'The block of the subject now.',
    examples: [{ policy: 'api', key: 'user-7', changed: true, blockedForMs: 600_000 }],
  },
)

export const ListQuery = Type.Object(
  {
    limit: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1_000,
      description: 'Subjects per page, 1 to 1000. A page may hold fewer.',
    }),
    cursor: Type.Optional(
      Type.String({ maxLength: 1_024, description: '`nextCursor` of the previous page.' }),
    ),
  },
  closed,
)

const Page = <T extends TSchema>(item: T, description: string, examples: object[]) =>
  Type.Object(
    {
      items: Type.Array(item),
      nextCursor: Type.Optional(
        Type.String({ description: 'Of the next page; absent on the last one.' }),
      ),
    },
    { description, examples },
  )

export const BlockList = Page(
  Type.Object({
    policy: ResourceName,
    key: ObjectName,
    blockedForMs: Type.Integer({ description: 'Time until the block ends.' }),
  }),
  'Blocked subjects, ordered by the bytes of their keys.',
  [{ items: [{ policy: 'api', key: 'user-7', blockedForMs: 599_990 }] }],
)

export const OverrideParams = Type.Object({ policy: ResourceName, key: ObjectName })

export const OverrideRequest = Type.Object(
  {
    limit: { ...PolicyFields.limit, description: 'Cost per window, for this subject alone.' },
    burst: Type.Optional({
      ...PolicyFields.burst,
      description:
        'gcra: cost that may come at once. Default: the burst of the policy, or limit without one.',
    }),
    ttlMs: Type.Optional(DurationMs(1, YEAR_MS, 'How long it holds; default: until deleted.')),
  },
  { ...closed, examples: [{ limit: 1_000, ttlMs: 86_400_000 }] },
)

export const OverrideResponse = Type.Object(
  {
    policy: ResourceName,
    key: ObjectName,
    limit: Type.Integer({ description: 'Cost per window, for this subject alone.' }),
    burst: Type.Optional(Type.Integer({ description: 'gcra: cost that may come at once.' })),
    expiresInMs: Type.Optional(
      Type.Integer({ description: 'Time until it ends; absent: it holds until deleted.' }),
    ),
    version: Type.Integer({ description: 'Grows with every change; the ETag.' }),
  },
  {
    description: 'The override of the subject.',
    examples: [
      {
        policy: 'api',
        key: 'user-7',
        limit: 1_000,
        burst: 1_000,
        expiresInMs: 86_399_990,
        version: 1_795_248_000_000_000,
      },
    ],
  },
)

export const OverrideList = Page(
  OverrideResponse,
  'Subjects with an override, ordered by the bytes of their keys.',
  [
    {
      items: [
        { policy: 'api', key: 'user-7', limit: 1_000, burst: 20, version: 1_795_248_000_000_000 },
      ],
      nextCursor: 'dXNlci03',
    },
  ],
)
