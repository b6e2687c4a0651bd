import Type from 'typebox'
import { DurationMs, ObjectName, ResourceName } from '../http/names.js'

export const BoardParams = Type.Object({ board: ResourceName })
export const EntryParams = Type.Object({ board: ResourceName, member: ObjectName })

const closed = { additionalProperties: false } as const

const ScoreValue = (description: string) =>
  Type.Union([Type.Number(), Type.String({ maxLength: 32 })], { description })

const OPS = ['best', 'set', 'incr', 'min', 'max'] as const

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
        description: 'Operation of this column alone, instead of that of the board.',
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
    top: Type.Optional(Type.Integer({ minimum: 1, description: 'For the ranks 1 to this.' })),
    topPercent: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100,
        description: 'For this share of the positions, in percent.',
      }),
    ),
    minScore: Type.Optional(ScoreValue('For a first column that is at least as good as this.')),
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
      description: 'What a submission makes of the stored score; best compares all columns.',
    }),
    ties: Type.Enum(['first', 'last', 'id'], {
      default: 'first',
      description: 'Among equal scores: who reached it first, who reached it last, or by id.',
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
        description: 'The worst beyond this many fall out. Not with incr.',
      }),
    ),
    bounds: Type.Optional(
      Type.Record(Type.String(), BoundsOfColumn, {
        description: 'Accepted scores by name of the column; others are out-of-range.',
      }),
    ),
    memberTtlMs: Type.Optional(
      DurationMs(1_000, 31_536_000_000, 'A member that submits nothing for so long falls out.'),
    ),
    ttlMs: Type.Optional(
      DurationMs(
        60_000,
        315_360_000_000,
        'What nothing is submitted to for so long goes by itself: a season, and the board with its last one.',
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

const Total = Type.Integer({ description: 'Ranked members.' })
const SeasonId = Type.String({ description: 'Start of the season in UTC, or `all`.' })

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
  { description: 'A board and its present season.' },
)

export const BoardSaved = Type.Object(
  { name: ResourceName, created: Type.Boolean() },
  { description: 'The board has this configuration.' },
)

const Metadata = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Shown with the entry; at most 1024 bytes of JSON. Absent: what is stored stays.',
})

const Entry = Type.Object(
  {
    member: ObjectName,
    score: Type.Optional(ScoreValue('Score of a board with one column; beyond 2^53 as a string.')),
    scores: Type.Optional(
      Type.Array(ScoreValue('One for every column.'), {
        maxItems: 5,
        description: 'Scores of a board with several columns.',
      }),
    ),
    op: Type.Optional(Type.Enum([...OPS], { description: 'Replaces the operation of the board.' })),
    metadata: Type.Optional(Metadata),
    ifSeq: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Applies only if it exceeds the last one of this member.',
      }),
    ),
  },
  closed,
)

export const SubmitRequest = Type.Object(
  {
    entries: Type.Array(Entry, {
      minItems: 1,
      maxItems: 200,
      description: '1 to 200 entries, applied in this order.',
    }),
  },
  { ...closed, examples: [{ entries: [{ member: 'ada', score: 42 }] }] },
)

const AnyScore = Type.Union([Type.Number(), Type.String()])
const Rank = Type.Union([Type.Integer(), Type.Null()], {
  description: 'In the style of the board; null: not ranked.',
})
const Scores = {
  score: Type.Optional(AnyScore),
  scores: Type.Optional(Type.Array(AnyScore)),
}

const Result = Type.Object({
  member: Type.String(),
  changed: Type.Boolean(),
  personalBest: Type.Boolean({ description: 'Better than what was stored, or the first.' }),
  ...Scores,
  rank: Rank,
  previousRank: Rank,
  position: Rank,
  total: Total,
  percentile: Type.Union([Type.Number(), Type.Null()]),
  season: SeasonId,
  dropped: Type.Optional(Type.Boolean({ description: 'It fell out: maxMembers are better.' })),
  error: Type.Optional(
    Type.Enum(['out-of-range', 'stale-sequence'], { description: 'Why nothing was applied.' }),
  ),
})

