import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import {
  type LeaseEnd,
  type LeaseMode,
  readSnapshot,
  type Snapshot,
  toLeaseEnd,
} from '../lock-state.js'
import { COMMON, type Head, readHead } from '../reply-head.js'

export interface GrantReply {
  readonly outcome: 'granted' | 'replayed'
  readonly ttlMs: number
  readonly holdCount: number
  readonly mode: LeaseMode
  readonly waitedMs: number
  readonly token: string
  /** Of the request that it answers: raised by every repeat. */
  readonly attach: number
  /** In the order of the names. */
  readonly fences: readonly number[]
}

export type AcquireReply = Head & (AcquireAnswer | { readonly outcome: 'again' })

export type AcquireAnswer =
  | GrantReply
  | { readonly outcome: 'held' | 'delayed'; readonly name: string; readonly lock: Snapshot }
  | { readonly outcome: 'queued'; attach: number; leftMs: number; token: string; ticket: number }
  | { readonly outcome: 'ended'; fence: number; how: LeaseEnd; reason: string }
  | { readonly outcome: 'queue-full'; readonly queueLength: number; readonly name: string }
  | { readonly outcome: 'mode-mismatch'; readonly name: string }
  | { readonly outcome: 'capacity-mismatch' | 'unsatisfiable'; readonly capacity: number }
  | {
      readonly outcome: 'conflict' | 'session-ended' | 'session-full' | 'abandoned'
    }

const ACQUIRE_OUTCOMES = [
  'granted',
  'replayed',
  'held',
  'delayed',
  'queued',
  'conflict',
  'ended',
  'queue-full',
  'mode-mismatch',
  'capacity-mismatch',
  'unsatisfiable',
  'session-ended',
  'session-full',
  'abandoned',
  'again',
] as const

