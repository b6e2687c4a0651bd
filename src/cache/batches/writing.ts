import type { Static } from 'typebox'
import Type from 'typebox'
import { decode } from '../../http/encoding.js'
import { toVersions } from '../../http/etag.js'
import { toFence } from '../../http/fence.js'
import { invalid } from '../../http/problem.js'
import type { RequestIdentity } from '../../http/request-fingerprint.js'
import type { CacheKey, EntryStore, WriteOptions } from '../entries/store.js'
import { canBeRefused, toContentType } from '../entries/write-request.js'
import type { RemoveReply, WriteReply } from '../entries/write-scripts.js'
import type { LeaseStore } from '../leases/store.js'
import type { CacheMetrics } from '../metrics.js'
import type { Wanting } from '../origins/loading/loads.js'
import type { Origins } from '../origins/origins.js'
import { ownsWrites } from '../origins/policy.js'
import { isUntaken } from '../origins/writing/answer.js'
import { isOwned, toChange } from '../origins/writing/request.js'
import type { WriteEnd } from '../origins/writing/writer.js'
import { type Item, notTakenItem, taken, written } from './answer.js'
import { defaultContentType } from './encoding.js'
import { chains } from './in-order.js'
import { WriteFields } from './schemas.js'
import { type Failed, ITEMS_AT_ONCE, settleAll } from './settle.js'

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
      fence: toFence(sent.ifFence, `${pointer}/ifFence`),
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
  readonly origins: Origins
  readonly entries: EntryStore
  readonly leases: Pick<LeaseStore, 'cancel'>
}

/**
 * Settles writes of one space. Where an origin takes them, those of one key go in their order, and only
 * as many at once as may be sent to it.
 */
export function settleWrites<O>(
  keys: readonly CacheKey[],
  run: (key: CacheKey, index: number) => Promise<O>,
): Promise<(O | Failed)[]> {
  const { origin } = (keys[0] as CacheKey).policy
  if (!origin || !ownsWrites({ origin })) return settleAll(keys, run)
  const inOrder = chains<O>()
  const atOnce = Math.min(
    ITEMS_AT_ONCE,
    origin.write === 'through' ? origin.maxConcurrent : ITEMS_AT_ONCE,
  )
  return settleAll(keys, (key, i) => inOrder(key, () => run(key, i)), atOnce)
}

/** Why an item was not tried. */
interface Refused {
  readonly kind: 'too-large' | 'precondition-required' | 'origin-owned'
}

/** The outcome of a PUT of the same value. */
export async function writeOne(
  { entries, leases, origins }: WriteStores,
  key: CacheKey,
  options: WriteOptions,
  wanting: Wanting,
): Promise<WriteReply | WriteEnd | Refused> {
  if (key.policy.requirePrecondition && !canBeRefused(options)) {
    return { kind: 'precondition-required' }
  }
  if (options.payload.length > key.policy.maxValueBytes) {
    // Its loader is done: other readers need not wait for the lease to run out.
    if (options.fill !== undefined) await leases.cancel(key, options.fill, 0)
    return { kind: 'too-large' }
  }
  if (!ownsWrites(key.policy)) return entries.write(key, options)
  return isOwned(options)
    ? { kind: 'origin-owned' }
    : origins.write(key, toChange(options), wanting)
}

/** A DELETE. */
export async function removeOne(
  { entries, origins }: Pick<WriteStores, 'entries' | 'origins'>,
  key: CacheKey,
  wanting: Wanting,
): Promise<WriteEnd | RemoveReply> {
  return ownsWrites(key.policy)
    ? origins.write(key, { value: undefined }, wanting)
    : entries.remove(key)
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
      return taken(key, reply)
    case 'precondition-failed':
      metrics.write(space, 'refused')
      return written(key, 'precondition-failed', reply.version)
    case 'fence-outdated':
      metrics.write(space, 'refused')
      return written(key, 'fence-outdated')
    case 'conflict':
      return written(key, 'idempotency-conflict')
    default:
      return isUntaken(reply) ? notTakenItem(key, reply) : written(key, reply.kind)
  }
}
