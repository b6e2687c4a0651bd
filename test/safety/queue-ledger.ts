import {
  type Delivered,
  findDisordered,
  findStaleApplied,
  groupBy,
  type LedgerRecord,
  type Sent,
  type Settled,
  sortOut,
  sum,
} from './ledger.js'
import type { Subject } from './ledger-run.js'

/** What the queue says of itself, all as of one moment. */
interface Overview {
  readonly counts: Readonly<Record<'ready' | 'delayed' | 'leased' | 'blocked', number>>
  readonly totals: Readonly<
    Record<'sent' | 'delivered' | 'acked' | 'retried' | 'released' | 'timedOut', number>
  >
}

/** Messages that are not settled. */
const openOf = ({ counts: { ready, delayed, leased, blocked } }: Overview): number =>
  ready + delayed + leased + blocked

export interface QueueJudgement {
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

const PATH = '/v1/queues/ledger'
const VISIBILITY_MS = 1_000

/** A queue with groups, without dead letters. */
export const QUEUE: Subject<Overview, QueueJudgement> = {
  tag: 'q:ledger',
  kept: /:(stat|waiting|guard|record:.*)$/,
  producers: 1,
  plan: {
    kind: 'queue',
    path: PATH,
    receiveAt: [''],
    ordered: 4,
    visibilityMs: VISIBILITY_MS,
  },
  configure: (call) =>
    call('PUT', PATH, {
      visibilityMs: VISIBILITY_MS,
      maxFailures: 0,
      backoff: { baseMs: 10, maxMs: 100 },
    }),
  overview: (call) => call('GET', PATH),
  openOf,
  judge,
  clean: { lost: 0, invented: 0, unexplained: 0, disordered: 0, together: 0, staleApplied: 0 },
}

function judge(records: readonly LedgerRecord[], overview: Overview): QueueJudgement {
  const { totals } = overview
  const open = openOf(overview)
  const { sent, delivered, settled } = sortOut(records)
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
  return group.filter(({ number, answeredAt }) => (ends.get(number - 1) ?? 0) > answeredAt).length
}
