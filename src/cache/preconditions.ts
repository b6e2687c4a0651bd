import type { FastifyInstance, FastifyReply } from 'fastify'
import Type from 'typebox'
import { toETag, toVersions } from '../http/etag.js'
import { invalid, type Problem } from '../http/problem.js'
import { type Condition, isAmong } from './condition.js'
import { problem } from './problems.js'

export const MatchHeader = {
  'if-match': Type.Optional(
    Type.String({
      description: 'Only if the value has one of these versions, or any with `*`; else 412.',
    }),
  ),
}

/** For what changes a value. */
export const ConditionHeaders = {
  ...MatchHeader,
  'if-none-match': Type.Optional(
    Type.String({
      description: 'Only if the value has none of these versions; `*`: only if there is none.',
    }),
  ),
}

/** For what reads a value. */
export const ReadConditionHeaders = {
  ...MatchHeader,
  'if-none-match': Type.Optional(
    Type.String({ description: 'Entity tags that the caller has; one that fits gives 304.' }),
  ),
}

interface Conditional {
  readonly 'if-match'?: string
  readonly 'if-none-match'?: string
}

/** @throws Problem invalid-request for what is no list of entity tags. */
export const toReadCondition = (headers: Conditional): Condition => ({
  match: toVersions(headers['if-match'], 'headers/if-match', 'strong'),
  none: toVersions(headers['if-none-match'], 'headers/if-none-match', 'weak'),
})

/** @throws Problem invalid-request for both headers as well. */
export function toCondition(headers: Conditional): Condition {
  const condition = toReadCondition(headers)
  if (condition.match !== undefined && condition.none !== undefined) {
    throw invalid('headers/if-none-match', 'contradicts If-Match: send one of the two')
  }
  return condition
}

/**
 * The condition of a read, of a value that is there. RFC 9110, 13.2.2.
 * @returns whether the caller has this version already
 * @throws Problem precondition-failed
 */
export function isNotModified(
  reply: FastifyReply,
  key: string,
  { match, none }: Condition,
  version: number,
): boolean {
  if (match !== undefined && !isAmong(match, version)) {
    throw preconditionFailed(reply, key, version)
  }
  return none !== undefined && isAmong(none, version)
}

/** @param version of what is there, 0 for nothing */
export function preconditionFailed(reply: FastifyReply, key: string, version: number): Problem {
  if (version === 0) return problem('precondition-failed', `"${key}" has no value.`)
  reply.header('etag', toETag(version))
  return problem('precondition-failed', `"${key}" has another version.`, {
    extensions: { etag: toETag(version) },
  })
}

/**
 * For routes that know no version: a condition that was ignored would be a broken promise. The body
 * is read before, because it may name leases that such a refusal ends.
 */
export function refuseConditions(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    for (const name of ['if-match', 'if-none-match']) {
      if (request.headers[name] !== undefined) {
        throw invalid(`headers/${name}`, 'is not supported here: send no condition')
      }
    }
    done()
  })
}
