import { invalid } from '../../http/problem.js'
import { isObjectName } from '../../schema/formats.js'
import type { Policy } from '../policies/policy.js'
import type { Page } from './registry.js'

interface ListInput {
  readonly limit: number
  readonly cursor?: string | undefined
}

/** @throws Problem invalid-request for what is no cursor. */
export function toPageOf({ group = '' }: Policy, { limit, cursor }: ListInput): Page {
  if (cursor === undefined) return { group, count: limit }
  const afterKey = Buffer.from(cursor, 'base64url').toString()
  if (!isObjectName(afterKey)) throw invalid('querystring/cursor', 'is not a cursor of this list')
  return { group, afterKey, count: limit }
}
