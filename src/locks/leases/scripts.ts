import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import { fromStoredName } from '../keys.js'
import { type LeaseMode, readSnapshot, toLeaseEnd } from '../lock-state.js'
import { COMMON, type Head, readHead } from '../reply-head.js'

export interface GrantReply {
  readonly kind: 'granted' | 'replayed'
  readonly ttlMs: number
  readonly holdCount: number
  readonly mode: LeaseMode
  readonly waitedMs: number
  readonly token: string
  /** Counts the requests that asked for this lease under one key: 1, and one more per repeat. */
  readonly attach: number
  /** In the order of the names. */
  readonly fences: readonly number[]
}

const ACQUIRE_OUTCOMES = [
  'granted',
  'replayed',
  'held',
  'delayed',
  'queued',
  'conflict',
  'ended',
  'too-many-waiters',
  'mode-mismatch',
  'capacity-mismatch',
  'unsatisfiable',
  'session-ended',
  'session-full',
  'gone',
  'again',
] as const

export type AcquireReply = ReturnType<typeof toAcquireReply>
export type QueuedReply = Extract<AcquireReply, { kind: 'queued' }>

export const acquireScript = defineScript({
  name: 'locks.acquire',
  file: new URL('../scripts/acquire.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'ttl_ms', 'wait_ms', 'max_queue?', 'options', ...COMMON],
  outcomes: ACQUIRE_OUTCOMES,
  decode: toAcquireReply,
})

function toAcquireReply(reply: unknown, kind: (typeof ACQUIRE_OUTCOMES)[number]) {
  const parts = list(reply, 5)
  if (kind === 'granted' || kind === 'replayed') return toGrant(parts, kind)
  const head = readHead(parts)
  switch (kind) {
    case 'held':
    case 'delayed':
      return Object.assign(head, { kind, name: toName(parts[5]), lock: readSnapshot(parts, 6)[0] })
    case 'queued': {
      const [attach, leftMs] = integers(parts.slice(5, 7), 2)
      return Object.assign(head, {
        kind,
        attach,
        leftMs,
        token: String(parts[7]),
        ticket: integer(parts[8]),
      })
    }
    case 'ended':
      return Object.assign(head, { kind }, toEnd(parts))
    case 'too-many-waiters':
      return Object.assign(head, { kind, queueLength: Number(parts[5]), name: toName(parts[6]) })
    case 'mode-mismatch':
      return Object.assign(head, { kind, name: toName(parts[5]) })
    case 'capacity-mismatch':
    case 'unsatisfiable':
      return Object.assign(head, { kind, capacity: Number(parts[5]) })
    case 'again':
      return Object.assign(head, { kind })
    default:
      return Object.assign(head, { kind })
  }
}

const toName = (stored: unknown): string => fromStoredName(String(stored))

const toEnd = (parts: readonly unknown[]) => ({
  fence: Number(parts[5]),
  how: toLeaseEnd(parts[6]),
  reason: String(parts[7]),
})

/** Every field by name: merged objects would outlive the request in the old generation. */
function toGrant(
  parts: readonly unknown[],
  kind: GrantReply['kind'],
  at = 4,
  end = parts.length,
): Head & GrantReply {
  return {
    nextMs: integer(parts[0]),
    expired: integer(parts[1]),
    claimTimeouts: integer(parts[2]),
    gone: integer(parts[3]),
    kind,
    ttlMs: integer(parts[at + 1]),
    holdCount: integer(parts[at + 2]),
    mode: parts[at + 3] as LeaseMode,
    waitedMs: Number(parts[at + 4]),
    token: String(parts[at + 5]),
    attach: integer(parts[at + 6]),
    fences: integers(parts.slice(at + 7, end), end - at - 7),
  }
}

/** A lease that a release handed to a waiter of the instance that sent it. */
export interface HandedOver {
  readonly grant: GrantReply
  readonly keyed: boolean
  readonly names: readonly string[]
}

function toHanded(parts: readonly unknown[], from: number): HandedOver[] {
  const handed: HandedOver[] = []
  for (let at = from; at < parts.length; ) {
    const count = integer(parts[at])
    const grantAt = at + 2 + count
    const end = grantAt + 7 + count
    const names = parts.slice(at + 2, grantAt).map(toName)
    const grant = toGrant(parts, 'granted', grantAt, end)
    handed.push({ grant, keyed: parts[at + 1] === 1, names })
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
  decode(reply, kind) {
    const parts = list(reply, 5)
    return kind === 'granted' ? toGrant(parts, kind) : Object.assign(readHead(parts), { kind })
  },
})

export type LostReply = ReturnType<typeof toLost>

/** `lost`: the names on which the token holds nothing. */
const toLost = (parts: readonly unknown[], kind: 'ended' | 'not-owner') =>
  kind === 'ended'
    ? Object.assign(readHead(parts), { kind, lost: parts.slice(8).map(toName) }, toEnd(parts))
    : Object.assign(readHead(parts), { kind, lost: parts.slice(5).map(toName) })

/** When the lease is ended; `leftMs` undefined: it is only asked for. */
export interface RevokeReply {
  readonly reason: string
  readonly leftMs: number | undefined
}

/** No lease ends later: what a script puts beyond is the end of a lease that is only asked for. */
const FAR_MS = 86_400_000 * 365

export const renewScript = defineScript({
  name: 'locks.renew',
  file: new URL('../scripts/renew.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'ttl_ms', ...COMMON, 'hold?', 'takes?'],
  outcomes: ['renewed', 'ended', 'not-owner'],
  decode(reply, kind) {
    const parts = list(reply, 5)
    if (kind !== 'renewed') return toLost(parts, kind)
    const [leftMs, revokeLeftMs] = integers(parts.slice(5, 7), 2)
    return Object.assign(readHead(parts), {
      kind,
      leftMs,
      revoke: revokeLeftMs < 0 ? undefined : toRevoke(revokeLeftMs, parts[7]),
      fences: integers(parts.slice(8), parts.length - 8),
    })
  },
})

const toRevoke = (leftMs: number, reason: unknown): RevokeReply => ({
  leftMs: leftMs > FAR_MS ? undefined : leftMs,
  reason: String(reason),
})

export const setMetadataScript = defineScript({
  name: 'locks.set-metadata',
  file: new URL('../scripts/set-metadata.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'metadata', ...COMMON],
  outcomes: ['changed', 'ended', 'not-owner'],
  decode(reply, kind) {
    const parts = list(reply, 5)
    if (kind !== 'changed') return toLost(parts, kind)
    const fences = integers(parts.slice(5), parts.length - 5)
    return Object.assign(readHead(parts), { kind, fences })
  },
})

export const downgradeScript = defineScript({
  name: 'locks.downgrade',
  file: new URL('../scripts/downgrade.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', ...COMMON],
  outcomes: ['shared', 'ended', 'not-owner', 'mode-mismatch'],
  decode(reply, kind) {
    const parts = list(reply, 5)
    if (kind === 'mode-mismatch') return Object.assign(readHead(parts), { kind })
    if (kind !== 'shared') return toLost(parts, kind)
    return Object.assign(readHead(parts), { kind, fence: integer(parts[5]) })
  },
})

export const releaseScript = defineScript({
  name: 'locks.release',
  file: new URL('../scripts/release.lua', import.meta.url),
  keys: ['lock[]'],
  args: ['token', 'instance', ...COMMON, 'hold?'],
  outcomes: ['released', 'ended', 'not-owner'],
  decode(reply, kind) {
    const parts = list(reply, 5)
    if (kind !== 'released') return toLost(parts, kind)
    const [heldMs, names] = integers(parts.slice(5, 7), 2)
    const fences = integers(parts.slice(7, 7 + names), names)
    const handed = toHanded(parts, 7 + names)
    return Object.assign(readHead(parts), { kind, heldMs, fences, handed })
  },
})
