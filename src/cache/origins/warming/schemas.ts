import Type from 'typebox'
import { ObjectName } from '../../../http/names.js'
import { exactlyOneOf } from '../../../schema/exactly-one.js'
import { SpaceName } from '../../fields.js'
import { MAX_WARMED_KEYS } from '../schemas.js'

export const WarmingId = Type.String({
  pattern: '^[\\w-]{22}$',
  description: 'The warming, as its start answered.',
})

/** Of the warming that `onStart` or `everyMs` began last: no caller knows its id. */
export const SCHEDULED = 'scheduled'

export const WarmingParams = Type.Object({
  space: SpaceName,
  id: Type.String({
    pattern: `^([\\w-]{22}|${SCHEDULED})$`,
    description: `The warming, as its start answered; or \`${SCHEDULED}\`, the one that \`onStart\` or \`everyMs\` began last.`,
  }),
})

export const WarmRequest = Type.Object(
  {
    keys: Type.Optional(
      Type.Array(ObjectName, {
        minItems: 1,
        maxItems: MAX_WARMED_KEYS,
        description: 'Keys, 1 to 10000.',
      }),
    ),
    source: Type.Optional(
      Type.Enum(['configured'], {
        title: 'WarmingSource',
        description: 'configured: the keys of `warm` in the configuration file.',
      }),
    ),
    refresh: Type.Enum(['missing', 'stale'], {
      title: 'WarmingRefresh',
      default: 'missing',
      description: 'missing: only keys without a value. stale: stale ones too. Default missing.',
    }),
  },
  {
    title: 'WarmCacheRequest',
    additionalProperties: false,
    ...exactlyOneOf('keys', 'source'),
    examples: [
      { keys: ['7', '8'] },
      { keys: ['7'], refresh: 'stale' },
      { source: 'configured', refresh: 'stale' },
    ],
  },
)

export const WarmingStarted = Type.Object(
  { id: WarmingId },
  {
    title: 'StartedCacheWarming',
    description: 'The warming has begun.',
    examples: [{ id: 'mS1yXmUe2cRZ6Jw3pQk0aA' }],
  },
)

const count = (description: string) =>
  Type.Integer({ minimum: 0, maximum: MAX_WARMED_KEYS, description })
const instant = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} RFC 3339, in UTC.` })

export const WarmingResponse = Type.Object(
  {
    id: WarmingId,
    state: Type.Enum(['running', 'done', 'cancelled', 'interrupted', 'failed'], {
      title: 'WarmingState',
      description:
        'interrupted: the instance that ran it gave no sign of life for 30 s. failed: the keys could not be read.',
    }),
    total: count('Its keys; 0 until they are read.'),
    loaded: count('Keys that were loaded, or that the origin confirmed.'),
    skipped: count('Keys that were there, are loaded by another, or that may not be stored.'),
    failed: count('Keys whose load failed.'),
    startedAt: instant('Its begin.'),
    finishedAt: Type.Optional(instant('Its end; of an interrupted one the last sign of life.')),
    errors: Type.Array(
      Type.Object(
        {
          key: Type.Optional({
            ...ObjectName,
            description: 'The key; absent where the keys could not be read.',
          }),
          detail: Type.String({ description: 'Why it was not loaded.' }),
        },
        { title: 'WarmingError' },
      ),
      { maxItems: 10, description: 'The first 10 failures.' },
    ),
  },
  {
    title: 'CacheWarming',
    description: 'How far a warming is.',
    examples: [
      {
        id: 'mS1yXmUe2cRZ6Jw3pQk0aA',
        state: 'done',
        total: 3,
        loaded: 1,
        skipped: 1,
        failed: 1,
        startedAt: '2026-11-20T08:15:00.000Z',
        finishedAt: '2026-11-20T08:15:01.250Z',
        errors: [{ key: '7', detail: 'The origin answered 500.' }],
      },
    ],
  },
)
