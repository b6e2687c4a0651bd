import { atScrape, type Metrics } from '../metrics/registry.js'
import type { Counts } from './buckets/counts.js'
import type { AcquireOutcome } from './leases/outcomes.js'
import type { LeaseEnd } from './lock-state.js'

export type SessionOutcome =
  | 'opened'
  | 'kept'
  | 'ended'
  | 'replayed'
  | 'conflict'
  | 'session-ended'
  | 'prefix-missing'

type StreamKind = 'events' | 'hold'

export type LockMetrics = ReturnType<typeof createLockMetrics>

export function createLockMetrics(metrics: Metrics) {
  const acquires = metrics.counter('lockstep_locks_acquire_total', 'Acquire requests by outcome', [
    'outcome',
  ])
  const ends = metrics.counter(
    'lockstep_locks_ended_total',
    'Leases that ended, by how they ended',
    ['how'],
  )
  const expired = metrics.counter(
    'lockstep_locks_expired_while_held_total',
    'Holders that renewed or released after their lease had expired',
  )
  const held = metrics.histogram(
    'lockstep_locks_held_seconds',
    'Time from grant to release',
    [],
    [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1_800, 7_200],
  )
  const waited = metrics.histogram(
    'lockstep_locks_wait_seconds',
    'Time in the queue of requests that were granted after waiting',
    [],
    [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 240],
  )
  const claimTimeouts = metrics.counter(
    'lockstep_locks_claim_timeouts_total',
    'Grants that no instance claimed within 2 seconds',
  )
  const gone = metrics.counter(
    'lockstep_locks_waiters_gone_total',
    'Waiters that were removed from the head of a queue, because their instance had died or their time was over',
  )
  const replayed = metrics.counter(
    'lockstep_locks_replayed_total',
    'Requests answered with the result of their first attempt',
  )
  const sessions = metrics.counter(
    'lockstep_locks_sessions_total',
    'Requests to open, keep alive and end sessions, by outcome',
    ['operation', 'outcome'],
  )
  const streams = metrics.gauge('lockstep_locks_streams', 'Open streams of this instance', ['kind'])
  const streamEnds = metrics.counter(
    'lockstep_locks_stream_ends_total',
    'Streams that ended, by reason',
    ['kind', 'why'],
  )
  const streamed = metrics.counter('lockstep_locks_stream_events_total', 'Events sent on streams', [
    'type',
  ])
  const waiters = metrics.gauge(
    'lockstep_locks_waiters',
    'Requests in a queue whose clients wait at this instance',
  )
  return {
    acquired: (outcome: AcquireOutcome['kind'] | 'replayed') => acquires.labels(outcome).inc(),
    waited: (seconds: number) => waited.observe(seconds),
    ended: (how: LeaseEnd, count = 1) => ends.labels(how).inc(count),
    /** A holder lost its lock by time: the one to alert on. */
    expiredWhileHeld: () => expired.inc(),
    held: (seconds: number) => held.observe(seconds),
    claimTimedOut: (count: number) => claimTimeouts.inc(count),
    waitersGone: (count: number) => gone.inc(count),
    replayed: () => replayed.inc(),
    session: (operation: 'open' | 'keepalive', outcome: SessionOutcome) =>
      sessions.labels(operation, outcome).inc(),
    /** @param ended undefined for a session that was over by itself, or is not known */
    sessionEnded(ended: { readonly replayed: boolean; readonly released: number } | undefined) {
      const outcome = ended ? (ended.replayed ? 'replayed' : 'ended') : 'session-ended'
      sessions.labels('end', outcome).inc()
      if (ended && ended.released > 0) ends.labels('released').inc(ended.released)
    },
    streamOpened: (kind: StreamKind) => streams.labels(kind).inc(),
    streamEnded(kind: StreamKind, why: string): void {
      streams.labels(kind).dec()
      streamEnds.labels(kind, why).inc()
    },
    streamed: (type: string) => streamed.labels(type).inc(),
    /** @param count read at every scrape */
    countWaiters: (count: () => number) => atScrape(waiters, () => waiters.set(count())),
  }
}

/**
 * What Redis has, for gauges that every instance shows with the same values.
 * @param read undefined while Redis does not answer
 */
export function createCountMetrics(
  metrics: Metrics,
  read: () => Promise<Counts | undefined>,
): void {
  const show = (name: string, help: string, toValue: (counts: Counts) => number) => {
    const gauge = metrics.gauge(name, `${help}, of all namespaces, at most 5 s old`)
    atScrape(gauge, async () => {
      const counts = await read()
      if (counts) gauge.set(toValue(counts))
      else gauge.remove()
    })
  }
  show('lockstep_locks_held', 'Locks that are held or waited for', ({ locks }) => locks)
  show(
    'lockstep_locks_semaphores',
    'Semaphores that are held, waited for, or have a stored capacity',
    ({ semaphores }) => semaphores,
  )
  show('lockstep_locks_queued', 'Locks and semaphores that are waited for', ({ queued }) => queued)
  show(
    'lockstep_locks_sweep_lag_seconds',
    'How long ago the oldest deadline of a lease that no sweep has looked at yet was',
    ({ lateMs }) => lateMs / 1_000,
  )
}
