import { atScrape, type Metrics } from './registry.js'

/** What an instance has of one kind, and how much it accepts. */
interface Bound {
  readonly count: number
  readonly max: number
}

/** A share of the requests is refused while something delays all of them. */
interface Shedding {
  readonly delayMs: number
  readonly percent: number
}

interface Load {
  readonly bounds: Readonly<
    Record<'connections' | 'requests' | 'streams' | 'waiters' | 'body-bytes', Bound>
  >
  readonly overload: Readonly<Record<'event-loop' | 'redis', Shedding>>
}

/** @returns counts a refused request, by the bound or signal that refused it */
export function createShedCounter(metrics: Metrics): (reason: string) => void {
  const shed = metrics.counter(
    'lockstep_http_shed_total',
    'Requests refused as `overloaded`, and connections closed, by the bound or the delay that was too much',
    ['reason'],
  )
  return (reason) => shed.labels(reason).inc()
}

export function createLoadMetrics(metrics: Metrics, { bounds, overload }: Load): void {
  const { connections, requests, streams, waiters } = bounds
  const inFlight = metrics.gauge(
    'lockstep_http_requests_in_flight',
    'Requests without a complete answer, including waiting ones and open streams, without probes',
  )
  atScrape(inFlight, () => inFlight.set(requests.count + streams.count + waiters.count))
  const open = metrics.gauge('lockstep_http_connections', 'Open connections of clients')
  atScrape(open, () => open.set(connections.count))
  const labels = ['of'] as const
  const load = metrics.gauge(
    'lockstep_load',
    'What the instance has now: connections, requests that it works on, streams, waiters, body-bytes',
    labels,
  )
  const max = metrics.gauge('lockstep_load_max', 'How much of it the instance accepts', labels)
  const all = Object.entries<Bound>(bounds)
  atScrape(load, () => {
    for (const [of, { count }] of all) load.set({ of }, count)
  })
  for (const [of, bound] of all) max.set({ of }, bound.max)
  const delay = metrics.gauge(
    'lockstep_overload_delay_seconds',
    'The least time that a request waited in the last half second for the event loop, and for Redis',
    labels,
  )
  const share = metrics.gauge(
    'lockstep_overload_refused_ratio',
    'The share of requests that is refused because of it',
    labels,
  )
  const signals = ['event-loop', 'redis'] as const
  atScrape(delay, () => {
    for (const of of signals) delay.set({ of }, overload[of].delayMs / 1_000)
  })
  atScrape(share, () => {
    for (const of of signals) share.set({ of }, overload[of].percent / 100)
  })
}
