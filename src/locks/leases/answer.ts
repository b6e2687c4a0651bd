import type { FastifyReply } from 'fastify'
import { invalid, type Problem } from '../../http/problem.js'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import type { Holder, LeaseEnd, Snapshot } from '../lock-state.js'
import type { LockMetrics } from '../metrics.js'
import { problem } from '../problems.js'
import type { LockStore } from '../store.js'
import type {
  AcquireOutcome,
  DowngradeOutcome,
  Granted,
  LostOutcome,
  MetadataOutcome,
  ReleaseOutcome,
  RenewOutcome,
  RevokeNotice,
} from './outcomes.js'

export interface LockRouteOptions {
  readonly store: LockStore
  readonly metrics: LockMetrics
  readonly idempotencyTtlMs: number
}

/** The one name of a lease, or the names of a set. */
export type Leased = string | readonly string[]

const textOf = (leased: Leased) => (typeof leased === 'string' ? leased : leased.join(', '))

const MAX_RETRY_AFTER_S = 30

/** Stored metadata, which is not ''. */
export const toObject = (metadata: string) => JSON.parse(metadata) as Record<string, unknown>

export const toHolders = (holders: readonly Holder[]) =>
  holders.map(
    ({ fence, leftMs, heldMs, permits, owner, metadata, sessionId, sessionMetadata }) => ({
      fence,
      expiresInMs: leftMs,
      heldMs,
      permits,
      ...(owner !== '' && { owner }),
      ...(metadata !== '' && { metadata: toObject(metadata) }),
      ...(sessionId !== '' && { sessionId }),
      ...(sessionMetadata !== '' && { sessionMetadata: toObject(sessionMetadata) }),
    }),
  )

export const toPermits = ({ capacity, used }: Pick<Snapshot, 'capacity' | 'used'>) =>
  capacity > 0 && { capacity, used, available: Math.max(0, capacity - used) }

/** Counts the outcome. Throws a Problem unless it is a lease. */
export function takeGranted(
  leased: Leased,
  outcome: AcquireOutcome,
  metrics: LockMetrics,
  reply: FastifyReply,
): Granted {
  if (outcome.kind !== 'granted') {
    metrics.acquired(outcome.kind)
    throw refused(textOf(leased), outcome)
  }
  if (outcome.replayed) {
    metrics.acquired('replayed')
    metrics.replayed()
    reply.header('idempotent-replayed', 'true')
  } else {
    metrics.acquired('granted')
    if (outcome.waitedMs > 0) metrics.waited(outcome.waitedMs / 1_000)
  }
  return outcome
}

function refused(what: string, outcome: Exclude<AcquireOutcome, Granted>): Problem {
  switch (outcome.kind) {
    case 'held':
      return blocked('lock-held', `"${outcome.name}" is held.`, outcome.lock)
    case 'delayed':
      return blocked('lock-delayed', `"${outcome.name}" is in its lock delay.`, outcome.lock)
    case 'timeout':
      return blocked('wait-timeout', `"${outcome.name}" did not become free in time.`, outcome.lock)
    case 'gone':
      return problem('wait-timeout', 'The client closed its connection while it waited.')
    case 'ended':
      return leaseEnded(what, outcome.how, outcome.fence, outcome.reason)
    case 'too-many-waiters':
      return problem(
        'too-many-waiters',
        `${outcome.queueLength} requests wait for "${outcome.name}".`,
        {
          retryAfterMs: 1_000,
          extensions: { queueLength: outcome.queueLength },
        },
      )
    case 'capacity-mismatch':
      return outcome.capacity === 0
        ? invalid('body/capacity', 'is required: no capacity was set with PUT')
        : problem('capacity-mismatch', `"${what}" has a capacity of ${outcome.capacity}.`, {
            extensions: { capacity: outcome.capacity },
          })
    case 'unsatisfiable':
      return problem(
        'unsatisfiable',
        outcome.capacity > 0
          ? `"${what}" has ${outcome.capacity} permits; the request asks for more.`
          : `"${what}" has fewer permits than the request asks for.`,
      )
    case 'conflict':
      return idempotencyConflict()
    case 'mode-mismatch':
      return problem(
        'mode-mismatch',
        `"${outcome.name ?? what}" is in use as another kind of lock, or in another mode.`,
      )
    case 'session-ended':
      return sessionEnded()
    case 'session-full':
      return problem(
        'too-many-leases',
        'The session has 1000 leases and queue places, which is the maximum.',
        {
          retryAfterMs: 1_000,
        },
      )
    case 'cross-slot':
      return crossSlot()
    case 'draining':
      return problem(
        'draining',
        'This instance is shutting down; ask another one, or retry soon.',
        {
          retryAfterMs: 1_000,
        },
      )
  }
}

