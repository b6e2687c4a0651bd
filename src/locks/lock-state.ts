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
  /** Metadata of its session, '' for none. */
  readonly session: string
}

/** What anybody may see of a lock: no tokens. */
export interface Snapshot {
  readonly kind: 'lock' | 'semaphore'
  readonly state: 'free' | 'held' | 'cooling'
  readonly capacity: number
  readonly used: number
  readonly holderCount: number
  readonly queueLength: number
  /** Milliseconds until the first lease or the lock delay ends, rounded up. */
  readonly leftMs: number
  readonly lastEnd: { how: LeaseEnd; fence: number; agoMs: number } | undefined
  readonly holders: readonly Holder[]
}

export interface Waiting {
  readonly owner: string
  readonly mode: LeaseMode
  readonly permits: number
  readonly waitedMs: number
}

/** Reads what scripts/lib/snapshot.lua appends; returns the position behind it as well. */
export function readSnapshot(parts: readonly unknown[], from: number): [Snapshot, number] {
  const text = (i: number) => String(parts[from + i])
  const number = (i: number) => Number(parts[from + i])
  const count = integer(parts[from + 10])
  const end = from + 11 + count * 8
  if (end > parts.length) throw new TypeError('a snapshot ends before its last holder')
  const holders: Holder[] = []
  for (let i = 0; i < count; i++) {
    const at = 11 + i * 8
    holders.push({
      fence: number(at),
      leftMs: number(at + 1),
      heldMs: number(at + 2),
      permits: number(at + 3),
      owner: text(at + 4),
      metadata: text(at + 5),
      mode: text(at + 6) as LeaseMode,
      session: text(at + 7),
    })
  }
  const snapshot: Snapshot = {
    kind: text(0) as Snapshot['kind'],
    state: text(1) as Snapshot['state'],
    capacity: number(2),
    used: number(3),
    holderCount: number(4),
    queueLength: number(5),
    leftMs: number(6),
    lastEnd:
      text(7) === '' ? undefined : { how: toLeaseEnd(text(7)), fence: number(8), agoMs: number(9) },
    holders,
  }
  return [snapshot, end]
}

export function readWaiters(parts: readonly unknown[], from: number): Waiting[] {
  const waiters: Waiting[] = []
  for (let at = from; at + 3 < parts.length; at += 4) {
    waiters.push({
      owner: String(parts[at]),
      mode: parts[at + 1] as LeaseMode,
      permits: Number(parts[at + 2]),
      waitedMs: Number(parts[at + 3]),
    })
  }
  return waiters
}

export function toLeaseEnd(text: unknown): LeaseEnd {
  if (text === 'expired' || text === 'released' || text === 'revoked') return text
  throw new TypeError('a lease ended in an unknown way')
}
