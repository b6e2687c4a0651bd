/** What a worker knows for certain about one lease, in microseconds of CLOCK_MONOTONIC. */
export interface LeaseRecord {
  readonly lock: string
  readonly weight: number
  readonly capacity: number
  readonly fence: number
  /** The fences in the answer and in the answer to each repeat. */
  readonly fences: readonly number[]
  readonly waitedMs: number
  readonly key?: string
  /** The instances that received the request. */
  readonly services: readonly string[]
  readonly askedAt: number
  readonly grantedAt: number
  /** The lease was certainly held from `grantedAt` until this time. */
  readonly heldUntil: number
  /** When each renewal was sent and answered: the lease was held at a moment in between. */
  readonly renewals: readonly (readonly [number, number])[]
}

/** The time of an injected fault, and the instance; undefined for Redis. */
export interface Fault {
  readonly from: number
  readonly to: number
  readonly service?: string
  /** Redis lost data: it may grant again what it granted before. */
  readonly forgets?: boolean
}

export interface Register {
  readonly plain: number
  readonly plainWrites: number
  readonly fenced: number
  readonly fencedWrites: number
  readonly refused: number
}

/** Leases held at the same time beyond the capacity of their lock. */
export function findOverlaps(leases: readonly LeaseRecord[], faults: readonly Fault[]) {
  let overlaps = 0
  let afterLoss = 0
  for (const group of byLock(leases)) {
    // An answer that a stopped worker read too late proves no time of holding.
    const held = group.filter(({ grantedAt, heldUntil }) => heldUntil > grantedAt)
    const sorted = held.toSorted((a, b) => a.grantedAt - b.grantedAt)
    let active: LeaseRecord[] = []
    for (const lease of sorted) {
      active = active.filter(({ heldUntil }) => heldUntil > lease.grantedAt)
      // A repeated request returns the same lease and fence.
      const others = active.filter(({ fence }) => fence !== lease.fence)
      const used = others.reduce((sum, { weight }) => sum + weight, 0)
      if (used + lease.weight > lease.capacity) {
        const lost = ({ from, to, forgets }: Fault) =>
          forgets && lease.grantedAt >= from && others.some(({ grantedAt }) => grantedAt <= to)
        if (faults.some(lost)) afterLoss++
        else overlaps++
      }
      active.push(lease)
    }
  }
  return { overlaps, afterLoss }
}

/** Counts leases with a smaller fence than a lease that was certainly granted earlier. */
export function findShrunkFences(leases: readonly LeaseRecord[]): number {
  let shrunk = 0
  for (const group of byLock(leases)) {
    // A grant lies between its request and its answer.
    const asked = group.toSorted((a, b) => a.askedAt - b.askedAt)
    shrunk += countBehind(
      group.map(({ grantedAt, fence }) => [grantedAt, fence]),
      asked.map(({ askedAt, fence }) => [askedAt, fence]),
    )
    // On an exclusive lock, renewals also prove the order of the grants.
    const renewed = group.filter(
      ({ weight, capacity, renewals }) => weight === capacity && renewals.length > 0,
    )
    shrunk += countBehind(
      renewed.map(({ renewals, fence }) => [renewals[0]![1], fence]),
      renewed
        .map(({ renewals, fence }) => [renewals.at(-1)![0], fence] as const)
        .toSorted(([a], [b]) => a - b),
    )
  }
  return shrunk
}

type At = readonly [time: number, fence: number]

/** How many of `later` have a smaller fence than one of `earlier` with an earlier time. */
function countBehind(earlier: readonly At[], later: readonly At[]): number {
  const ended = earlier.toSorted(([a], [b]) => a - b)
  let highest = 0
  let next = 0
  let count = 0
  for (const [time, fence] of later) {
    while (next < ended.length && ended[next]![0] < time) {
      highest = Math.max(highest, ended[next++]![1])
    }
    if (fence < highest) count++
  }
  return count
}

/** `waitedMs` and tickets are rounded to milliseconds. */
const SAME_MOMENT_US = 3_000

/**
 * Counts leases that overtook a waiter that was alive all the time. A fence is a server time in
 * microseconds: minus the time waited, it is when its holder joined the queue.
 */
export function findOvertaken(leases: readonly LeaseRecord[], faults: readonly Fault[]): number {
  const wasAlive = ({ askedAt, grantedAt, services }: LeaseRecord) =>
    !faults.some(
      ({ from, to, service }) =>
        askedAt <= to && grantedAt >= from && (service === undefined || services.includes(service)),
    )
  let overtaken = 0
  for (const group of byLock(leases)) {
    let earliest = Number.POSITIVE_INFINITY
    for (const lease of group.toSorted((a, b) => b.fence - a.fence)) {
      const queuedAt = lease.fence - lease.waitedMs * 1_000
      if (queuedAt > earliest + SAME_MOMENT_US) overtaken++
      if (wasAlive(lease)) earliest = Math.min(earliest, queuedAt)
    }
  }
  return overtaken
}

/** Counts requests that were answered with two leases. */
export function findTwice(leases: readonly LeaseRecord[]): number {
  return leases.filter(({ fences }) => new Set(fences).size > 1).length
}

export const lostUpdates = (registers: readonly Register[]) => ({
  plainLost: sum(registers.map(({ plain, plainWrites }) => plainWrites - plain)),
  fencedLost: sum(registers.map(({ fenced, fencedWrites }) => fencedWrites - fenced)),
  refused: sum(registers.map(({ refused }) => refused)),
})

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

function byLock(leases: readonly LeaseRecord[]): LeaseRecord[][] {
  const groups = new Map<string, LeaseRecord[]>()
  for (const lease of leases) {
    const group = groups.get(lease.lock)
    if (group) group.push(lease)
    else groups.set(lease.lock, [lease])
  }
  return [...groups.values()]
}
