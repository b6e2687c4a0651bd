import type { Binder } from '../../../redis/binder.js'
import type { Idempotency } from '../../../redis/idempotency.js'
import { randomToken } from '../../../redis/random.js'
import { conditionArg, UNCONDITIONAL } from '../../condition.js'
import type { CacheKey } from '../../entries/store.js'
import { toValueArgs } from '../../entries/value.js'
import type { Partitions } from '../../partition.js'
import type { OriginPolicy } from '../policy.js'
import { ABSENT } from '../writing/store.js'
import type { Change } from '../writing/writer.js'
import {
  type ClaimReply,
  claimScript,
  discardScript,
  dueScript,
  type FailedWrite,
  type FailOutcome,
  failedScript,
  failScript,
  type OutboxState,
  type PutReply,
  putScript,
  type SettleOutcome,
  settleScript,
  stateScript,
} from './scripts.js'

/** The outbox of a space in one partition of a namespace. */
export interface OutboxName {
  readonly namespace: string
  readonly space: string
  readonly partition: number
}

export interface ClaimOptions {
  /** The instance that wants to deliver. */
  readonly instance: string
  readonly policy: OriginPolicy
  readonly most: number
  /** Keys that are due so soon are claimed too. */
  readonly aheadMs?: number
}

export type Claimed =
  | Exclude<ClaimReply, { kind: 'claimed' }>
  | (Extract<ClaimReply, { kind: 'claimed' }> & {
      /** Proof of these claims. */
      readonly token: string
      /** By `performance.now()`: nothing is sent to the origin after it. */
      readonly sendBefore: number
    })

export interface Settling {
  readonly token: string
  /** That was sent; 0 where nothing was pending. */
  readonly version: number
  /** The origin has another form of it, or something newer. */
  readonly drops: boolean
}

export interface Failing {
  readonly token: string
  readonly version: number
  /** The origin answered about this write: it is an attempt. */
  readonly counts: boolean
  /** It is no use to try again. */
  readonly isFinal: boolean
  /** The origin may still apply it. */
  readonly isUnknown: boolean
  /** What happened, in one line. */
  readonly why: string
}

/**
 * What the origin of a space has yet to get. The entry in the cache is the record of it: while it is
 * pending it has no end, and reads answer from it whatever is invalidated.
 *
 * A delivery claims its keys. Until the claim is over, no other request for these keys is sent: so a
 * write waits until the outcome of the one before is known, or the origin has had its time.
 */
export interface OutboxStore {
  put(key: CacheKey, change: Change): Promise<PutReply>
  claim(name: OutboxName, options: ClaimOptions): Promise<Claimed>
  /** Another instance may deliver at once. */
  leave(name: OutboxName, instance: string): Promise<void>
  /** The origin has it. */
  settle(key: CacheKey, settling: Settling): Promise<SettleOutcome>
  /** It does not have it, or not for sure. */
  fail(key: CacheKey, failing: Failing): Promise<FailOutcome>
  state(name: OutboxName): Promise<OutboxState>
  /** @returns those that failed, by key, at most 10,000 */
  failed(name: OutboxName): Promise<readonly FailedWrite[]>
  /** Makes keys due, by default all, with no attempts behind them. @returns how many */
  makeDue(name: OutboxName, keys?: readonly string[]): Promise<number>
  /** Drops what is pending, with its entry. @returns whether something was */
  discard(key: Name): Promise<boolean>
}

/** Of a key, also of a space that has no origin any more. */
type Name = Pick<CacheKey, 'namespace' | 'space' | 'key'>

/** A deliverer needs it to give up and say so, after the time-out. */
const MARGIN_MS = 1_000
/** A deliverer claims more often, also where nothing is due. */
const LEASE_MS = 3_000
/** Keys of one call that changes them: less than a millisecond of Redis. */
const PER_CALL = 100
const MOST_FAILED = 10_000

