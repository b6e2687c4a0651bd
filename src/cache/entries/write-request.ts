import type { Static } from 'typebox'
import { invalid } from '../../http/problem.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { isConditional } from '../condition.js'
import { problem } from '../problems.js'
import type { SpacePolicy } from '../spaces/policy.js'
import { toWriteDirectives } from './cache-control.js'
import { toCondition } from './request.js'
import { MAX_TAGS, type WriteHeaders, type WriteQuery } from './schemas.js'
import type { WriteOptions } from './store.js'
import { isCodings, isMediaType, tagsIn, UNKNOWN_TYPE } from './value-headers.js'

interface PutRequest {
  readonly headers: Static<typeof WriteHeaders>
  readonly query: Static<typeof WriteQuery>
  readonly body: unknown
}

/** What a PUT asks for. @throws Problem for what contradicts itself, or the policy of the space. */
export function toWrite(
  { headers, query, body }: PutRequest,
  policy: SpacePolicy,
  idempotency: Idempotency | undefined,
): WriteOptions {
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
    condition: when.condition,
    fill: when.fill,
    showsPresent: when.condition.none === 'any' && prefersRepresentation(headers.prefer),
    isNegative,
    idempotency,
  }
}

function toWhen(headers: PutRequest['headers']) {
  const condition = toCondition(headers)
  const fill = headers['lockstep-lease']
  if (fill !== undefined && isConditional(condition)) {
    throw invalid('header/lockstep-lease', 'is a condition: send no other with it')
  }
  return { condition, fill }
}

/** Whether the present value can refuse a write: some spaces take no others. */
export const canBeRefused = ({ condition, fill }: Partial<WriteOptions>): boolean =>
  fill !== undefined || (condition !== undefined && isConditional(condition))

/** Without a body the value is empty. */
function toPayload(body: unknown, maxBytes: number): Buffer {
  const payload = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  if (payload.length > maxBytes) {
    throw problem('too-large', `The value has ${payload.length} bytes.`, {
      extensions: { maxValueBytes: maxBytes },
    })
  }
  return payload
}

/** A negative entry has no value, and no window in which it is served stale. */
function assertNothing(payload: Buffer, query: PutRequest['query']): void {
  if (payload.length > 0) throw invalid('body', 'must be empty with Lockstep-Negative')
  for (const window of ['staleMs', 'errorMs'] as const) {
    if ((query[window] ?? 0) > 0) {
      throw invalid(`query/${window}`, 'does not belong to Lockstep-Negative: it ends at once')
    }
  }
}

/** @throws Problem invalid-request for what is no media type of at most 255 ASCII bytes. */
export function toContentType(header: string | undefined, pointer = 'header/content-type'): string {
  if (header === undefined) return UNKNOWN_TYPE
  if (isMediaType(header)) return header
  throw invalid(pointer, 'must be a media type of at most 255 ASCII bytes')
}

/** @throws Problem invalid-request for what is no list of content codings. */
export function toContentEncoding(header: string | undefined): string {
  if (header === undefined) return ''
  if (isCodings(header)) return header
  throw invalid('header/content-encoding', 'must be content codings, at most 255 bytes')
}

/** Prefer (RFC 7240): whether the answer should show what is there. Other preferences are ignored. */
export const prefersRepresentation = (header: string | undefined): boolean =>
  header !== undefined && /(^|,)\s*return\s*=\s*"?representation"?\s*(;[^,]*)?(,|$)/i.test(header)

/** Tags of a write, see `tagsIn`. @throws Problem invalid-request for what are none. */
export function toTags(groups: string | undefined, keys: string | undefined): readonly string[] {
  if (groups !== undefined && keys !== undefined) {
    throw invalid('header/surrogate-key', 'contradicts Cache-Groups: send one of the two')
  }
  const tags = tagsIn(groups, keys)
  if (tags) return tags
  throw invalid(
    groups === undefined ? 'header/surrogate-key' : 'header/cache-groups',
    `must hold at most ${MAX_TAGS} tags of 1 to 128 printable ASCII characters`,
  )
}
