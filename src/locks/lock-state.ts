import { integer } from '../redis/reply.js'

export type LeaseEnd = 'expired' | 'released' | 'revoked'
export type LeaseMode = 'exclusive' | 'shared'

export interface Holder {
  readonly fence: number
  readonly leftMs: number
  readonly heldMs: number
  readonly permits: number
  readonly owner: string
  readonly metadata: string
  readonly mode: LeaseMode
  /** '' without a session. */
  readonly sessionId: string
  readonly sessionMetadata: string
}

/** The public state of a lock: no tokens. */
export interface Snapshot {
  readonly kind: 'lock' | 'semaphore'
  readonly state: 'free' | 'held' | 'delayed'
  /** 0 for a lock, or where none is known. */
  readonly capacity: number
  /** Of the stored capacity, 0 without one. */
  readonly version: number
  readonly used: number
  readonly holderCount: number
  readonly queueLength: number
  /** Milliseconds until the first lease or the lock delay ends, rounded up. */
  readonly leftMs: number
  readonly lastEnd: { how: LeaseEnd; fence: number; agoMs: number } | undefined
  readonly holders: readonly Holder[]
}

export interface InspectedLock extends Snapshot {
  readonly waiters: readonly { readonly owner: string; readonly waitedMs: number }[]
}

/** Reads what `describe` of scripts/lib/snapshot.lua appends, and the position behind it. */
export function readSnapshot(parts: readonly unknown[], from: number): [Snapshot, number] {
  const text = (i: number) => String(parts[from + i])
  const number = (i: number) => Number(parts[from + i])
  const count = integer(parts[from + 11])
  const end = from + 12 + count * 9
  if (end > parts.length) throw new TypeError('a snapshot ends before its last holder')
  const holders: Holder[] = []
  for (let i = 0; i < count; i++) {
    const at = 12 + i * 9
    holders.push({
      fence: number(at),
      leftMs: number(at + 1),
      heldMs: number(at + 2),
      permits: number(at + 3),
      owner: text(at + 4),
      metadata: text(at + 5),
      mode: text(at + 6) as LeaseMode,
      sessionId: text(at + 7),
      sessionMetadata: text(at + 8),
    })
  }
  const snapshot: Snapshot = {
    kind: text(0) as Snapshot['kind'],
    state: text(1) as Snapshot['state'],
    capacity: number(2),
    version: number(3),
    used: number(4),
    holderCount: number(5),
    queueLength: number(6),
    leftMs: number(7),
    lastEnd:
      text(8) === ''
        ? undefined
        : { how: toLeaseEnd(text(8)), fence: number(9), agoMs: number(10) },
    holders,
  }
  return [snapshot, end]
}

/** Reads a snapshot, and the waiters that `describe_waiters` appends to it. */
export function readInspected(parts: readonly unknown[], from: number): InspectedLock {
  const [lock, end] = readSnapshot(parts, from)
  const waiters = []
  for (let at = end; at + 1 < parts.length; at += 2) {
    waiters.push({ owner: String(parts[at]), waitedMs: Number(parts[at + 1]) })
  }
  return { ...lock, waiters }
}

export function toLeaseEnd(text: unknown): LeaseEnd {
  if (text === 'expired' || text === 'released' || text === 'revoked') return text
  throw new TypeError('a lease ended in an unknown way')
}