export function createOutboxStore(binder: Binder, partitions: Partitions): OutboxStore {
  const scripts = {
    put: binder.bind(putScript),
    claim: binder.bind(claimScript),
    settle: binder.bind(settleScript),
    fail: binder.bind(failScript),
    state: binder.bind(stateScript),
    failed: binder.bind(failedScript),
    due: binder.bind(dueScript),
    discard: binder.bind(discardScript),
  }
  const keysOf = ({ namespace, space, key }: Name, idempotency?: Idempotency) => ({
    ...partitions.keysOf(namespace, space, key, idempotency),
    ...partitions.outboxOf(namespace, partitions.of(space, key), space),
  })
  const boxOf = ({ namespace, space, partition }: OutboxName) =>
    partitions.outboxOf(namespace, partition, space)
  /** Keys are spread evenly, so each partition has its share. */
  const share = (all: number) => Math.ceil(all / partitions.count)

  return {
    put(key, { value = ABSENT, condition = UNCONDITIONAL, idempotency }) {
      const { behind } = originOf(key)
      return scripts.put(keysOf(key, idempotency), {
        on_restart: partitions.onRestart(),
        space: key.space,
        name: key.key,
        condition: conditionArg(condition),
        idle_ms: key.policy.idleMs,
        ...toValueArgs(value, key.policy),
        interval_ms: behind.intervalMs,
        max_pending: share(behind.maxPending),
        max_bytes: share(behind.maxPendingBytes),
        fingerprint: idempotency?.fingerprint ?? '',
        record_ttl_ms: idempotency?.ttlMs ?? 0,
      })
    },

    async claim(name, { instance, policy, most, aheadMs = 0 }) {
      const { timeoutMs, applyWithinMs } = policy
      const token = randomToken()
      const sentAt = performance.now()
      const reply = await scripts.claim(boxOf(name), {
        instance,
        token,
        most,
        lease_ms: LEASE_MS + timeoutMs,
        ahead_ms: aheadMs,
        claim_ms: timeoutMs + MARGIN_MS + applyWithinMs,
      })
      return reply.kind === 'claimed' ? { ...reply, token, sendBefore: sentAt + timeoutMs } : reply
    },

    async leave(name, instance) {
      await scripts.claim(boxOf(name), {
        instance,
        token: '',
        most: 0,
        lease_ms: 0,
        ahead_ms: 0,
        claim_ms: 0,
      })
    },

    settle: (key, { token, version, drops }) =>
      scripts.settle(keysOf(key), {
        on_restart: partitions.onRestart(),
        space: key.space,
        name: key.key,
        token,
        version,
        drop: drops ? 1 : 0,
        interval_ms: originOf(key).behind.intervalMs,
      }),

    fail(key, { token, version, counts, isFinal, isUnknown, why }) {
      const { applyWithinMs, behind } = originOf(key)
      return scripts.fail(keysOf(key), {
        name: key.key,
        token,
        version,
        counts: counts ? 1 : 0,
        rest_ms: isUnknown ? applyWithinMs : 0,
        max_attempts: isFinal ? 1 : behind.maxAttempts,
        base_ms: behind.backoff.baseMs,
        max_ms: behind.backoff.maxMs,
        error: why,
      })
    },

    state: (name) => scripts.state(boxOf(name), {}),
    failed: (name) => scripts.failed(boxOf(name), { most: MOST_FAILED }),

    async makeDue(name, keys) {
      let made = 0
      if (keys) {
        for (let at = 0; at < keys.length; at += PER_CALL) {
          const names = keys.slice(at, at + PER_CALL)
          made += (await scripts.due(boxOf(name), { skip: 0, most: 0, names })).due
        }
        return made
      }
      for (let skip = 0; ; ) {
        const step = { skip, most: PER_CALL, names: [] }
        const { due, skipped } = await scripts.due(boxOf(name), step)
        made += due
        skip += skipped
        if (due + skipped < PER_CALL) return made
      }
    },

    discard: (key) =>
      scripts.discard(keysOf(key), {
        on_restart: partitions.onRestart(),
        space: key.space,
        name: key.key,
      }),
  }
}

/** Only keys of a space that writes behind have an outbox. */
const originOf = ({ policy }: CacheKey): OriginPolicy => policy.origin as OriginPolicy
