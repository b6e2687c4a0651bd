import type { Static } from 'typebox'
import { invalid } from '../../http/problem.js'
import { isObjectName } from '../../schema/formats.js'
import type { Policy } from '../policies/policy.js'
import type { Page } from './registry.js'
import type { ListQuery } from './schemas.js'

/** @throws Problem invalid-request for a cursor that no page returned. */
export function toRequestedPage(
  { group = '' }: Policy,
  { limit, cursor }: Static<typeof ListQuery>,
): Page {
  if (cursor === undefined) return { group, count: limit }
  const afterKey = Buffer.from(cursor, 'base64url').toString()
  if (!isObjectName(afterKey)) throw invalid('query/cursor', 'is not a cursor of this list')
  return { group, afterKey, count: limit }
}
