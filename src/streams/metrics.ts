import { atScrape, type Metrics } from '../metrics/registry.js'
import type { AppendReply } from './entries/scripts.js'

export type StreamMetrics = ReturnType<typeof createStreamMetrics>

export function createStreamMetrics(metrics: Metrics) {
  const entries = metrics.counter(
    'lockstep_streams_entries_total',
    'Entries by what happened to them: appended; dropped by an append, because of capacity, maxBytes or maxAgeMs; read: in pages; followed: sent as events; refused; deleted',
    ['event'],
  )
  const lost = metrics.counter(
    'lockstep_streams_lost_positions_total',
    'Pages and event streams after an entry whose successors were dropped',
    [],
  )
  const followers = metrics.gauge(
    'lockstep_streams_followers',
    'Open event streams of this instance',
  )
  const waiters = metrics.gauge(
    'lockstep_streams_waiters',
    'Requests that wait at this instance for the first entry of a page',
  )
  const ends = metrics.counter(
    'lockstep_streams_follower_ends_total',
    'Event streams that ended: by the client, draining, slow, or by age',
    ['why'],
  )
  const count = (event: string, by: number): void => {
    if (by > 0) entries.labels(event).inc(by)
  }
  return {
    appended(asked: number, reply: AppendReply): void {
      if (reply.kind === 'conflict') return
      if (reply.kind === 'full') count('refused', asked)
      else if (reply.replayed) return
      else count('appended', asked)
      count('dropped', reply.dropped)
    },
    read: (entries: number): void => count('read', entries),
    followed: (): void => count('followed', 1),
    deleted: (): void => count('deleted', 1),
    /** @param count read at every scrape */
    countWaiters: (count: () => number) => atScrape(waiters, () => waiters.set(count())),
    lost: (): void => lost.inc(),
    followerOpened: (): void => followers.inc(),
    followerEnded(why: string): void {
      followers.dec()
      ends.labels(why).inc()
    },
  }
}
