import Type from 'typebox'
import { ByName } from '../../http/by-name.js'
import { PatchOf } from '../../http/documents.js'
import { DurationMs } from '../../http/names.js'
import { closed, MAX_MEMBERS, Op, Score } from '../schemas.js'

const Column = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_]{0,31}$',
      description: 'Unique name: a letter, then letters, digits or _; at most 32.',
    }),
    order: Type.Enum(['desc', 'asc'], {
      title: 'ColumnOrder',
      default: 'desc',
      description: 'desc: more is better; asc: less is better. Default desc.',
    }),
    type: Type.Enum(['number', 'int64'], {
      title: 'ColumnType',
      default: 'number',
      description:
        'number: a finite double. int64: an exact integer, answered as a string. Default number.',
    }),
    op: Type.Optional(
      Type.Enum(['set', 'incr', 'min', 'max'], {
        title: 'ColumnOperation',
        description: 'Operation of this column. Default: the one of the board.',
      }),
    ),
  },
  {
    ...closed,
    title: 'LeaderboardColumn',
    description: 'One of the values by which members are ranked.',
  },
)

const Cron = Type.Object(
  {
    cron: Type.String({
      minLength: 9,
      maxLength: 128,
      description: 'Five fields as in crontab: minute, hour, day, month, weekday.',
    }),
  },
  { ...closed, title: 'SeasonCron', description: 'A season begins at each of these times.' },
)

const Season = Type.Object(
  {
    every: Type.Union(
      [
        Type.Enum(['none', 'daily', 'weekly', 'monthly'], {
          title: 'SeasonPeriod',
          description: 'none: one season without an end. Weeks start on Monday.',
        }),
        Cron,
      ],
      {
        title: 'SeasonSchedule',
        default: 'none',
        description: 'When a season ends and the next begins. Default none.',
      },
    ),
    timeZone: Type.String({
      default: 'UTC',
      maxLength: 64,
      description: 'IANA name of the time zone in which seasons begin. Default UTC.',
    }),
    keep: Type.Integer({
      default: 4,
      minimum: 0,
      maximum: 100,
      description: 'Ended seasons that stay readable, 0 to 100. Default 4.',
    }),
  },
  {
    ...closed,
    title: 'SeasonSettings',
    default: {},
    description: 'Seasons of the board. Default: one season without an end.',
  },
)

const Tier = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'Answered with an entry; 1 to 64 characters.',
    }),
    top: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_MEMBERS,
        description: 'Ranks 1 to this one. Default: all.',
      }),
    ),
    topPercent: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100,
        description: 'This share of the positions, in percent, above 0 to 100. Default: all.',
      }),
    ),
    minScore: Type.Optional(Score),
  },
  {
    ...closed,
    title: 'LeaderboardTier',
    description:
      'A name for entries. Every condition that is given must hold: the rank, the share of the positions, and a first column that is at least as good as `minScore`.',
  },
)

const Bounds = Type.Object(
  {
    min: Type.Optional(Score),
    max: Type.Optional(Score),
  },
  {
    ...closed,
    title: 'ColumnBounds',
    description: 'Accepted scores of one column, `min` to `max`; an absent one is no bound.',
  },
)

export const LeaderboardSettings = Type.Object(
  {
    columns: Type.Array(Column, {
      minItems: 1,
      maxItems: 5,
      default: [{ name: 'score', order: 'desc', type: 'number' }],
      description:
        '1 to 5 columns, compared in this order. Default: one number `score`, more is better.',
    }),
    op: Op({ default: 'best' }),
    ties: Type.Enum(['first', 'last', 'id'], {
      title: 'TieOrder',
      default: 'first',
      description:
        'Order of equal scores: first reached first, last reached first, or by name. Default first.',
    }),
    ranking: Type.Enum(['competition', 'dense', 'ordinal', 'modified'], {
      title: 'Ranking',
      default: 'competition',
      description:
        'Ranks of 50, 50, 30: competition 1 1 3, dense 1 1 2, ordinal 1 2 3, modified 2 2 3. Default competition.',
    }),
    season: Season,
    maxMembers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100_000_000,
        description:
          'The worst members beyond this number are dropped, 1 to 100000000. Not with incr. Default: none are.',
      }),
    ),
    bounds: Type.Optional(
      ByName(Bounds, {
        title: 'LeaderboardBounds',
        description:
          'Accepted scores by name of the column; others are out-of-range. Default: all.',
      }),
    ),
    memberTtlMs: Type.Optional(
      DurationMs(
        1_000,
        31_536_000_000,
        'A member is removed this long after its last submission. Default: never.',
      ),
    ),
    ttlMs: Type.Optional(
      DurationMs(
        60_000,
        315_360_000_000,
        'A season expires this long after its last submission, and the board with its last season. Default: never.',
      ),
    ),
    tiers: Type.Optional(
      Type.Array(Tier, {
        maxItems: 50,
        description: 'At most 50; the first that fits is the tier of an entry. Default: none.',
      }),
    ),
  },
  {
    ...closed,
    title: 'LeaderboardSettings',
    description: 'All settings of a board; a field that is absent has its default.',
    examples: [{}, { columns: [{ name: 'time', order: 'asc', type: 'int64' }], ranking: 'dense' }],
  },
)

export const PatchLeaderboardRequest = PatchOf(LeaderboardSettings.properties, {
  title: 'PatchLeaderboardRequest',
  examples: [{ maxMembers: 10_000, tiers: [{ name: 'gold', top: 3 }] }],
})
