import type { FastifyReply } from 'fastify'
import { toETag } from '../../http/etag.js'
import type { Condition } from '../condition.js'
import { isNotModified, kindMismatch, miss } from '../entries/answer.js'
import type { CacheKey } from '../entries/store.js'
import type { CacheMetrics } from '../metrics.js'
import type { FieldsReply } from './scripts.js'

/**
 * The object or counter that a read found; its version goes into the headers.
 * @param wanted with its article: `a counter`
 * @returns undefined where the caller has this version already
 * @throws Problem cache-miss, kind-mismatch, precondition-failed
 */
export function takeFound(
  reply: FastifyReply,
  metrics: CacheMetrics,
  name: Pick<CacheKey, 'namespace' | 'space' | 'key'>,
  wanted: 'a counter' | 'an object',
  condition: Condition,
  found: FieldsReply,
) {
  metrics.read(name, found.kind === 'miss' ? 'miss' : 'hit')
  if (found.kind === 'miss') throw miss(reply, 'miss')
  if (found.kind === 'kind-mismatch') throw kindMismatch(name.key, wanted, found.found)
  reply.header('etag', toETag(found.version))
  return isNotModified(reply, name.key, condition, found.version) ? undefined : found
}

/** Counts a change of an object or a counter that was applied, and says its version. */
export function recordChange(
  reply: FastifyReply,
  metrics: CacheMetrics,
  space: string,
  { created, version, replayed }: { created: boolean; version: number; replayed: boolean },
): void {
  metrics.write(space, created ? 'created' : 'replaced')
  if (replayed) reply.header('idempotent-replayed', 'true')
  reply.header('etag', toETag(version))
}
