import { atScrape, byLabels, type Metrics } from '../../metrics/registry.js'
import type { EntryStore, LeveledReply } from '../entries/store.js'
import type { SpaceLabel } from '../metrics.js'
import type { SpaceUsages } from '../spaces/usage.js'

export interface LeaseMetrics {
  asked(space: string, reply: LeveledReply): void
  filled(space: string, result: 'accepted' | 'refused'): void
  /** @param waiters asked at each scrape. */
  watch(waiters: () => number): void
}

export function createLeaseMetrics(metrics: Metrics, labelOf: SpaceLabel): LeaseMetrics {
  const leases = byLabels(
    metrics.counter(
      'lockstep_cache_leases_total',
      'What reads that offered to load were told: won, held by another, backoff after a failed load; expired: leases that their loader let run out, noticed by the next winner',
      ['space', 'result'],
    ),
  )
  const fills = byLabels(
    metrics.counter(
      'lockstep_cache_fills_total',
      'Values loaded under a lease, by whether they were in time',
      ['space', 'result'],
    ),
  )
  const refreshes = byLabels(
    metrics.counter(
      'lockstep_cache_refreshes_total',
      'Leases won while there was a value: early while it was fresh, else stale',
      ['space', 'reason'],
    ),
  )
  const waiting = metrics.gauge(
    'lockstep_cache_waiters',
    'Requests of this process that wait for a key to be loaded',
  )
  return {
    asked(space, { lease, entry }) {
      if (lease.kind === 'none') return
      leases(labelOf(space), lease.kind).inc()
      if (lease.kind !== 'won') return
      if (lease.ranOut) leases(labelOf(space), 'expired').inc()
      if (entry) refreshes(labelOf(space), entry.state === 'fresh' ? 'early' : 'stale').inc()
    },
    filled: (space, result) => fills(labelOf(space), result).inc(),
    watch(waiters) {
      atScrape(waiting, () => waiting.set(waiters()))
    },
  }
}

/** Counts fills, whichever request brings them. */
export const withFillCount = (
  metrics: LeaseMetrics,
  usages: Pick<SpaceUsages, 'count'>,
  entries: EntryStore,
): EntryStore => ({
  ...entries,
  async write(key, options) {
    const outcome = await entries.write(key, options)
    if (options.fill !== undefined && outcome.kind !== 'conflict') {
      const isAccepted = outcome.kind !== 'lease-lost'
      metrics.filled(key.space, isAccepted ? 'accepted' : 'refused')
      if (isAccepted) usages.count(key, 'fills')
    }
    return outcome
  },
})
