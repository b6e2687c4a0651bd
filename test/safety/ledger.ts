/** What producers and consumers know for certain, in microseconds of CLOCK_MONOTONIC. */
export type LedgerRecord = Sent | Delivered | Settling | Settled

export interface Numbered {
  readonly id: string
  readonly group: string
  /** Grows with everything that is sent to the group. */
  readonly number: number
}

export interface Sent extends Numbered {
  readonly kind: 'sent'
  readonly isOrdered: boolean
}

export interface Delivered extends Numbered {
  readonly kind: 'delivered'
  /** Where it was received. */
  readonly at: string
  readonly receipt: string
  /** Counts the deliveries of the same. */
  readonly deliveries: number
  readonly askedAt: number
  readonly answeredAt: number
}

/** Before the request; its outcome follows if it is known. */
export interface Settling {
  readonly kind: 'settling'
  readonly receipt: string
  readonly action: 'ack' | 'nack' | 'release'
  readonly askedAt: number
}

export interface Settled {
  readonly kind: 'settled'
  readonly receipt: string
  readonly status: string
  readonly askedAt: number
}

/** @returns the records of each kind */
export function sortOut(records: readonly LedgerRecord[]) {
  return {
    sent: records.filter((one): one is Sent => one.kind === 'sent'),
    delivered: records.filter((one): one is Delivered => one.kind === 'delivered'),
    settling: records.filter((one): one is Settling => one.kind === 'settling'),
    settled: records.filter((one): one is Settled => one.kind === 'settled'),
  }
}

/** Deliveries that began after one with a greater number was answered. */
export function findDisordered(list: readonly Delivered[]): number {
  const asked = list.toSorted((a, b) => a.askedAt - b.askedAt)
  const answered = list.toSorted((a, b) => a.answeredAt - b.answeredAt)
  let highest = -1
  let next = 0
  let count = 0
  for (const { askedAt, number } of asked) {
    while (next < answered.length && answered[next]!.answeredAt < askedAt) {
      highest = Math.max(highest, answered[next++]!.number)
    }
    if (number < highest) count++
  }
  return count
}

/** Deliveries whose acknowledgement was accepted although a later one was answered. */
export function findStaleApplied(
  byId: ReadonlyMap<string, readonly Delivered[]>,
  settled: readonly Settled[],
): number {
  const acked = new Set(
    settled.filter(({ status }) => status === 'acked').map(({ receipt }) => receipt),
  )
  return sum([...byId.values()], (deliveries) => {
    const last = Math.max(...deliveries.map((one) => one.deliveries))
    return deliveries.filter((one) => acked.has(one.receipt) && one.deliveries < last).length
  })
}

export function groupBy<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}

export const sum = <T>(list: readonly T[], value: (one: T) => number): number =>
  list.reduce((total, one) => total + value(one), 0)
