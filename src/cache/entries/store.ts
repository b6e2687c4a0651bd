import { createHash } from 'node:crypto'
import type { Binder } from '../../redis/binder.js'
import type { StoreError } from '../../redis/errors.js'
import { fenceArg } from '../../redis/fence.js'
import type { Idempotency } from '../../redis/idempotency.js'
import { type Condition, conditionArg, UNCONDITIONAL } from '../condition.js'
import type { LeaseStore } from '../leases/store.js'
import type { Partitions } from '../partition.js'
import type { SpacePolicy } from '../spaces/policy.js'
import { complete, INLINE_BYTES, isLeftOut, PayloadPrefetch, UNLIMITED } from './payloads.js'
import { createReadMany } from './read-many.js'
import { type ReadReply, readScript } from './scripts.js'
import { jittered, toValueArgs, type Value } from './value.js'
import {
  type RemoveReply,
  removeScript,
  type TouchReply,
  touchScript,
  type WriteReply,
  writeScript,
} from './write-scripts.js'

/** One key of one space, and how that space caches. */
export interface CacheKey {
  readonly namespace: string
  readonly space: string
  readonly key: string
  readonly policy: SpacePolicy
}

/** The offer of a read to load the key. */
export interface LeaseOffer {
  /** Of the lease, should it be granted. */
  readonly token: string
  /** The caller chose the token, so it can ask again. */
  readonly isOwn: boolean
  /** How many load times before its end a fresh value is refreshed; see `drawEarly`. */
  readonly early: number
}

export interface ReadOptions {
  readonly lease?: LeaseOffer | undefined
  /** With `lease`: grant none; the reply only says who has it. */
  readonly grantsNone?: boolean | undefined
  /** Serve nothing that has been stale for longer. */
  readonly maxStaleMs?: number | undefined
  /** Serve nothing that becomes stale sooner. */
  readonly minFreshMs?: number | undefined
  /** Leave a payload above this out of the reply; -1 leaves any out. */
  readonly maxBytes?: number | undefined
  /** Versions whose payload the caller has: a large one is left out. */
  readonly have?: readonly number[] | undefined
  /** A load of the caller failed: serve what is in its error window. */
  readonly hasFailed?: boolean | undefined
  /** Ask Redis, even where memory can answer. */
  readonly skipL1?: boolean | undefined
  /** The service reads for itself: no read of a caller that makes the key hot. */
  readonly isUncounted?: boolean | undefined
}

export interface WriteOptions extends Value {
  readonly condition?: Condition
  /** Where a condition refuses the write, the reply holds the whole present value. */
  readonly showsPresent?: boolean
  /** Proof of the grant that this fills; refused where the lease is void. */
  readonly fill?: string | undefined
  /** With `fill`: what the origin calls the value. */
  readonly validator?: string | undefined
  readonly idempotency?: Idempotency | undefined
}

export interface LeveledReply extends ReadReply {
  /** Where it came from, if not from Redis: memory, or memory because Redis did not answer. */
  readonly level?: 'L1' | 'degraded'
}

export interface EntryStore {
  read(key: CacheKey, options?: ReadOptions): Promise<LeveledReply>
  /**
   * Reads many keys of one space, a script call per partition and 128 keys; without leases.
   * @param maxBytes leave payloads above this out
   * @returns for each key its reply, or why the store gave none
   */
  readMany(keys: readonly CacheKey[], maxBytes: number): Promise<(LeveledReply | StoreError)[]>
  write(key: CacheKey, options: WriteOptions): Promise<WriteReply>
  /** Keeps a fresh value fresh for `ttlMs` from now on. */
  touch(key: CacheKey, ttlMs: number, condition?: Condition): Promise<TouchReply>
  /** @returns `removed` also where nothing was. */
  remove(key: CacheKey, condition?: Condition): Promise<RemoveReply>
}

