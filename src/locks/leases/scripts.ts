import { integer, integers } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import {
  flat,
  type LeaseEnd,
  type LeaseMode,
  readSnapshot,
  type Snapshot,
  toLeaseEnd,
} from '../lock-state.js'
import { COMMON, type Head, luaFile, readHead, unitsOf } from '../reply-head.js'

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
  | { readonly outcome: 'held' | 'cooling'; readonly name: string; readonly lock: Snapshot }
  | { readonly outcome: 'queued'; attach: number; leftMs: number; token: string; ticket: number }
  | { readonly outcome: 'ended'; fence: number; how: LeaseEnd; reason: string }
  | { readonly outcome: 'queue-full'; readonly queueLength: number; readonly name: string }
  | { readonly outcome: 'mode-mismatch'; readonly name: string }
  | { readonly outcome: 'capacity-mismatch' | 'unsatisfiable'; readonly capacity: number }
  | {
      readonly outcome: 'conflict' | 'session-ended' | 'session-full' | 'abandoned'
    }

export const acquireScript = defineScript({
  name: 'locks.acquire',
  file: luaFile('acquire'),
  keys: ['lock[]'],
  units: unitsOf,
  args: ['token', 'ttl_ms', 'wait_ms', 'options', ...COMMON],
  decode: toAcquireReply,
})

function toAcquireReply(reply: unknown): AcquireReply {
  const parts = flat(reply, 4)
  if (parts[3] === 1 || parts[3] === 2) return toGrant(parts)
  const start = readHead(parts)
  switch (parts[3]) {
    case 3:
    case 4: {
      const [lock] = readSnapshot(parts, 5)
      const outcome = parts[3] === 3 ? 'held' : 'cooling'
      return { ...start, outcome, name: String(parts[4]), lock }
    }
    case 5: {
      const [attach, leftMs] = integers(parts.slice(4, 6), 2) as [number, number]
      const [token, ticket] = [String(parts[6]), integer(parts[7])]
      return { ...start, outcome: 'queued', attach, leftMs, token, ticket }
    }
    case 7: {
      const how = toLeaseEnd(parts[5])
      return { ...start, outcome: 'ended', fence: Number(parts[4]), how, reason: String(parts[6]) }
    }
    case 8:
      return {
        ...start,
        outcome: 'queue-full',
        queueLength: Number(parts[4]),
        name: String(parts[5]),
      }
    case 9:
      return { ...start, outcome: 'mode-mismatch', name: String(parts[4]) }
    case 10:
    case 11: {
      const outcome = parts[3] === 10 ? 'capacity-mismatch' : 'unsatisfiable'
      return { ...start, outcome, capacity: Number(parts[4]) }
    }
    case 15:
      return { ...start, outcome: 'again' }
    default:
      return { ...start, outcome: toRefusal(parts[3]) }
  }
}

function toRefusal(code: unknown) {
  if (code === 6) return 'conflict'
  if (code === 12) return 'session-ended'
  if (code === 13) return 'session-full'
  if (code === 14) return 'abandoned'
  throw new TypeError('locks.acquire answered with an unknown outcome')
}

/** Every field by name: merged objects would outlive the request in the old generation. */
function toGrant(parts: readonly unknown[], at = 3, end = parts.length): Head & GrantReply {
  return {
    nextMs: integer(parts[0]),
    expired: integer(parts[1]),
    lapsed: integer(parts[2]),
    outcome: parts[at] === 1 ? 'granted' : 'replayed',
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
    handed.push({ grant: toGrant(parts, grantAt, end), keyed: parts[at + 1] === 1, stored })
    at = end
  }
  return handed
}

export const claimScript = defineScript({
  name: 'locks.claim',
  file: luaFile('claim'),
  keys: ['lock[]'],
  units: unitsOf,
  args: ['token', 'attach', ...COMMON],
  decode(reply): Head & (GrantReply | { readonly outcome: 'nothing' }) {
    const parts = flat(reply, 4)
    return parts[3] === 1 ? toGrant(parts) : { ...readHead(parts), outcome: 'nothing' }
  },
})

export type LostReply =
  | { readonly outcome: 'ended'; fence: number; how: LeaseEnd; reason: string; lost: string[] }
  | { readonly outcome: 'not-owner'; readonly lost: string[] }

function toLost(parts: readonly unknown[]): LostReply {
  if (parts[3] === 3) return { outcome: 'not-owner', lost: parts.slice(4).map(String) }
  return {
    outcome: 'ended',
    fence: Number(parts[4]),
    how: toLeaseEnd(parts[5]),
    reason: String(parts[6]),
    lost: parts.slice(7).map(String),
  }
}

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
  file: luaFile('renew'),
  keys: ['lock[]'],
  units: unitsOf,
  args: ['token', 'ttl_ms', ...COMMON, 'hold?', 'takes?'],
  decode(reply): Head & RenewReply {
    const parts = flat(reply, 4)
    if (parts[3] !== 1) return { ...readHead(parts), ...toLost(parts) }
    const [leftMs, inMs] = integers(parts.slice(4, 6), 2) as [number, number]
    return {
      ...readHead(parts),
      outcome: 'renewed',
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
  file: luaFile('release'),
  keys: ['lock[]'],
  units: unitsOf,
  args: ['token', 'instance', ...COMMON, 'hold?'],
  decode(reply): Head & ReleaseReply {
    const parts = flat(reply, 4)
    if (parts[3] !== 1) return { ...readHead(parts), ...toLost(parts) }
    const [heldMs, names] = integers(parts.slice(4, 6), 2) as [number, number]
    const fences = integers(parts.slice(6, 6 + names), names)
    const handed = toHanded(parts, 6 + names)
    return { ...readHead(parts), outcome: 'released', heldMs, fences, handed }
  },
})
