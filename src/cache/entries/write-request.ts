import type { Static } from 'typebox'
import { invalid } from '../../http/problem.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { isConditional } from '../condition.js'
import { problem } from '../problems.js'
import type { SpacePolicy } from '../spaces/policy.js'
import { toWriteDirectives } from './cache-control.js'
import { toCondition } from './request.js'
import { MAX_TAGS, TAG, type WriteHeaders, type WriteQuery } from './schemas.js'
import type { WriteOptions } from './store.js'

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

const MEDIA_TYPE =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*;\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"([\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))*$/

/** @throws Problem invalid-request for what is no media type of at most 255 ASCII bytes. */
export function toContentType(header: string | undefined, pointer = 'header/content-type'): string {
  if (header === undefined) return 'application/octet-stream'
  if (header.length > 255 || !MEDIA_TYPE.test(header)) {
    throw invalid(pointer, 'must be a media type of at most 255 ASCII bytes')
  }
  return header
}

/** @throws Problem invalid-request for what is no list of content codings. */
export function toContentEncoding(header: string | undefined): string {
  if (header === undefined) return ''
  if (
    header.length > 255 ||
    !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s*,\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/.test(header)
  ) {
    throw invalid('header/content-encoding', 'must be content codings, at most 255 bytes')
  }
  return header
}

/** Prefer (RFC 7240): whether the answer should show what is there. Other preferences are ignored. */
export const prefersRepresentation = (header: string | undefined): boolean =>
  header !== undefined && /(^|,)\s*return\s*=\s*"?representation"?\s*(;[^,]*)?(,|$)/i.test(header)

/**
 * Tags of a write: `Cache-Groups: "user-7", "team"` (RFC 9875) or `Surrogate-Key: user-7 team`.
 * @throws Problem invalid-request for both headers, more than 32 tags, or a tag that is not 1 to
 * 128 printable ASCII characters.
 */
export function toTags(groups: string | undefined, keys: string | undefined): string[] {
  if (groups !== undefined && keys !== undefined) {
    throw invalid('header/surrogate-key', 'contradicts Cache-Groups: send one of the two')
  }
  const [where, tags] =
    groups !== undefined
      ? (['header/cache-groups', fromGroups(groups)] as const)
      : (['header/surrogate-key', (keys ?? '').split(' ').filter(Boolean)] as const)
  if (!tags?.every((tag) => TAG.test(tag))) {
    throw invalid(where, 'must hold tags of 1 to 128 printable ASCII characters')
  }
  const distinct = [...new Set(tags)]
  if (distinct.length > MAX_TAGS) throw invalid(where, `must hold at most ${MAX_TAGS} tags`)
  return distinct
}

/** A list of quoted strings (RFC 9651), or undefined where it is none. */
function fromGroups(header: string): string[] | undefined {
  const item = /\s*"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\s*(,|$)/y
  const tags: string[] = []
  let more = header.trim() !== ''
  while (more) {
    const match = item.exec(header)
    if (!match) return undefined
    tags.push((match[1] as string).replace(/\\(["\\])/g, '$1'))
    more = match[2] === ','
  }
  return item.lastIndex === header.length || tags.length === 0 ? tags : undefined
}
