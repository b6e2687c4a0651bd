import { integer, integers } from '../redis/reply.js'
import { defineScript } from '../redis/script.js'
import {
  flat,
  type LeaseEnd,
  type LeaseMode,
  readSnapshot,
  readWaiters,
  type Snapshot,
  toLeaseEnd,
} from './snapshot.js'

/** What every script of this room says besides its own answer. */
export interface Head {
  /** Until something happens by time alone, 0 for never. */
  readonly nextMs: number
  /** Leases that this call found expired, and grants that nobody had claimed. */
  readonly expired: number
  readonly lapsed: number
}

export interface GrantReply {
  readonly outcome: 'granted' | 'replayed'
  /** Undefined for a lease that lasts as long as its session. */
  readonly ttlMs: number | undefined
  readonly holdCount: number
  readonly mode: LeaseMode
  readonly waitedMs: number
  readonly token: string
  /** Of the request that it answers: raised by every repeat. */
  readonly attach: number
  /** In the order of the names. */
  readonly fences: readonly number[]
}

export type AcquireReply = Head &
  (
    | GrantReply
    | { readonly outcome: 'held' | 'cooling'; readonly name: string; readonly lock: Snapshot }
    | { readonly outcome: 'queued'; attach: number; leftMs: number; token: string; ticket: number }
    | { readonly outcome: 'ended'; fence: number; how: LeaseEnd; reason: string }
    | { readonly outcome: 'queue-full'; readonly queueLength: number }
    | { readonly outcome: 'capacity-mismatch' | 'unsatisfiable'; readonly capacity: number }
    | {
        readonly outcome:
          | 'conflict'
          | 'mode-mismatch'
          | 'session-ended'
          | 'session-full'
          | 'abandoned'
      }
  )

const file = (name: string) => new URL(`./scripts/${name}.lua`, import.meta.url)
const COMMON = ['now_guard', 'floor', 'ended_ttl_ms'] as const

const head = (parts: readonly unknown[]): Head => ({
  nextMs: integer(parts[0]),
  expired: integer(parts[1]),
  lapsed: integer(parts[2]),
})

export const acquireScript = defineScript({
  name: 'locks.acquire',
  file: file('acquire'),
  keys: ['lock[]'],
  args: ['token', 'ttl_ms', 'wait_ms', 'options', ...COMMON],
  decode: toAcquireReply,
})

function toAcquireReply(reply: unknown): AcquireReply {
  const parts = flat(reply, 4)
  if (parts[3] === 1 || parts[3] === 2) return toGrant(parts)
  const start = head(parts)
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
      return { ...start, outcome: 'queue-full', queueLength: Number(parts[4]) }
    case 10:
    case 11: {
      const outcome = parts[3] === 10 ? 'capacity-mismatch' : 'unsatisfiable'
      return { ...start, outcome, capacity: Number(parts[4]) }
    }
    default:
      return { ...start, outcome: toRefusal(parts[3]) }
  }
}

function toRefusal(code: unknown) {
  if (code === 6) return 'conflict'
  if (code === 9) return 'mode-mismatch'
  if (code === 12) return 'session-ended'
  if (code === 13) return 'session-full'
  if (code === 14) return 'abandoned'
  throw new TypeError('locks.acquire answered with an unknown outcome')
}

/** Every field by name: merged objects would outlive the request in the old generation. */
function toGrant(parts: readonly unknown[]): Head & GrantReply {
  const ttl = integer(parts[4])
  return {
    nextMs: integer(parts[0]),
    expired: integer(parts[1]),
    lapsed: integer(parts[2]),
    outcome: parts[3] === 1 ? 'granted' : 'replayed',
    ttlMs: ttl < 0 ? undefined : ttl,
    holdCount: integer(parts[5]),
    mode: parts[6] as LeaseMode,
    waitedMs: Number(parts[7]),
    token: String(parts[8]),
    attach: integer(parts[9]),
    fences: integers(parts.slice(10), parts.length - 10),
  }
}

