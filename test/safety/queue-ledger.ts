/** What producers and consumers know for certain, in microseconds of CLOCK_MONOTONIC. */
export type LedgerRecord =
  | (Numbered & { readonly kind: 'sent'; readonly isOrdered: boolean })
  | (Numbered & {
      readonly kind: 'delivered'
      readonly receipt: string
      /** Counts the deliveries of the message. */
      readonly deliveries: number
      readonly askedAt: number
      readonly at: number
    })
  | {
      readonly kind: 'settled'
      readonly receipt: string
      readonly status: string
      readonly askedAt: number
    }

interface Numbered {
  readonly id: string
  readonly group: string
  /** Grows with every message of the group. */
  readonly number: number
}

type Sent = Extract<LedgerRecord, { kind: 'sent' }>
type Delivered = Extract<LedgerRecord, { kind: 'delivered' }>
type Settled = Extract<LedgerRecord, { kind: 'settled' }>

/** What the queue says of itself, all as of one moment. */
export interface Overview {
  readonly counts: Readonly<Record<'ready' | 'delayed' | 'leased' | 'blocked', number>>
  readonly totals: Readonly<
    Record<'sent' | 'delivered' | 'acked' | 'retried' | 'released' | 'timedOut', number>
  >
}

/** Messages that are not settled. */
export const openOf = ({ counts: { ready, delayed, leased, blocked } }: Overview): number =>
  ready + delayed + leased + blocked

export interface Judgement {
  /** Messages that are neither settled nor open; in the end also those that no consumer ever got. */
  readonly lost: number
  /** Messages that were delivered and never sent, or sent twice for one request. */
  readonly invented: number
  /** Deliveries beyond the first that no nack, release or end of a visibility explains. */
  readonly unexplained: number
  /** Deliveries of a group that began after a later message of it was delivered. */
  readonly disordered: number
  /** Messages of a group that were delivered before the one before them was settled. */
  readonly together: number
  /** Acknowledgements that were accepted although the message had been delivered again. */
  readonly staleApplied: number
  readonly messages: number
  readonly deliveries: number
  /** Deliveries beyond the first. */
  readonly duplicates: number
  /** Settlements that were refused as stale. */
  readonly stale: number
}

export function judgeLedger(records: readonly LedgerRecord[], overview: Overview): Judgement {
  const { totals } = overview
  const open = openOf(overview)
  const sent = records.filter((one): one is Sent => one.kind === 'sent')
  const delivered = records.filter((one): one is Delivered => one.kind === 'delivered')
  const settled = records.filter((one): one is Settled => one.kind === 'settled')
  const sentIds = new Set(sent.map(({ id }) => id))
  const byId = groupBy(delivered, ({ id }) => id)
  const ordered = new Set(sent.filter(({ isOrdered }) => isOrdered).map(({ group }) => group))
  const groups = groupBy(
    delivered.filter(({ group }) => ordered.has(group)),
    ({ group }) => group,
  )
  const duplicates = delivered.length - byId.size
  const explained = totals.timedOut + totals.retried + totals.released
  return {
    lost:
      totals.sent -
      totals.acked -
      open +
      (open > 0 ? 0 : sent.filter(({ id }) => !byId.has(id)).length),
    invented:
      open > 0
        ? 0
        : [...byId.keys()].filter((id) => !sentIds.has(id)).length +
          Math.abs(totals.sent - new Set(sent.map(nameOf)).size),
    unexplained:
      Math.max(0, duplicates - explained) + Math.max(0, totals.delivered - totals.sent - explained),
    disordered: sum([...groups.values()], findDisordered),
    together: sum([...groups.values()], (group) => findTogether(group, settled)),
    staleApplied: findStaleApplied(byId, settled),
    messages: sent.length,
    deliveries: delivered.length,
    duplicates,
    stale: settled.filter(({ status }) => status === 'stale').length,
  }
}

const nameOf = ({ group, number }: Sent): string => `${group} ${number}`

function findDisordered(group: readonly Delivered[]): number {
  const asked = group.toSorted((a, b) => a.askedAt - b.askedAt)
  const answered = group.toSorted((a, b) => a.at - b.at)
  let highest = -1
  let next = 0
  let count = 0
  for (const { askedAt, number } of asked) {
    while (next < answered.length && answered[next]!.at < askedAt) {
      highest = Math.max(highest, answered[next++]!.number)
    }
    if (number < highest) count++
  }
  return count
}

/** A message comes after the acknowledgement of the one before it was sent. */
function findTogether(group: readonly Delivered[], settled: readonly Settled[]): number {
  const acked = new Map(
    settled.filter(({ status }) => status === 'acked').map((one) => [one.receipt, one.askedAt]),
  )
  const ends = new Map<number, number>()
  for (const { number, receipt } of group) {
    const end = acked.get(receipt)
    if (end !== undefined) ends.set(number, end)
  }
  return group.filter(({ number, at }) => (ends.get(number - 1) ?? 0) > at).length
}

function findStaleApplied(
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

function groupBy<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}

const sum = <T>(list: readonly T[], value: (one: T) => number): number =>
  list.reduce((total, one) => total + value(one), 0)
