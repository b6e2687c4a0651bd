import {
  type Delivered,
  findDisordered,
  findStaleApplied,
  groupBy,
  type LedgerRecord,
  sortOut,
  sum,
} from './ledger.js'
import type { Subject } from './ledger-run.js'

/** What the stream says of itself; each group as of one moment. */
interface Overview {
  readonly appended: number
  readonly groups: readonly Group[]
}

type Group = Readonly<
  { name: string; position: string } & Record<
    'lag' | 'leased' | 'ready' | 'trimmedUnread' | 'dropped' | 'dead',
    number
  >
>

export interface GroupJudgement {
  /** Entries that a group has done with, though it was never acknowledged that they are done. */
  readonly lost: number
  /** Entries that were delivered and never appended, or appended twice for one request. */
  readonly invented: number
  /** Entries of one appender, or first deliveries of a group, that are not in their order. */
  readonly disordered: number
  /** Entries that a group delivered while another consumer of it had them. */
  readonly together: number
  /** Acknowledgements that were accepted although the entry had been delivered again. */
  readonly staleApplied: number
  readonly entries: number
  readonly deliveries: number
  /** Deliveries beyond the first to each group. */
  readonly duplicates: number
  /** Settlements that were refused as stale. */
  readonly stale: number
}

const PATH = '/v1/streams/ledger'
const GROUPS = ['bills', 'mails']
const VISIBILITY_MS = 1_000

const openOf = ({ groups }: Overview): number =>
  sum(groups, ({ lag, leased, ready }) => lag + leased + ready)

/** A stream with two groups, without dead lists, that drops nothing. */
export const GROUPS_OF_A_STREAM: Subject<Overview, GroupJudgement> = {
  tag: 's:ledger',
  kept: /:(meta|log|groups|waiting:.*|record:.*)$/,
  producers: 2,
  plan: {
    kind: 'stream',
    path: PATH,
    receiveAt: GROUPS.map((group) => `groups/${group}/`),
    ordered: 0,
    visibilityMs: VISIBILITY_MS,
  },
  async configure(call) {
    await call('PUT', PATH, { capacity: 1_000_000, whenFull: 'refuse' })
    for (const group of GROUPS) {
      await call('PUT', `${PATH}/groups/${group}`, { start: 'start', maxFailures: 0 })
    }
  },
  overview: (call) => call('GET', PATH),
  openOf,
  judge,
  clean: { lost: 0, invented: 0, disordered: 0, together: 0, staleApplied: 0 },
}

function judge(records: readonly LedgerRecord[], overview: Overview): GroupJudgement {
  const { sent, delivered, settled } = sortOut(records)
  const sentIds = new Set(sent.map(({ id }) => id))
  const strangers = new Set(delivered.map(({ id }) => id).filter((id) => !sentIds.has(id)))
  const byGroup = overview.groups.map((group) => {
    const own = delivered.filter(({ at }) => at === `groups/${group.name}/`)
    return { group, own, byId: groupBy(own, ({ id }) => id) }
  })
  const appenders = [...groupBy(sent, ({ group }) => group).values()]
  return {
    lost:
      Math.max(0, sentIds.size - overview.appended) +
      sum(byGroup, ({ group, own }) => findLost(group, own, records)),
    invented: openOf(overview) > 0 ? 0 : strangers.size + overview.appended - sentIds.size,
    disordered:
      sum(appenders, (list) => countFalls(list.map(({ id }) => numberOf(id)))) +
      sum(byGroup, ({ own }) => findOutOfOrder(own)),
    together: sum(byGroup, ({ byId }) => findTogether(byId, records)),
    staleApplied: sum(byGroup, ({ byId }) => findStaleApplied(byId, settled)),
    entries: sent.length,
    deliveries: delivered.length,
    duplicates: delivered.length - sum(byGroup, ({ byId }) => byId.size),
    stale: settled.filter(({ status }) => status === 'stale').length,
  }
}

/** The number of an entry in its stream. */
const numberOf = (id: string): number => Number(id.split('-')[1])

const countFalls = (numbers: readonly number[]): number =>
  numbers.filter((number, i) => i > 0 && number < numbers[i - 1]!).length

/** An entry is done with an acknowledgement that was accepted, or whose answer was lost. */
function findLost(group: Group, own: readonly Delivered[], records: readonly LedgerRecord[]) {
  const { settling, settled } = sortOut(records)
  const refused = new Set(
    settled.filter(({ status }) => status !== 'acked').map(({ receipt }) => receipt),
  )
  const acked = new Set(
    settling
      .filter(({ action, receipt }) => action === 'ack' && !refused.has(receipt))
      .map(({ receipt }) => receipt),
  )
  const done = new Set(own.filter(({ receipt }) => acked.has(receipt)).map(({ id }) => id)).size
  const handled = numberOf(group.position) - group.leased - group.ready
  return Math.max(0, handled - done) + group.trimmedUnread + group.dropped + group.dead
}

/** New entries come in their order, and in one answer after those that are delivered again. */
function findOutOfOrder(own: readonly Delivered[]): number {
  const numbered = own.map((one) => ({ ...one, number: numberOf(one.id) }))
  const answers = groupBy(numbered, ({ askedAt, answeredAt }) => `${askedAt} ${answeredAt}`)
  return (
    findDisordered(numbered.filter(({ deliveries }) => deliveries === 1)) +
    sum([...answers.values()], (answer) =>
      countFalls(answer.map(({ deliveries, number }) => (deliveries === 1 ? number : 0))),
    )
  )
}

/** The clocks of the machine and of Redis do not count alike to the microsecond. */
const SAME_MOMENT_US = 5_000

/** A delivery ends with its visibility, or with a nack or release that was sent. */
function findTogether(
  byId: ReadonlyMap<string, readonly Delivered[]>,
  records: readonly LedgerRecord[],
): number {
  const returned = new Map(
    sortOut(records)
      .settling.filter(({ action }) => action !== 'ack')
      .map(({ receipt, askedAt }) => [receipt, askedAt]),
  )
  const endOf = ({ receipt, askedAt }: Delivered): number =>
    Math.min(
      returned.get(receipt) ?? Number.POSITIVE_INFINITY,
      askedAt + VISIBILITY_MS * 1_000 - SAME_MOMENT_US,
    )
  return sum([...byId.values()], (deliveries) => {
    const sorted = deliveries.toSorted(
      (a, b) => a.deliveries - b.deliveries || a.answeredAt - b.answeredAt,
    )
    return sorted.filter((one, i) => i > 0 && one.answeredAt < endOf(sorted[i - 1]!)).length
  })
}