export const claimScript = defineScript({
  name: 'locks.claim',
  file: file('claim'),
  keys: ['lock[]'],
  args: ['token', ...COMMON],
  decode(reply): Head & (GrantReply | { readonly outcome: 'nothing' }) {
    const parts = flat(reply, 4)
    return parts[3] === 1 ? toGrant(parts) : { ...head(parts), outcome: 'nothing' }
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
      readonly leftMs: number | undefined
      readonly revoke: { readonly inMs: number | undefined; readonly reason: string } | undefined
      readonly fences: readonly number[]
    }

const FAR_MS = 86_400_000 * 365

export const renewScript = defineScript({
  name: 'locks.renew',
  file: file('renew'),
  keys: ['lock[]'],
  args: ['token', 'ttl_ms', ...COMMON],
  decode(reply): Head & RenewReply {
    const parts = flat(reply, 4)
    if (parts[3] !== 1) return { ...head(parts), ...toLost(parts) }
    const [left, inMs] = integers(parts.slice(4, 6), 2) as [number, number]
    return {
      ...head(parts),
      outcome: 'renewed',
      leftMs: left < 0 ? undefined : left,
      revoke:
        inMs < 0 ? undefined : { inMs: inMs > FAR_MS ? undefined : inMs, reason: String(parts[6]) },
      fences: integers(parts.slice(7), parts.length - 7),
    }
  },
})

export const releaseScript = defineScript({
  name: 'locks.release',
  file: file('release'),
  keys: ['lock[]'],
  args: ['token', ...COMMON],
  decode(
    reply,
  ): Head & (LostReply | { readonly outcome: 'released'; heldMs: number; fences: number[] }) {
    const parts = flat(reply, 4)
    if (parts[3] !== 1) return { ...head(parts), ...toLost(parts) }
    const [heldMs, ...fences] = integers(parts.slice(4), parts.length - 4) as [number, ...number[]]
    return { ...head(parts), outcome: 'released', heldMs, fences }
  },
})

export const leaveScript = defineScript({
  name: 'locks.leave',
  file: file('leave'),
  keys: ['lock[]'],
  args: ['token', 'attach', 'how', 'keep_ms', ...COMMON],
  decode(reply): Head & { readonly outcome: 'left' | 'granted' | 'nothing' } {
    const parts = integers(reply, 4)
    const outcome = parts[3] === 1 ? 'left' : parts[3] === 2 ? 'granted' : 'nothing'
    return { ...head(parts), outcome }
  },
})

export const beatScript = defineScript({
  name: 'locks.beat',
  file: file('beat'),
  keys: ['lock[]'],
  args: ['instance', 'token[]'],
  coalesce: false,
  decode(reply): { readonly nextMs: number; readonly states: readonly number[] } {
    const [nextMs = 0, ...states] = integers(reply, (reply as unknown[]).length)
    return { nextMs, states }
  },
})

const RESTORE_OUTCOMES = ['stands', 'session-ended', 'unsatisfiable', 'replaced'] as const
export type RestoreOutcome = (typeof RESTORE_OUTCOMES)[number]

export const restoreScript = defineScript({
  name: 'locks.restore',
  file: file('restore'),
  keys: ['lock[]'],
  args: ['token', 'waiter', 'waited_ms', 'wait_ms', ...COMMON],
  decode(reply): Head & { readonly outcome: RestoreOutcome } {
    const parts = integers(reply, 4)
    return { ...head(parts), outcome: RESTORE_OUTCOMES[(parts[3] as number) - 1] as RestoreOutcome }
  },
})

export const sweepScript = defineScript({
  name: 'locks.sweep',
  file: file('sweep'),
  keys: ['timers'],
  args: ['max_locks', ...COMMON],
  coalesce: false,
  decode: (reply): Head => head(integers(reply, 3)),
})

export const inspectScript = defineScript({
  name: 'locks.inspect',
  file: file('inspect'),
  keys: ['lock'],
  args: ['now_guard', 'max'],
  units: () => 8,
  decode(reply) {
    const parts = flat(reply, 11)
    const [lock, end] = readSnapshot(parts, 0)
    return { ...lock, waiters: readWaiters(parts, end) }
  },
})

export const listScript = defineScript({
  name: 'locks.list',
  file: file('list'),
  keys: ['index'],
  args: ['prefix', 'after', 'limit'],
  coalesce: false,
  decode(reply) {
    const parts = flat(reply, 0)
    return Array.from({ length: parts.length / 4 }, (_, i) => ({
      stored: String(parts[i * 4]),
      kind: parts[i * 4 + 1] as Snapshot['kind'],
      holderCount: Number(parts[i * 4 + 2]),
      queueLength: Number(parts[i * 4 + 3]),
    }))
  },
})

export const verifyScript = defineScript({
  name: 'locks.verify',
  file: file('verify'),
  keys: ['lock'],
  args: ['fence', 'now_guard'],
  decode(reply) {
    const [current, fence] = integers(reply, 2) as [number, number]
    return { current: current === 1, fence }
  },
})

export const revokeScript = defineScript({
  name: 'locks.revoke',
  file: file('revoke'),
  keys: ['lock[]'],
  args: ['reason', 'grace_ms', ...COMMON],
  coalesce: false,
  decode(reply) {
    const parts = integers(reply, 5) as [number, number, number, number, number]
    return { ...head(parts), revoked: parts[3], asked: parts[4] }
  },
})

export const resizeScript = defineScript({
  name: 'locks.resize',
  file: file('resize'),
  keys: ['lock[]'],
  args: ['capacity', ...COMMON],
  coalesce: false,
  decode(reply): Head & ({ outcome: 'stored'; capacity: number } | { outcome: 'mode-mismatch' }) {
    const parts = flat(reply, 4)
    return parts[3] === 1
      ? { ...head(parts), outcome: 'stored', capacity: Number(parts[4]) }
      : { ...head(parts), outcome: 'mode-mismatch' }
  },
})
