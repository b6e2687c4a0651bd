import { atScrape, type Metrics } from './registry.js'

/** A connection to Redis, with one of a closed set of purposes. */
export interface Connection {
  readonly purpose: string
  readonly isConnected: boolean
  readonly reconnects: number
}

/** @param all the connections that are open, as they are at a scrape */
export function createConnectionMetrics(metrics: Metrics, all: () => readonly Connection[]): void {
  const labels = ['connection'] as const
  const standing = metrics.gauge(
    'lockstep_redis_connections',
    'Connections to Redis that stand, by purpose; a Cluster counts as one',
    labels,
  )
  const reconnects = metrics.counter(
    'lockstep_redis_reconnects_total',
    'Connections to Redis that were made again, by purpose',
    labels,
  )
  const counted = new WeakMap<Connection, number>()
  atScrape(standing, () => {
    standing.reset()
    for (const { purpose, isConnected } of all())
      standing.inc({ connection: purpose }, Number(isConnected))
  })
  atScrape(reconnects, () => {
    for (const connection of all()) {
      const known = counted.get(connection) ?? 0
      reconnects.labels(connection.purpose).inc(connection.reconnects - known)
      counted.set(connection, connection.reconnects)
    }
  })
}