export const SubmitResponse = Type.Object(
  { results: Type.Array(Result) },
  {
    description: 'One result per entry; ranks are as after the whole call.',
    examples: [
      {
        results: [
          {
            member: 'ada',
            changed: true,
            personalBest: true,
            score: 42,
            rank: 1,
            previousRank: null,
            position: 1,
            total: 1,
            percentile: 50,
            season: 'all',
          },
        ],
      },
    ],
  },
)

const SeasonQuery = {
  season: Type.Optional(
    Type.String({
      pattern: '^(all|\\d{8}T\\d{6}Z)$',
      description: 'A season by its id; the present one if absent.',
    }),
  ),
}

const TextScore = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 32, description }))

export const PageQuery = Type.Object(
  {
    from: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Place of the first entry, from 1.',
    }),
    limit: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000,
      description: 'Entries, 1 to 1000.',
    }),
    cursor: Type.Optional(
      Type.String({ maxLength: 2_048, description: '`nextCursor` of the page before.' }),
    ),
    order: Type.Enum(['best', 'worst'], { default: 'best', description: 'Which end comes first.' }),
    minScore: TextScore('Least score of the first column.'),
    maxScore: TextScore('Greatest score of the first column.'),
    ...SeasonQuery,
  },
  closed,
)

export const EntryQuery = Type.Object(SeasonQuery, closed)

export const AroundQuery = Type.Object(
  {
    count: Type.Integer({
      default: 11,
      minimum: 1,
      maximum: 1_000,
      description: 'Entries with the member, 1 to 1000; of an even count one more is above.',
    }),
    ...SeasonQuery,
  },
  closed,
)

const Listed = Type.Object({
  member: Type.String(),
  ...Scores,
  rank: Rank,
  position: Rank,
  metadata: Type.Optional(Type.Unknown()),
})

export const PageResponse = Type.Object(
  {
    entries: Type.Array(Listed),
    total: Total,
    season: SeasonId,
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'For the next page; null: this was the last.',
    }),
  },
  { description: 'Entries; ranks are of this moment.' },
)

export const AroundResponse = Type.Object(
  { entries: Type.Array(Listed), total: Total, season: SeasonId },
  { description: 'The member and its neighbours, best first.' },
)

export const EntryResponse = Type.Object(
  {
    ...Listed.properties,
    percentile: Type.Union([Type.Number(), Type.Null()], {
      description: 'Share of the members that it beats, equal ones counting half, in percent.',
    }),
    tier: Type.Optional(Type.String()),
    hidden: Type.Optional(Type.Boolean({ description: 'Stored, but not ranked.' })),
    total: Total,
    season: SeasonId,
  },
  { description: 'One entry.' },
)

export const Deleted = Type.Object(
  { deleted: Type.Boolean({ description: 'False: there was nothing.' }) },
  { description: 'It is gone.' },
)

export const ListQuery = Type.Object(
  {
    prefix: Type.String({ default: '', maxLength: 128, description: 'Only names that start so.' }),
    cursor: Type.String({ default: '', maxLength: 128, description: '`nextCursor` of before.' }),
    limit: Type.Integer({ default: 100, minimum: 1, maximum: 1_000, description: '1 to 1000.' }),
  },
  closed,
)

export const ListResponse = Type.Object(
  {
    leaderboards: Type.Array(Type.Object({ name: Type.String() })),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  },
  { description: 'Boards of the namespace by name.' },
)

export const QueryRequest = Type.Object(
  {
    members: Type.Optional(
      Type.Array(ObjectName, {
        minItems: 1,
        maxItems: 1_000,
        description: 'Friends, a team: 1 to 1000 members, ranked and placed among themselves.',
      }),
    ),
    score: Type.Optional(ScoreValue('Where this would land, on a board with one column.')),
    scores: Type.Optional(
      Type.Array(ScoreValue('One for every column.'), {
        maxItems: 5,
        description: 'Where these would land, on a board with several columns.',
      }),
    ),
    percentile: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description: 'The worst entry whose percentile is at least this, 0 to 100.',
      }),
    ),
    season: SeasonQuery.season,
  },
  { ...closed, examples: [{ members: ['ada', 'bob'] }, { score: 42 }, { percentile: 99 }] },
)

