import { countSettled, type Settled } from '../../deliveries/settlement.js'
import type { FiledContents } from '../../metrics/filed-looks.js'
import { atScrape, type Metrics } from '../../metrics/registry.js'
import type { ReceiveReply } from './delivery-scripts.js'
import type { Group } from './scripts.js'

/** Of one stream: callers invent the names of groups. */
const MAX_NAMES = 32

export type GroupMetrics = ReturnType<typeof createGroupMetrics>

export function createGroupMetrics(metrics: Metrics) {
  const entries = metrics.counter(
    'lockstep_streams_group_entries_total',
    'Entries of groups by what happened to them: delivered, acked, retried, released; timedout: their visibility ended; dead; stale: settled too late; trimmed: dropped before the group had them; dropped: dropped or deleted between two deliveries',
    ['event'],
  )
  const woken = metrics.histogram(
    'lockstep_streams_group_wake_seconds',
    'Time from the message that wakes an instance to the entries of a receive that waits there',
    [],
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1],
  )
  const waiters = metrics.gauge(
    'lockstep_streams_group_waiters',
    'Requests that wait at this instance for entries of groups',
  )
  const count = (event: string, by: number): void => {
    if (by > 0) entries.labels(event).inc(by)
  }
  return {
    received(reply: ReceiveReply): void {
      if (reply.kind !== 'received') return
      const { timedOut, dead, trimmed, dropped } = reply.met
      count('delivered', reply.replayed ? 0 : reply.deliveries.length)
      count('timedout', timedOut)
      count('dead', dead)
      count('trimmed', trimmed)
      count('dropped', dropped)
    },
    settled: (settled: Settled): void => countSettled(count, settled),
    /** A request that waited got its entries. */
    served: (seconds: number) => woken.observe(seconds),
    /** @param count read at every scrape */
    countWaiters: (count: () => number) => atScrape(waiters, () => waiters.set(count())),
  }
}

/** The lag of the groups of the streams of the configuration file: names of other streams are no labels. */
export function createLagMetric(
  metrics: Metrics,
  read: () => Promise<readonly FiledContents<readonly Group[]>[]>,
): void {
  const lag = metrics.gauge(
    'lockstep_streams_group_lag',
    'Entries of a stream of the configuration file after the position of a group, over the namespaces in which this instance used the stream, at most 5 s old; `other` for groups after the first 32 names',
    ['stream', 'group'],
  )
  atScrape(lag, async () => {
    const streams = await read()
    lag.reset()
    for (const { name, contents } of streams) {
      for (const [group, entries] of lagsOf(contents.flat())) lag.labels(name, group).set(entries)
    }
  })
}

/** Groups of one name in several namespaces are one. */
function lagsOf(groups: readonly Group[]): Map<string, number> {
  const lags = new Map<string, number>()
  for (const { name, lag } of groups) {
    const label = lags.has(name) || lags.size < MAX_NAMES ? name : 'other'
    lags.set(label, (lags.get(label) ?? 0) + lag)
  }
  return lags
}
