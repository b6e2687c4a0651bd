import { atScrape, type Metrics } from './registry.js'

/** A connection to Redis, with one of a closed set of purposes. */
interface Connection {
  readonly purpose: string
  readonly isConnected: boolean
  readonly reconnects: number
}

/** @param all returns the open connections */
export function createConnectionMetrics(metrics: Metrics, all: () => readonly Connection[]): void {
  const labels = ['connection'] as const
  const open = metrics.gauge(
    'lockstep_redis_connections',
    'Open connections to Redis, by purpose; a Cluster counts as one',
    labels,
  )
  const reconnects = metrics.counter(
    'lockstep_redis_reconnects_total',
    'Reconnects to Redis, by purpose',
    labels,
  )
  const counted = new WeakMap<Connection, number>()
  atScrape(open, () => {
    open.reset()
    for (const { purpose, isConnected } of all())
      open.inc({ connection: purpose }, Number(isConnected))
  })
  atScrape(reconnects, () => {
    for (const connection of all()) {
      const known = counted.get(connection) ?? 0
      reconnects.labels(connection.purpose).inc(connection.reconnects - known)
      counted.set(connection, connection.reconnects)
    }
  })
}