export const acquireScript = defineScript({
  name: 'locks.acquire',
  file: new URL('../scripts/acquire.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'ttl_ms', 'wait_ms', 'max_queue?', 'options', ...COMMON],
  outcomes: ACQUIRE_OUTCOMES,
  decode: toAcquireReply,
})

function toAcquireReply(reply: unknown, outcome: (typeof ACQUIRE_OUTCOMES)[number]): AcquireReply {
  const parts = list(reply, 4)
  if (outcome === 'granted' || outcome === 'replayed') return toGrant(parts, outcome)
  const start = readHead(parts)
  switch (outcome) {
    case 'held':
    case 'delayed': {
      const [lock] = readSnapshot(parts, 5)
      return { ...start, outcome, name: String(parts[4]), lock }
    }
    case 'queued': {
      const [attach, leftMs] = integers(parts.slice(4, 6), 2)
      return {
        ...start,
        outcome,
        attach,
        leftMs,
        token: String(parts[6]),
        ticket: integer(parts[7]),
      }
    }
    case 'ended':
      return { ...start, outcome, ...toEnd(parts) }
    case 'queue-full':
      return { ...start, outcome, queueLength: Number(parts[4]), name: String(parts[5]) }
    case 'mode-mismatch':
      return { ...start, outcome, name: String(parts[4]) }
    case 'capacity-mismatch':
    case 'unsatisfiable':
      return { ...start, outcome, capacity: Number(parts[4]) }
    default:
      return { ...start, outcome }
  }
}

const toEnd = (parts: readonly unknown[]) => ({
  fence: Number(parts[4]),
  how: toLeaseEnd(parts[5]),
  reason: String(parts[6]),
})

/** Every field by name: merged objects would outlive the request in the old generation. */
function toGrant(
  parts: readonly unknown[],
  outcome: GrantReply['outcome'],
  at = 3,
  end = parts.length,
): Head & GrantReply {
  return {
    nextMs: integer(parts[0]),
    expired: integer(parts[1]),
    claimTimeouts: integer(parts[2]),
    outcome,
    ttlMs: integer(parts[at + 1]),
    holdCount: integer(parts[at + 2]),
    mode: parts[at + 3] as LeaseMode,
    waitedMs: Number(parts[at + 4]),
    token: String(parts[at + 5]),
    attach: integer(parts[at + 6]),
    fences: integers(parts.slice(at + 7, end), end - at - 7),
  }
}

/** A lease that has begun with a release, for a waiter of the instance that asked for it. */
export interface HandedOver {
  readonly grant: GrantReply
  readonly keyed: boolean
  /** Names as the scripts spell them. */
  readonly stored: readonly string[]
}

function toHanded(parts: readonly unknown[], from: number): HandedOver[] {
  const handed: HandedOver[] = []
  for (let at = from; at < parts.length; ) {
    const names = integer(parts[at])
    const grantAt = at + 2 + names
    const end = grantAt + 7 + names
    const stored = parts.slice(at + 2, grantAt).map(String)
    handed.push({
      grant: toGrant(parts, 'granted', grantAt, end),
      keyed: parts[at + 1] === 1,
      stored,
    })
    at = end
  }
  return handed
}

export const claimScript = defineScript({
  name: 'locks.claim',
  file: new URL('../scripts/claim.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'attach', ...COMMON],
  outcomes: ['granted', 'nothing'],
  decode(reply, outcome): Head & (GrantReply | { readonly outcome: 'nothing' }) {
    const parts = list(reply, 4)
    return outcome === 'granted' ? toGrant(parts, outcome) : { ...readHead(parts), outcome }
  },
})

export type LostReply =
  | { readonly outcome: 'ended'; fence: number; how: LeaseEnd; reason: string; lost: string[] }
  | { readonly outcome: 'not-owner'; readonly lost: string[] }

const toLost = (parts: readonly unknown[], outcome: LostReply['outcome']): LostReply =>
  outcome === 'ended'
    ? { outcome, ...toEnd(parts), lost: parts.slice(7).map(String) }
    : { outcome, lost: parts.slice(4).map(String) }

export type RenewReply =
  | LostReply
  | {
      readonly outcome: 'renewed'
      readonly leftMs: number
      readonly revoke: { readonly inMs: number | undefined; readonly reason: string } | undefined
      readonly fences: readonly number[]
    }

const FAR_MS = 86_400_000 * 365

export const renewScript = defineScript({
  name: 'locks.renew',
  file: new URL('../scripts/renew.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'ttl_ms', ...COMMON, 'hold?', 'takes?'],
  outcomes: ['renewed', 'ended', 'not-owner'],
  decode(reply, outcome): Head & RenewReply {
    const parts = list(reply, 4)
    if (outcome !== 'renewed') return { ...readHead(parts), ...toLost(parts, outcome) }
    const [leftMs, inMs] = integers(parts.slice(4, 6), 2)
    return {
      ...readHead(parts),
      outcome,
      leftMs,
      revoke:
        inMs < 0 ? undefined : { inMs: inMs > FAR_MS ? undefined : inMs, reason: String(parts[6]) },
      fences: integers(parts.slice(7), parts.length - 7),
    }
  },
})

export type ReleaseReply =
  | LostReply
  | {
      readonly outcome: 'released'
      readonly heldMs: number
      readonly fences: readonly number[]
      /** Leases that waiters of the calling instance have from this moment on. */
      readonly handed: readonly HandedOver[]
    }

export const releaseScript = defineScript({
  name: 'locks.release',
  file: new URL('../scripts/release.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'instance', ...COMMON, 'hold?'],
  outcomes: ['released', 'ended', 'not-owner'],
  decode(reply, outcome): Head & ReleaseReply {
    const parts = list(reply, 4)
    if (outcome !== 'released') return { ...readHead(parts), ...toLost(parts, outcome) }
    const [heldMs, names] = integers(parts.slice(4, 6), 2)
    const fences = integers(parts.slice(6, 6 + names), names)
    const handed = toHanded(parts, 6 + names)
    return { ...readHead(parts), outcome, heldMs, fences, handed }
  },
})
