import type { Cell } from '../output.js'
import type { Interval, Labels } from './metrics.js'

const REQUESTS = 'lockstep_http_request_duration_seconds'
const SCRIPTS = 'lockstep_redis_script_duration_seconds'

export interface WaitedFor {
  readonly name: string
  readonly holderCount: number
  readonly queueLength: number
}

export interface Denied {
  readonly policy: string
  readonly key: string
  readonly denials: number
}

/** What `top` shows, also as JSON. */
export interface View {
  readonly version: string
  readonly uptimeMs: number
  readonly redis: string
  readonly requests: Traffic & { readonly failedPerSecond: number; readonly inFlight: number }
  readonly eventLoopP99Ms: number
  readonly redisCalls: Traffic
  readonly rates: readonly (readonly [name: string, perSecond: number])[]
  readonly routes: readonly (Traffic & { readonly route: string })[]
  readonly lockWaiters: number
  readonly locks: readonly WaitedFor[]
  readonly denied: readonly Denied[]
}

export interface Traffic {
  readonly perSecond: number
  readonly p50Ms?: number | undefined
  readonly p99Ms?: number | undefined
}

export type Numbers = Omit<View, 'version' | 'uptimeMs' | 'redis' | 'locks' | 'denied'>

/** Counters of what callers do, in the order in which they are shown. */
const RATES: readonly (readonly [string, string, Labels])[] = [
  ['locks granted', 'lockstep_locks_acquire_total', { outcome: 'granted' }],
  ['locks refused', 'lockstep_locks_acquire_total', { outcome: 'held' }],
  ['limits allowed', 'lockstep_ratelimits_decisions_total', { outcome: 'allowed' }],
  ['limits denied', 'lockstep_ratelimits_decisions_total', { outcome: 'denied' }],
  ['cache hits', 'lockstep_cache_reads_total', { result: 'hit' }],
  ['cache misses', 'lockstep_cache_reads_total', { result: 'miss' }],
  ['scores', 'lockstep_leaderboards_entries_total', {}],
  ['messages sent', 'lockstep_queues_messages_total', { event: 'sent' }],
  ['messages acked', 'lockstep_queues_messages_total', { event: 'acked' }],
  ['entries appended', 'lockstep_streams_entries_total', { event: 'appended' }],
]

export function numbersOf(interval: Interval): Numbers {
  const statuses = interval.values(`${REQUESTS}_count`, 'status')
  const failed = statuses.filter((status) => status.startsWith('5'))
  const routes = interval.values(`${REQUESTS}_count`, 'route')
  return {
    requests: {
      ...trafficOf(interval, REQUESTS),
      failedPerSecond: failed
        .map((status) => interval.rate(`${REQUESTS}_count`, { status }))
        .reduce((total, rate) => total + rate, 0),
      inFlight: interval.gauge('lockstep_http_requests_in_flight'),
    },
    eventLoopP99Ms: interval.gauge('nodejs_eventloop_lag_p99_seconds') * 1_000,
    redisCalls: trafficOf(interval, SCRIPTS),
    rates: RATES.map(([name, counter, labels]) => [name, interval.rate(counter, labels)]),
    routes: routes
      .map((route) => ({ route, ...trafficOf(interval, REQUESTS, { route }) }))
      .filter(({ perSecond }) => perSecond > 0)
      .sort((one, other) => other.perSecond - one.perSecond),
    lockWaiters: interval.gauge('lockstep_locks_waiters'),
  }
}

function trafficOf(interval: Interval, name: string, wanted?: Labels): Traffic {
  const quantile = (part: number) => {
    const seconds = interval.quantile(name, part, wanted)
    return seconds === undefined ? undefined : seconds * 1_000
  }
  const perSecond = interval.rate(`${name}_count`, wanted)
  return { perSecond, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

/** Rates with three digits, times as bounds of buckets. */
export const rate = (perSecond: number): Cell =>
  perSecond >= 100 || perSecond === 0 ? Math.round(perSecond) : Number(perSecond.toPrecision(3))

export function latency(ms: number | undefined): string {
  if (ms === undefined) return '-'
  return Number.isFinite(ms) ? `<=${Number(ms.toPrecision(3))}ms` : 'longer'
}
