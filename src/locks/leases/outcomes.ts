import { fromStoredName } from '../keys.js'
import type { LeaseEnd, LeaseMode, Snapshot } from '../lock-state.js'
import type { AcquireAnswer, GrantReply, LostReply } from './scripts.js'

export interface Granted {
  readonly kind: 'granted'
  readonly token: string
  readonly fences: readonly number[]
  readonly mode: LeaseMode
  readonly expiresInMs: number
  readonly waitedMs: number
  readonly holdCount: number
  readonly replayed: boolean
}

export type AcquireOutcome =
  | Granted
  | {
      readonly kind: 'held' | 'delayed' | 'timeout'
      readonly name: string
      readonly lock: Snapshot
    }
  | { readonly kind: 'ended'; how: LeaseEnd; fence: number; reason: string }
  | { readonly kind: 'queue-full'; readonly queueLength: number; readonly name: string }
  | { readonly kind: 'mode-mismatch'; readonly name?: string }
  | { readonly kind: 'capacity-mismatch' | 'unsatisfiable'; readonly capacity: number }
  | {
      readonly kind:
        | 'conflict'
        | 'session-ended'
        | 'session-full'
        | 'cross-slot'
        | 'draining'
        | 'gone'
    }

/** Why a token does not hold what it should; `lost` are the names concerned. */
export type LostOutcome =
  | { readonly kind: 'ended'; how: LeaseEnd; fence: number; reason: string; lost: string[] }
  | { readonly kind: 'not-owner'; readonly lost: string[] }
  | { readonly kind: 'cross-slot' }

export type RenewOutcome =
  | LostOutcome
  | {
      readonly kind: 'renewed'
      readonly fences: readonly number[]
      readonly expiresInMs: number
      readonly revoke: { readonly inMs: number | undefined; readonly reason: string } | undefined
    }

export type ReleaseOutcome =
  | LostOutcome
  | { readonly kind: 'released'; readonly fences: readonly number[]; readonly heldMs: number }

export function toRefusal(
  reply: Exclude<AcquireAnswer, GrantReply | { outcome: 'queued' }>,
): AcquireOutcome {
  switch (reply.outcome) {
    case 'held':
    case 'delayed':
      return { kind: reply.outcome, name: fromStoredName(reply.name), lock: reply.lock }
    case 'ended':
      return { kind: 'ended', how: reply.how, fence: reply.fence, reason: reply.reason }
    case 'queue-full':
      return {
        kind: 'queue-full',
        queueLength: reply.queueLength,
        name: fromStoredName(reply.name),
      }
    case 'mode-mismatch':
      return { kind: reply.outcome, name: fromStoredName(reply.name) }
    case 'capacity-mismatch':
    case 'unsatisfiable':
      return { kind: reply.outcome, capacity: reply.capacity }
    case 'abandoned':
      return { kind: 'gone' }
    default:
      return { kind: reply.outcome }
  }
}

export function toLost(reply: LostReply): LostOutcome {
  const lost = reply.lost.map(fromStoredName)
  if (reply.outcome === 'not-owner') return { kind: 'not-owner', lost }
  const { how, fence, reason } = reply
  return { kind: 'ended', how, fence, reason, lost }
}
