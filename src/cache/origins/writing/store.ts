import type { Binder } from '../../../redis/binder.js'
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
  readonly condition?: Condition
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
  /**
   * The origin took it.
   * @param value what to store; undefined where the origin keeps another form of what it was given
   */
  finish(key: CacheKey, clk: number, value: Value | undefined): Promise<FinishReply>
  /** The origin has not taken it and never will. @returns whether the note of the write was there */
  refused(key: CacheKey, clk: number): Promise<boolean>
  /** The origin may have taken it, or may still do so. */
  unknown(key: CacheKey, clk: number, applyWithinMs: number): Promise<void>
}

/** A writer needs it to give up and say so, after its time-out. */
const MARGIN_MS = 1_000
/** Of one key at one moment: more are kept safe, and not apart. */
const MAX_NOTES = 100

const NOTHING: Value = {
  payload: Buffer.alloc(0),
  contentType: '',
  contentEncoding: '',
  tags: [],
}

export function createWriteLeases(binder: Binder, partitions: Partitions): WriteLeases {
  const scripts = {
    begin: binder.bind(beginScript),
    finish: binder.bind(finishScript),
    refused: binder.bind(refusedScript),
    unknown: binder.bind(unknownScript),
  }
  const keysOf = ({ namespace, space, key }: CacheKey) => partitions.keysOf(namespace, space, key)
  const common = ({ space, key }: CacheKey) => ({
    on_restart: partitions.onRestart(),
    space,
    name: key,
  })

  return {
    async begin(key, { timeoutMs, applyWithinMs, condition = UNCONDITIONAL }) {
      const sentAt = performance.now()
      const servedMs = timeoutMs + MARGIN_MS
      const begun = await scripts.begin(keysOf(key), {
        ...common(key),
        condition: conditionArg(condition),
        idle_ms: key.policy.idleMs,
        served_ms: servedMs,
        lasts_ms: servedMs + applyWithinMs,
        max_notes: MAX_NOTES,
      })
      return begun.kind === 'begun' ? { ...begun, sendBefore: sentAt + timeoutMs } : begun
    },
    finish: (key, clk, value) =>
      scripts.finish(keysOf(key), {
        ...common(key),
        clk,
        store: value ? 1 : 0,
        ...toValueArgs(value ?? NOTHING, key.policy),
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