/** @param abandon gives up a lease that was granted with a value that could not be read */
export function createEntryStore(
  binder: Binder,
  partitions: Partitions,
  abandon: LeaseStore['abandon'] = () => undefined,
): EntryStore {
  const scripts = {
    read: binder.bind(readScript),
    write: binder.bind(writeScript),
    touch: binder.bind(touchScript),
    remove: binder.bind(removeScript),
  }
  const payload = binder.bindGet('cache.payload')
  const prefetch = new PayloadPrefetch(payload)
  const keysOf = (
    { namespace, space, key }: CacheKey,
    { fence }: Condition = UNCONDITIONAL,
    idempotency?: Idempotency,
  ) => partitions.keysOf(namespace, space, key, idempotency, fence)

  function readOnce(
    keys: ReturnType<typeof keysOf>,
    { space, policy }: CacheKey,
    options: ReadOptions,
    inlineBytes: number,
  ): Promise<ReadReply> {
    const { lease, grantsNone, hasFailed } = options
    const { maxStaleMs = -1, minFreshMs = 0, maxBytes = UNLIMITED } = options
    return scripts.read(keys, {
      on_restart: partitions.onRestart(),
      space,
      want: lease ? (grantsNone ? 2 : 1) : 0,
      token: lease?.token ?? '',
      lease_ms: policy.leaseMs,
      max_lease_ms: policy.maxLeaseMs,
      early: lease?.early ?? 0,
      idle_ms: policy.idleMs,
      max_stale_ms: maxStaleMs,
      min_fresh_ms: minFreshMs,
      max_bytes: Math.min(maxBytes, inlineBytes),
      keeps: policy.l1.enabled ? 1 : 0,
      has_failed: hasFailed ? 1 : 0,
    })
  }

  function writeOnce(
    keys: ReturnType<typeof keysOf>,
    { space, key, policy }: CacheKey,
    options: WriteOptions,
    showBytes: number,
  ): Promise<WriteReply> {
    const { idempotency, condition = UNCONDITIONAL } = options
    const args = {
      on_restart: partitions.onRestart(),
      space,
      name: key,
      fill: fillOf(options),
      condition: conditionArg(condition),
      show_bytes: options.showsPresent ? showBytes : -1,
      idle_ms: policy.idleMs,
      fingerprint: idempotency?.fingerprint ?? '',
      record_ttl_ms: idempotency?.ttlMs ?? 0,
      fence: fenceArg(condition.fence),
    }
    return scripts.write(keys, Object.assign(args, toValueArgs(options, policy)))
  }

  return {
    async read(key, options = {}) {
      const keys = keysOf(key)
      const { maxBytes, have, lease } = options
      const prefetched = prefetch.start(key, keys.entry, options)
      let reply = await readOnce(keys, key, options, INLINE_BYTES)
      prefetch.saw(key, reply.entry)
      if (!isLeftOut(reply.entry, maxBytes, have)) return reply
      try {
        return await complete(reply, {
          get: () => payload(keys.entry),
          prefetched,
          // The same token is granted the same lease again, unless the lease was voided.
          async again(inlineBytes) {
            reply = await readOnce(keys, key, options, inlineBytes)
            return reply
          },
          lacking: ({ entry }) => (isLeftOut(entry, maxBytes, have) ? entry : undefined),
        })
      } catch (error) {
        if (lease) abandon(key, lease, reply)
        throw error
      }
    },

    readMany: createReadMany(binder, partitions),

    async write(key, options) {
      const keys = keysOf(key, options.condition, options.idempotency)
      const reply = await writeOnce(keys, key, options, INLINE_BYTES)
      const lacking = (refused: WriteReply) =>
        refused.kind === 'precondition-failed' && isLeftOut(refused.entry)
          ? refused.entry
          : undefined
      if (!lacking(reply)) return reply
      return complete(reply, {
        get: () => payload(keys.entry),
        // The write was refused, so sending it again is safe.
        again: (inlineBytes) => writeOnce(keys, key, options, inlineBytes),
        lacking,
      })
    },

    touch(key, ttlMs, condition = UNCONDITIONAL) {
      return scripts.touch(keysOf(key), {
        on_restart: partitions.onRestart(),
        space: key.space,
        name: key.key,
        ttl_ms: ttlMs,
        jitter_ms: ttlMs - jittered(ttlMs, key.policy.jitter),
        idle_ms: key.policy.idleMs,
        condition: conditionArg(condition),
      })
    },

    remove(key, condition = UNCONDITIONAL) {
      return scripts.remove(keysOf(key, condition), {
        on_restart: partitions.onRestart(),
        space: key.space,
        name: key.key,
        condition: conditionArg(condition),
        idle_ms: key.policy.idleMs,
        fence: fenceArg(condition.fence),
        invalidates: 0,
      })
    },
  }
}

/** See lib/entry.lua. */
function fillOf({ fill, validator, ...value }: WriteOptions): string {
  if (fill === undefined) return ''
  const proof = `${fill} ${digestOf(value)}`
  return validator === undefined ? proof : `${proof}\n${validator}`
}

/** The same for a repeat of a fill, another for a fill with another value. */
function digestOf({ payload, contentType, contentEncoding, tags, ...life }: WriteOptions): string {
  const { ttlMs, staleMs, errorMs, isNegative } = life
  const said = [contentType, contentEncoding, tags, ttlMs, staleMs, errorMs, isNegative]
  const hash = createHash('sha256').update(JSON.stringify(said)).update(payload)
  return hash.digest('base64url').slice(0, 22)
}
