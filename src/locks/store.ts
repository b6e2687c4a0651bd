import type { Binder } from '../redis/binder.js'
import type { Idempotency } from '../redis/idempotency.js'
import { randomToken } from '../redis/random.js'
import { lockKeys, memoKey } from './keys.js'
import {
  acquireScript,
  type InspectReply,
  inspectScript,
  type LeaseEnd,
  releaseScript,
  renewScript,
} from './scripts.js'

export interface AcquireOptions {
  readonly ttlMs: number
  readonly owner?: string | undefined
  /** Serialized JSON, at most 1 KiB. */
  readonly metadata?: string | undefined
  readonly idempotency?: Idempotency | undefined
}

export type AcquireOutcome =
  | {
      readonly kind: 'granted'
      readonly token: string
      readonly fence: number
      readonly expiresInMs: number
      readonly replayed: boolean
    }
  | { readonly kind: 'held'; readonly retryAfterMs: number; readonly lock: InspectReply }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'ended'; readonly how: LeaseEnd; readonly fence: number }

export type RenewOutcome =
  | { readonly kind: 'renewed'; readonly fence: number; readonly expiresInMs: number }
  | { readonly kind: 'ended'; readonly how: LeaseEnd; readonly fence: number }
  | { readonly kind: 'not-owner' }

export type ReleaseOutcome =
  | { readonly kind: 'released'; readonly fence: number; readonly heldMs: number }
  | { readonly kind: 'ended'; readonly how: LeaseEnd; readonly fence: number }
  | { readonly kind: 'not-owner' }

export interface LockStore {
  acquire(namespace: string, name: string, options: AcquireOptions): Promise<AcquireOutcome>
  renew(namespace: string, name: string, token: string, ttlMs: number): Promise<RenewOutcome>
  release(namespace: string, name: string, token: string): Promise<ReleaseOutcome>
  inspect(namespace: string, name: string): Promise<InspectReply>
}

export interface LockStoreOptions {
  readonly binder: Binder
  /** How long an ended lease is remembered, so that its holder hears how it ended. */
  readonly endedTtlMs: number
}

/** No estimate of the server's clock: its own time decides alone. */
const NO_GUARD = 0

export function createLockStore({ binder, endedTtlMs }: LockStoreOptions): LockStore {
  const scripts = {
    acquire: binder.bind(acquireScript),
    renew: binder.bind(renewScript),
    release: binder.bind(releaseScript),
    inspect: binder.bind(inspectScript),
  }
  /** The highest fence seen by this process: a promoted replica may have missed the last ones. */
  let floor = 0

  const inspect = (namespace: string, name: string) =>
    scripts.inspect(lockKeys(namespace, name), { now_guard: NO_GUARD })

  return {
    inspect,

    async acquire(namespace, name, { ttlMs, owner = '', metadata = '', idempotency }) {
      const started = performance.now()
      const reply = await scripts.acquire(
        {
          ...lockKeys(namespace, name),
          ...(idempotency && { memo: memoKey(namespace, idempotency.digest) }),
        },
        {
          token: randomToken(),
          ttl_ms: ttlMs,
          owner,
          metadata,
          now_guard: NO_GUARD,
          floor,
          ended_ttl_ms: endedTtlMs,
          fingerprint: idempotency?.fingerprint ?? '',
          memo_ttl_ms: idempotency?.ttlMs ?? 0,
        },
      )
      if (reply.outcome === 'conflict') return { kind: 'conflict' }
      if (reply.outcome === 'ended') return { kind: 'ended', how: reply.how, fence: reply.fence }
      if (reply.outcome === 'held') {
        return { kind: 'held', retryAfterMs: reply.leftMs, lock: await inspect(namespace, name) }
      }
      floor = Math.max(floor, reply.fence)
      return {
        kind: 'granted',
        token: reply.token,
        fence: reply.fence,
        expiresInMs: remaining(reply.ttlMs, started),
        replayed: reply.outcome === 'replayed',
      }
    },

    async renew(namespace, name, token, ttlMs) {
      const started = performance.now()
      const reply = await scripts.renew(lockKeys(namespace, name), {
        token,
        ttl_ms: ttlMs,
        now_guard: NO_GUARD,
        ended_ttl_ms: endedTtlMs,
      })
      if (reply.outcome === 'not-owner') return { kind: 'not-owner' }
      if (reply.outcome === 'ended') return { kind: 'ended', how: reply.how, fence: reply.fence }
      return { kind: 'renewed', fence: reply.fence, expiresInMs: remaining(reply.ms, started) }
    },

    async release(namespace, name, token) {
      const reply = await scripts.release(lockKeys(namespace, name), {
        token,
        now_guard: NO_GUARD,
        ended_ttl_ms: endedTtlMs,
      })
      if (reply.outcome === 'not-owner') return { kind: 'not-owner' }
      if (reply.outcome === 'ended') return { kind: 'ended', how: reply.how, fence: reply.fence }
      return { kind: 'released', fence: reply.fence, heldMs: reply.ms }
    },
  }
}

/** Conservative: the lease began after `started`, so it ends no earlier than this says. */
const remaining = (ttlMs: number, started: number): number =>
  Math.max(0, Math.floor(ttlMs - (performance.now() - started)))
