/** One registry per app; counters and histograms that make their samples at a scrape. */

import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { Counter, Histogram } from './series.js'

/** Bucket bounds in seconds, from a cache hit to a time-out of Redis. */
export const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** Labels come from closed sets, not from names, keys or owners; those of the configuration file are few. */
export interface Metrics {
  readonly registry: Registry
  counter(name: string, help: string, labels?: readonly string[]): Counter
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>
  /** @param buckets upper bounds; by default for seconds */
  histogram(
    name: string,
    help: string,
    labels?: readonly string[],
    buckets?: readonly number[],
  ): Histogram
  /** The exposition, at most a second old: a large one blocks the event loop for 10 to 30 ms. */
  expose(): Promise<string>
}

/** Updates a metric before every scrape. The types of prom-client have this as an option only. */
export function atScrape(metric: Counter | Gauge<string>, read: () => void | Promise<void>): void {
  ;(metric as { collect?: () => void }).collect = read
}

const EXPOSITION_AGE_MS = 1_000

let ofProcess: Registry | undefined

/** The metrics of Node: one set per process, as their collectors never end. */
function processRegistry(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const all = [processRegistry(), registry]
  new Gauge({
    name: 'lockstep_build_info',
    help: 'Always 1; the version is in the label',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1)

  /** The registry uses only the name of a metric and `get`. */
  const register = <M extends Counter | Histogram>(metric: M): M => {
    registry.registerMetric(metric as unknown as Metric<string>)
    return metric
  }
  let text: Promise<string> | undefined
  let takenAt = 0
  return {
    registry,
    counter: (name, help, labels = []) => register(new Counter(name, help, labels)),
    gauge: (name, help, labels = []) =>
      new Gauge({ name, help, labelNames: [...labels], registers }),
    histogram: (name, help, labels = [], buckets = SECONDS) =>
      register(new Histogram(name, help, labels, buckets)),
    expose() {
      const now = performance.now()
      if (!text || now - takenAt > EXPOSITION_AGE_MS) {
        takenAt = now
        text = Promise.all(all.map((one) => one.metrics())).then((parts) => parts.join(''))
      }
      return text
    },
  }
}
