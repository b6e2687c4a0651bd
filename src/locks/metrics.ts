import type { Metrics } from '../metrics/registry.js'
import type { LeaseEnd } from './scripts.js'

export interface LockMetrics {
  acquired(outcome: 'granted' | 'replayed' | 'held' | 'ended' | 'conflict'): void
  ended(how: LeaseEnd): void
  /** A holder that lost its lock by time: the one to alert on. */
  expiredWhileHeld(): void
  held(seconds: number): void
}

export function createLockMetrics(metrics: Metrics): LockMetrics {
  const acquires = metrics.counter('lockstep_locks_acquire_total', 'Acquire requests by outcome', [
    'outcome',
  ])
  const ends = metrics.counter('lockstep_locks_ended_total', 'Leases that ended, by how', ['how'])
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
  return {
    acquired: (outcome) => acquires.inc({ outcome }),
    ended: (how) => ends.inc({ how }),
    expiredWhileHeld: () => expired.inc(),
    held: (seconds) => held.observe(seconds),
  }
}
