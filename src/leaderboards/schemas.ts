import Type from 'typebox'
import { ByName } from '../http/by-name.js'
import { DurationMs, ObjectName, ResourceName } from '../http/names.js'

export const closed = { additionalProperties: false } as const

export const ScoreValue = (description: string) =>
  Type.Union([Type.Number(), Type.String({ maxLength: 32 })], { description })

export const OPS = ['best', 'set', 'incr', 'min', 'max'] as const

export const Total = Type.Integer({ description: 'Ranked members.' })
export const SeasonId = Type.String({ description: 'Start of the season in UTC, or `all`.' })

export const Deleted = Type.Object(
  { deleted: Type.Boolean({ description: 'False: there was nothing to delete.' }) },
  { description: 'It does not exist now.', examples: [{ deleted: true }] },
)

export const BoardParams = Type.Object({ board: ResourceName })
export const EntryParams = Type.Object({ board: ResourceName, member: ObjectName })

const Column = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,31}$', description: 'Unique name.' }),
    order: Type.Enum(['desc', 'asc'], {
      default: 'desc',
      description: 'desc: more is better; asc: less is better.',
    }),
    type: Type.Enum(['number', 'int64'], {
      default: 'number',
      description: 'number: a finite double. int64: an exact integer, answered as a string.',
    }),
    op: Type.Optional(
      Type.Enum(['set', 'incr', 'min', 'max'], {
        description: 'Operation of this column; default: the one of the board.',
      }),
    ),
  },
  closed,
)

const Season = Type.Object(
  {
    every: Type.Union(
      [
        Type.Enum(['none', 'daily', 'weekly', 'monthly']),
        Type.Object(
          {
            cron: Type.String({
              minLength: 9,
              maxLength: 128,
              description: 'Five fields as in crontab: minute, hour, day, month, weekday.',
            }),
          },
          closed,
        ),
      ],
      {
        default: 'none',
        description: 'When a season ends and the next begins; weeks start on Monday.',
      },
    ),
    timeZone: Type.String({
      default: 'UTC',
      maxLength: 64,
      description: 'IANA name of the time zone in which seasons begin.',
    }),
    keep: Type.Integer({
      default: 4,
      minimum: 0,
      maximum: 100,
      description: 'Ended seasons that stay readable, 0 to 100.',
    }),
  },
  { ...closed, default: {}, description: 'Seasons of the board.' },
)

const Tier = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64, description: 'Answered with an entry.' }),
    top: Type.Optional(Type.Integer({ minimum: 1, description: 'For ranks 1 to this one.' })),
    topPercent: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100,
        description: 'For this share of the positions, in percent.',
      }),
    ),
    minScore: Type.Optional(
      ScoreValue('For scores of the first column that are at least as good.'),
    ),
  },
  closed,
)

const BoundsOfColumn = Type.Object(
  {
    min: Type.Optional(ScoreValue('Least score that is accepted.')),
    max: Type.Optional(ScoreValue('Greatest score that is accepted.')),
  },
  closed,
)

export const BoardRequest = Type.Object(
  {
    columns: Type.Array(Column, {
      minItems: 1,
      maxItems: 5,
      default: [{ name: 'score', order: 'desc', type: 'number' }],
      description: '1 to 5 columns, compared in this order.',
    }),
    op: Type.Enum([...OPS], {
      default: 'best',
      description: 'How a submission changes the stored score; best compares all columns.',
    }),
    ties: Type.Enum(['first', 'last', 'id'], {
      default: 'first',
      description: 'Order of equal scores: first reached first, last reached first, or by id.',
    }),
    rank: Type.Enum(['competition', 'dense', 'ordinal', 'modified'], {
      default: 'competition',
      description: 'Ranks of 50, 50, 30: 1 1 3, 1 1 2, 1 2 3, 2 2 3.',
    }),
    season: Season,
    maxMembers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000_000,
        description: 'The worst members beyond this number are dropped. Not with incr.',
      }),
    ),
    bounds: Type.Optional(
      ByName(BoundsOfColumn, {
        description: 'Accepted scores by name of the column; others are out-of-range.',
      }),
    ),
    memberTtlMs: Type.Optional(
      DurationMs(1_000, 31_536_000_000, 'A member is removed this long after its last submission.'),
    ),
    ttlMs: Type.Optional(
      DurationMs(
        60_000,
        315_360_000_000,
        'A season expires this long after its last submission, and the board with its last season.',
      ),
    ),
    tiers: Type.Optional(
      Type.Array(Tier, {
        maxItems: 50,
        description: 'The first that fits is the tier of an entry.',
      }),
    ),
  },
  {
    ...closed,
    examples: [{}, { columns: [{ name: 'time', order: 'asc', type: 'int64' }], rank: 'dense' }],
  },
)

export const BoardState = Type.Object(
  {
    name: ResourceName,
    config: Type.Unsafe<object>(Type.Object({}, { additionalProperties: true })),
    total: Total,
    season: SeasonId,
    closed: Type.Boolean({ description: 'No submissions until the next season.' }),
    nextResetInMs: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Until the next season begins; null: never.',
    }),
  },
  {
    description: 'A board and its present season.',
    examples: [
      {
        name: 'weekly',
        config: {
          columns: [{ name: 'score', order: 'desc', type: 'number' }],
          op: 'best',
          ties: 'first',
          rank: 'competition',
          season: { every: 'weekly', timeZone: 'UTC', keep: 4 },
        },
        total: 2,
        season: '20261116T000000Z',
        closed: false,
        nextResetInMs: 172_800_000,
      },
    ],
  },
)

export const BoardSaved = Type.Object(
  { name: ResourceName, created: Type.Boolean() },
  {
    description: 'The board has this configuration.',
    examples: [{ name: 'weekly', created: true }],
  },
)

export const ListQuery = Type.Object(
  {
    prefix: Type.String({
      default: '',
      maxLength: 128,
      description: 'Only names with this prefix.',
    }),
    cursor: Type.String({
      default: '',
      maxLength: 128,
      description: '`nextCursor` of the previous page.',
    }),
    limit: Type.Integer({ default: 100, minimum: 1, maximum: 1_000, description: '1 to 1000.' }),
  },
  closed,
)

export const ListResponse = Type.Object(
  {
    leaderboards: Type.Array(Type.Object({ name: Type.String() })),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  },
  {
    description: 'Boards of the namespace by name.',
    examples: [{ leaderboards: [{ name: 'weekly' }], nextCursor: null }],
  },
)
