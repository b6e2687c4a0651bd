import type { Binder } from '../../../redis/binder.js'
import type { Idempotency } from '../../../redis/idempotency.js'
import { type Condition, conditionArg, UNCONDITIONAL } from '../../condition.js'
import type { CacheKey } from '../../entries/store.js'
import { toValueArgs, type Value } from '../../entries/value.js'
import type { Partitions } from '../../partition.js'
import {
  type BeginReply,
  beginScript,
  type FinishReply,
  finishScript,
  refusedScript,
  unknownScript,
} from './scripts.js'

export interface BeginOptions {
  /** How long the origin has, from the connection to the last byte of its answer. */
  readonly timeoutMs: number
  /**
   * The longest time in which the origin may still apply a request that was given up. With the
   * time-out and its margin at most an hour: marks may not live longer.
   */
  readonly applyWithinMs: number
  readonly condition?: Condition | undefined
  readonly idempotency?: Idempotency | undefined
}

/** What the origin took. */
export interface Taken {
  /** What to store; undefined where the origin keeps another form of what it was given. */
  readonly value: Value | undefined
  /** What a repeat of the request answers, should it have an idempotency key. */
  readonly isCreated: boolean
  readonly idempotency?: Idempotency | undefined
}

export type Begun =
  | (Extract<BeginReply, { kind: 'begun' }> & {
      /**
       * By `performance.now()`: nothing is sent to the origin after it. A process that slept past it
       * would apply a write that no note stands for.
       */
      readonly sendBefore: number
    })
  | Exclude<BeginReply, { kind: 'begun' }>

/**
 * The write lease of a key: what write-through does to the cache before and after the origin has a
 * write. A write begins, is sent to the origin before `sendBefore`, and ends by one of the others. A
 * writer that dies needs no end: its note ends by itself.
 *
 * Once all writes of a key have ended and `applyWithinMs` has passed, a read never returns a value
 * older than the origin's, if the origin applies what it applies within that time and keeps what it
 * was given. That holds whatever the writes and loads of the key, invalidations, crashes and pauses
 * do to each other; only a Redis that loses its data while a writer dies is beyond it.
 */
export interface WriteLeases {
  /** Ends every load under way, and lets none begin that would be stored. */
  begin(key: CacheKey, options: BeginOptions): Promise<Begun>
  /** The origin took it. */
  finish(key: CacheKey, clk: number, taken: Taken): Promise<FinishReply>
  /** The origin has not taken it and never will. @returns whether the note of the write was there */
  refused(key: CacheKey, clk: number): Promise<boolean>
  /** The origin may have taken it, or may still do so. */
  unknown(key: CacheKey, clk: number, applyWithinMs: number): Promise<void>
}

/** A writer needs it to give up and say so, after its time-out. */
const MARGIN_MS = 1_000
/** Of one key at one moment: more are kept safe, and not apart. */
const MAX_NOTES = 100

/** That a key is known to have no value. */
export const ABSENT: Value = {
  payload: Buffer.alloc(0),
  contentType: '',
  contentEncoding: '',
  tags: [],
  isNegative: true,
}

export function createWriteLeases(binder: Binder, partitions: Partitions): WriteLeases {
  const scripts = {
    begin: binder.bind(beginScript),
    finish: binder.bind(finishScript),
    refused: binder.bind(refusedScript),
    unknown: binder.bind(unknownScript),
  }
  const keysOf = ({ namespace, space, key }: CacheKey, idempotency?: Idempotency) =>
    partitions.keysOf(namespace, space, key, idempotency)
  const recordArgs = (idempotency: Idempotency | undefined) => ({
    fingerprint: idempotency?.fingerprint ?? '',
    record_ttl_ms: idempotency?.ttlMs ?? 0,
  })
  const common = ({ space, key }: CacheKey) => ({
    on_restart: partitions.onRestart(),
    space,
    name: key,
  })

  return {
    async begin(key, { timeoutMs, applyWithinMs, condition = UNCONDITIONAL, idempotency }) {
      const sentAt = performance.now()
      const servedMs = timeoutMs + MARGIN_MS
      const begun = await scripts.begin(keysOf(key, idempotency), {
        ...common(key),
        condition: conditionArg(condition),
        idle_ms: key.policy.idleMs,
        served_ms: servedMs,
        lasts_ms: servedMs + applyWithinMs,
        max_notes: MAX_NOTES,
        ...recordArgs(idempotency),
      })
      return begun.kind === 'begun' ? { ...begun, sendBefore: sentAt + timeoutMs } : begun
    },
    finish: (key, clk, { value, isCreated, idempotency }) =>
      scripts.finish(keysOf(key, idempotency), {
        ...common(key),
        clk,
        store: value ? 1 : 0,
        ...toValueArgs(value ?? ABSENT, key.policy),
        ...recordArgs(idempotency),
        outcome: isCreated ? 1 : 2,
      }),
    refused: (key, clk) => scripts.refused(keysOf(key), { ...common(key), clk }),
    async unknown(key, clk, applyWithinMs) {
      await scripts.unknown(keysOf(key), {
        ...common(key),
        clk,
        apply_within_ms: applyWithinMs,
        max_notes: MAX_NOTES,
      })
    },
  }
}
