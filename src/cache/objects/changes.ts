import type { Static } from 'typebox'
import { invalid } from '../../http/problem.js'
import { escapePointer } from '../../schema/faults.js'
import { int64 } from '../counters/request.js'
import { MAX_CHANGES, type PatchRequest } from './schemas.js'
import type { Change } from './store.js'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const FIELD = /^[^,\u0000-\u001f\u007f-\u009f]{1,128}$/

/**
 * A patch as the script reads it. Increments are in the order of their names, so that a repeat under an
 * idempotency key that orders them otherwise gets its sums in the same order.
 * @throws Problem invalid-request for what is no name, for a name twice, or for too many.
 */
export function toChanges({ set, remove, incr }: Static<typeof PatchRequest>): Change[] {
  const changes: Change[] = [
    ...Object.entries(set ?? {}).map(([field, value]): Change => {
      if (!value.isWellFormed()) throw invalid(placeOf('set', field), 'must be well-formed Unicode')
      return { verb: 'set', field: named('set', field), value }
    }),
    ...(remove ?? []).map((field): Change => ({ verb: 'remove', field, value: '' })),
    ...Object.entries(incr ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, by]): Change => {
        const value = int64(placeOf('incr', field), by).toString()
        return { verb: 'incr', field: named('incr', field), value }
      }),
  ]
  if (changes.length > MAX_CHANGES) throw invalid('body', `must name at most ${MAX_CHANGES} fields`)
  const twice = changes.find(({ field }, i) => changes.findIndex((c) => c.field === field) !== i)
  if (twice) throw invalid('body', `names the field ${JSON.stringify(twice.field)} twice`)
  return changes
}

/** @throws Problem invalid-request for what is no name, or for too many. */
export function toNames(names: string | undefined): string[] {
  if (names === undefined) return []
  const distinct = [...new Set(names.split(','))]
  if (distinct.length > MAX_CHANGES) {
    throw invalid('query/names', `must hold at most ${MAX_CHANGES} names`)
  }
  for (const name of distinct) {
    if (!isFieldName(name)) throw invalid('query/names', 'must hold names of fields')
  }
  return distinct
}

const placeOf = (where: string, field: string): string => `body/${where}/${escapePointer(field)}`

const isFieldName = (name: string): boolean => FIELD.test(name) && name.isWellFormed()

function named(where: string, field: string): string {
  if (isFieldName(field)) return field
  throw invalid(
    placeOf(where, field),
    'must be named by 1 to 128 characters, no comma and no control characters',
  )
}