export const QueryResponse = Type.Object(
  {
    entries: Type.Optional(
      Type.Array(
        Type.Object({
          ...Listed.properties,
          percentile: Type.Union([Type.Number(), Type.Null()]),
          tier: Type.Optional(Type.String()),
          hidden: Type.Optional(Type.Boolean()),
          place: Type.Union([Type.Integer(), Type.Null()], {
            description: 'Place within the list asked for, from 1; null: not ranked.',
          }),
        }),
      ),
    ),
    notFound: Type.Optional(Type.Array(Type.String())),
    rank: Type.Optional(Type.Integer({ description: 'Rank that the score would have.' })),
    position: Type.Optional(Type.Integer({ description: 'Position that it would have.' })),
    percentile: Type.Optional(Type.Number()),
    entry: Type.Optional(Type.Union([Listed, Type.Null()])),
    total: Total,
    season: SeasonId,
  },
  { description: 'What was asked for: entries, a place, or the entry with the percentile.' },
)

export const MemberRequest = Type.Object(
  { member: ObjectName },
  { ...closed, examples: [{ member: 'ada' }] },
)

export const Changed = Type.Object(
  { changed: Type.Boolean({ description: 'False: it was so before.' }) },
  { description: 'It is so.' },
)

export const CloseResponse = Type.Object(
  { season: SeasonId, changed: Type.Boolean() },
  { description: 'No submissions until the next season.' },
)

export const SeasonsResponse = Type.Object(
  {
    seasons: Type.Array(
      Type.Object({
        id: SeasonId,
        endsAt: Type.Union([Type.String(), Type.Null()], {
          description: 'RFC 3339, in UTC; null: never.',
        }),
        ended: Type.Boolean(),
        total: Total,
      }),
    ),
  },
  { description: 'Seasons that have entries, the oldest first.' },
)

export const MemberParams = Type.Object({ member: ObjectName })

export const SubmissionsRequest = Type.Object(
  {
    member: ObjectName,
    boards: Type.Array(
      Type.Object(
        {
          board: ResourceName,
          score: Entry.properties.score,
          scores: Entry.properties.scores,
          op: Entry.properties.op,
          ifSeq: Entry.properties.ifSeq,
        },
        closed,
      ),
      { minItems: 1, maxItems: 100, description: '1 to 100 boards.' },
    ),
  },
  { ...closed, examples: [{ member: 'ada', boards: [{ board: 'weekly', score: 42 }] }] },
)

export const SubmissionsResponse = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        board: ResourceName,
        ...Type.Partial(Result).properties,
        error: Type.Optional(
          Type.Enum(
            [
              'out-of-range',
              'stale-sequence',
              'invalid-request',
              'season-closed',
              'idempotency-conflict',
            ],
            { description: 'Why nothing was applied to this board.' },
          ),
        ),
      }),
    ),
  },
  { description: 'One result per board, in the order asked for.' },
)

export const WalkQuery = Type.Object(
  { cursor: Type.String({ default: '', maxLength: 128, description: '`nextCursor` of before.' }) },
  closed,
)

const NextBoards = Type.Union([Type.String(), Type.Null()], {
  description: 'For the next 500 boards; null: all were walked.',
})

export const MemberBoards = Type.Object(
  {
    leaderboards: Type.Array(Type.Object({ board: ResourceName, ...EntryResponse.properties })),
    nextCursor: NextBoards,
  },
  { description: 'Entries of the member in present seasons.' },
)

export const Erased = Type.Object(
  { entries: Type.Integer({ description: 'Entries that were removed.' }), nextCursor: NextBoards },
  { description: 'The member is on none of these boards.' },
)
