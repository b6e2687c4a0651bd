import type { Static } from 'typebox'
import Type from 'typebox'
import { decode } from '../../http/encoding.js'
import { toVersions } from '../../http/etag.js'
import { invalid } from '../../http/problem.js'
import type { RequestIdentity } from '../../http/request-fingerprint.js'
import type { CacheKey, EntryStore, WriteOptions } from '../entries/store.js'
import { canBeRefused, toContentType } from '../entries/write-request.js'
import type { WriteReply } from '../entries/write-scripts.js'
import type { LeaseStore } from '../leases/store.js'
import type { CacheMetrics } from '../metrics.js'
import { type Item, written } from './answer.js'
import { defaultContentType } from './encoding.js'
import { WriteFields } from './schemas.js'

const Fields = Type.Object(WriteFields)

/** @throws Problem invalid-request where a PUT is refused as well. */
export function toItemWrite(
  pointer: string,
  sent: Static<typeof Fields>,
  idempotency: RequestIdentity | undefined,
): WriteOptions {
  const { encoding, ifMatch, ifNoneMatch } = sent
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw invalid(`${pointer}/ifNoneMatch`, 'contradicts ifMatch: send one of the two')
  }
  if (sent.leaseToken !== undefined && (ifMatch ?? ifNoneMatch) !== undefined) {
    throw invalid(`${pointer}/leaseToken`, 'is a condition: send no other with it')
  }
  const isNegative = sent.negative === true
  for (const window of ['staleMs', 'errorMs'] as const) {
    if (isNegative && (sent[window] ?? 0) > 0) {
      throw invalid(`${pointer}/${window}`, 'does not belong to a negative entry: it ends at once')
    }
  }
  return {
    payload: isNegative ? NOTHING : decode(`${pointer}/value`, sent.value, encoding),
    contentType:
      sent.contentType === undefined
        ? defaultContentType(encoding)
        : toContentType(sent.contentType, `${pointer}/contentType`),
    contentEncoding: '',
    tags: [...new Set(sent.tags)],
    ttlMs: sent.ttlMs,
    staleMs: sent.staleMs,
    errorMs: sent.errorMs,
    condition: {
      match: toVersions(ifMatch, `${pointer}/ifMatch`, 'strong'),
      none: ifNoneMatch === undefined ? undefined : 'any',
    },
    fill: sent.leaseToken,
    isNegative,
    idempotency,
  }
}

const NOTHING = Buffer.alloc(0)

/** A call has one idempotency key, and every item an idempotency record of its own, in its own slot. */
export const identityOfItem = (
  identity: RequestIdentity | undefined,
  index: number,
): RequestIdentity | undefined => identity && { ...identity, digest: `${identity.digest}-${index}` }

export interface WriteStores {
  readonly entries: EntryStore
  readonly leases: Pick<LeaseStore, 'cancel'>
}

/** The outcome of a PUT of the same value. */
export async function writeOne(
  { entries, leases }: WriteStores,
  key: CacheKey,
  options: WriteOptions,
): Promise<WriteReply | { readonly kind: 'too-large' | 'precondition-required' }> {
  if (key.policy.requirePrecondition && !canBeRefused(options)) {
    return { kind: 'precondition-required' }
  }
  if (options.payload.length > key.policy.maxValueBytes) {
    // Its loader is done: other readers need not wait for the lease to run out.
    if (options.fill !== undefined) await leases.cancel(key, options.fill, 0)
    return { kind: 'too-large' }
  }
  return entries.write(key, options)
}

export function toItem(
  { space, key }: CacheKey,
  reply: Awaited<ReturnType<typeof writeOne>>,
  metrics: CacheMetrics,
): Item {
  switch (reply.kind) {
    case 'created':
    case 'replaced':
      metrics.write(space, reply.kind)
      return written(key, reply.kind, reply.version, reply.replayed)
    case 'precondition-failed':
      metrics.write(space, 'refused')
      return written(key, 'precondition-failed', reply.version)
    case 'conflict':
      return written(key, 'idempotency-conflict')
    default:
      return written(key, reply.kind)
  }
}
