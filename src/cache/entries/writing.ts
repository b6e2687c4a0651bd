import type { Static } from 'typebox'
import { invalid } from '../../http/problem.js'
import { isConditional } from '../condition.js'
import { toCondition } from '../preconditions.js'
import { problem } from '../problems.js'
import type { SpacePolicy } from '../spaces/policy.js'
import { toWriteDirectives } from './cache-control.js'
import { prefersRepresentation, toContentEncoding, toContentType } from './headers.js'
import type { WriteHeaders, WriteQuery } from './schemas.js'
import type { WriteOptions } from './store.js'
import { toTags } from './tags.js'

interface PutRequest {
  readonly headers: Static<typeof WriteHeaders>
  readonly query: Static<typeof WriteQuery>
  readonly body: unknown
}

/** What a PUT asks for. @throws Problem for what contradicts itself, or the policy of the space. */
export function toWrite({ headers, query, body }: PutRequest, policy: SpacePolicy): WriteOptions {
  const directives = toWriteDirectives(headers['cache-control'])
  const isNegative = headers['lockstep-negative'] === 'true'
  const payload = toPayload(body, policy.maxValueBytes)
  if (isNegative) assertNothing(payload, query)
  const when = toWhen(headers)
  if (policy.requirePrecondition && !canBeRefused(when)) {
    throw problem('precondition-required', 'The space takes no PUT without a condition.')
  }
  return {
    payload,
    contentType: toContentType(headers['content-type']),
    contentEncoding: toContentEncoding(headers['content-encoding']),
    tags: toTags(headers['cache-groups'], headers['surrogate-key']),
    ttlMs: query.ttlMs ?? directives.ttlMs,
    staleMs: query.staleMs ?? directives.staleMs,
    errorMs: query.errorMs ?? directives.errorMs,
    ...when,
    showsPresent: when.condition.none === 'any' && prefersRepresentation(headers.prefer),
    isNegative,
  }
}

function toWhen(headers: PutRequest['headers']) {
  const condition = toCondition(headers)
  const fill = headers['lockstep-lease']
  if (fill !== undefined && isConditional(condition)) {
    throw invalid('headers/lockstep-lease', 'is a condition of its own: send no other beside it')
  }
  return { condition, fill }
}

/** Whether a write can be refused for what is there: the only ones that some spaces take. */
export const canBeRefused = ({ condition, fill }: Partial<WriteOptions>): boolean =>
  fill !== undefined || (condition !== undefined && isConditional(condition))

/** No body at all is a value of no bytes. */
function toPayload(body: unknown, maxBytes: number): Buffer {
  const payload = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  if (payload.length > maxBytes) {
    throw problem('too-large', `The value has ${payload.length} bytes.`, {
      extensions: { maxValueBytes: maxBytes },
    })
  }
  return payload
}

/** A negative entry is the knowledge that there is no value. */
function assertNothing(payload: Buffer, query: PutRequest['query']): void {
  if (payload.length > 0) throw invalid('body', 'must be empty with Lockstep-Negative')
  for (const window of ['staleMs', 'errorMs'] as const) {
    if ((query[window] ?? 0) > 0) {
      throw invalid(
        `querystring/${window}`,
        'does not belong to Lockstep-Negative: it ends at once',
      )
    }
  }
}