function blocked(
  code: 'lock-held' | 'lock-delayed' | 'wait-timeout',
  detail: string,
  lock: Snapshot,
): Problem {
  return problem(code, detail, {
    retryAfterMs: lock.leftMs,
    maxRetryAfterS: MAX_RETRY_AFTER_S,
    extensions: {
      ...toPermits(lock),
      holders: toHolders(lock.holders),
      holderCount: lock.holderCount,
      queueLength: lock.queueLength,
    },
  })
}

export const sessionEnded = (): Problem =>
  problem('session-ended', 'The session of this token has ended, or never existed.')

const crossSlot = (): Problem =>
  problem('cross-slot', 'The names lie in several slots; give them a common part before "@".')

function lost(leased: Leased, outcome: LostOutcome, metrics: LockMetrics): Problem {
  if (outcome.kind === 'cross-slot') return crossSlot()
  const what = textOf(leased)
  const more = typeof leased === 'string' ? {} : { lost: outcome.lost }
  if (outcome.kind === 'not-owner') {
    return problem('not-owner', `The token does not hold "${what}".`, { extensions: more })
  }
  if (outcome.how === 'expired') metrics.expiredWhileHeld()
  return leaseEnded(what, outcome.how, outcome.fence, outcome.reason, more)
}

const leaseEnded = (
  what: string,
  how: LeaseEnd,
  fence: number,
  reason: string,
  more?: object,
): Problem =>
  problem(`lease-${how}`, `The lease on "${what}" has ended: ${how}.`, {
    extensions: { fence, ...(reason !== '' && { reason }), ...more },
  })

type Renewed = Extract<RenewOutcome, { kind: 'renewed' }>

/** Throws a Problem unless the lease goes on. */
export function takeRenewed(leased: Leased, outcome: RenewOutcome, metrics: LockMetrics): Renewed {
  if (outcome.kind !== 'renewed') throw lost(leased, outcome, metrics)
  return outcome
}

/** The fences in the order of the names. Throws a Problem unless the lease has the metadata now. */
export function takeChanged(
  leased: Leased,
  outcome: MetadataOutcome,
  metrics: LockMetrics,
): readonly number[] {
  if (outcome.kind !== 'changed') throw lost(leased, outcome, metrics)
  return outcome.fences
}

/** The fence of the lease. Throws a Problem unless it is shared now. */
export function takeDowngraded(
  name: string,
  outcome: DowngradeOutcome,
  metrics: LockMetrics,
): number {
  if (outcome.kind === 'shared') return outcome.fence
  if (outcome.kind !== 'mode-mismatch') throw lost(name, outcome, metrics)
  throw problem('mode-mismatch', `"${name}" is a semaphore, or its lease has other tokens.`)
}

type Released =
  | { readonly released: true; readonly fences: readonly number[]; readonly heldMs: number }
  | { readonly released: false; readonly fence: number }

/** Counts the release, or its repeat. Throws a Problem unless the lease was released. */
export function takeReleased(
  leased: Leased,
  outcome: ReleaseOutcome,
  metrics: LockMetrics,
): Released {
  if (outcome.kind === 'released') {
    const { fences, heldMs } = outcome
    metrics.ended('released', fences.length)
    metrics.held(heldMs / 1_000)
    return { released: true, fences, heldMs }
  }
  if (outcome.kind === 'ended' && outcome.how === 'released') {
    metrics.replayed()
    return { released: false, fence: outcome.fence }
  }
  throw lost(leased, outcome, metrics)
}

export function toRenewed({ fences, expiresInMs, revoke }: Renewed) {
  return {
    fence: fences[0] as number,
    expiresInMs,
    ...(revoke && { revoke: toRevoke(revoke) }),
  }
}

export const toRevoke = ({ reason, expiresInMs }: RevokeNotice) => ({
  reason,
  ...(expiresInMs !== undefined && { expiresInMs }),
})
