import Type from 'typebox'
import { DurationMs } from '../../http/names.js'
import { MAX_LIFE_MS } from '../entries/schemas.js'
import { timeLeft } from '../fields.js'

/** What is added; `default` must be a JSON number. */
export const Int64 = (description: string, options: { default?: number } = {}) =>
  Type.Union(
    [
      Type.Integer({ title: 'CounterInteger', description: 'An integer as a number.' }),
      Type.String({
        title: 'CounterText',
        maxLength: 20,
        description: 'An integer as decimal text.',
      }),
    ],
    {
      title: 'CounterNumber',
      description: `${description} An integer of 64 bits; beyond 2^53 as a string.`,
      ...options,
    },
  )

const ttlMs = Type.Optional(
  DurationMs(
    1,
    MAX_LIFE_MS,
    'Life of a counter that begins; later additions never move its end. Default: `ttlMs` of the space.',
  ),
)

export const IncrQuery = Type.Object({ ttlMs }, { additionalProperties: false })

export const IncrRequest = Type.Object(
  {
    by: Int64('What to add; below 0 to subtract. Default 1.', { default: 1 }),
    initial: Int64('What a counter that is not there counts from. Default 0.', { default: 0 }),
    ttlMs,
  },
  {
    title: 'IncrementCounterRequest',
    additionalProperties: false,
    examples: [{}, { by: 5, initial: 100, ttlMs: 60_000 }],
  },
)

const value = Type.String({
  pattern: '^-?[0-9]{1,19}$',
  description: 'The count, an integer of 64 bits.',
})

export const CounterValue = Type.Object(
  { value },
  {
    title: 'CounterValue',
    description: 'The count after the addition.',
    examples: [{ value: '105' }],
  },
)

export const CounterResponse = Type.Object(
  { value, expiresInMs: timeLeft('How long the counter lives.') },
  {
    title: 'Counter',
    description: 'The count.',
    examples: [{ value: '105', expiresInMs: 42_000 }],
  },
)
