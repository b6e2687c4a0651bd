import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { Counter, Histogram } from './series.js'

/** Upper bounds in seconds, from a cache hit to a Redis time-out. */
export const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/**
 * One registry per app, never the global one: two apps in one process share no counters but Node's.
 * Labels come from closed sets only, never from names, keys or owners.
 */
export interface Metrics {
  readonly registry: Registry
  counter(name: string, help: string, labels?: readonly string[]): Counter
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>
  /** @param buckets upper bounds; the default suits seconds. */
  histogram(
    name: string,
    help: string,
    labels?: readonly string[],
    buckets?: readonly number[],
  ): Histogram
  /** The exposition, at most a second old: a big scrape blocks the event loop for 10 to 30 ms. */
  expose(): Promise<string>
}

/** Reads what a metric shows at every scrape. prom-client knows it, its types know only the option. */
export function atScrape(metric: Counter | Gauge<string>, read: () => void | Promise<void>): void {
  ;(metric as { collect?: () => void }).collect = read
}

const EXPOSITION_AGE_MS = 1_000

let ofProcess: Registry | undefined

/** Node's own metrics. What measures them lives as long as the process, so there is one set of it. */
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

  /** The registry calls no more of a metric than its name and `get`. */
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
