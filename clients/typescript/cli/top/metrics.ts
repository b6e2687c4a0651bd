/** The samples of one scrape, by name. */
export type Scrape = ReadonlyMap<string, readonly Sample[]>

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type Labels = Readonly<Record<string, string>>

/** Reads the Prometheus text format. */
export function parseMetrics(text: string): Scrape {
  const samples = new Map<string, Sample[]>()
  for (const line of text.split('\n')) {
    const [, name, inner = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) continue
    const labels = Object.fromEntries(
      [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]),
    )
    const known = samples.get(name)
    const sample = { labels, value: Number(value) }
    if (known) known.push(sample)
    else samples.set(name, [sample])
  }
  return samples
}

const fits = (labels: Labels, wanted: Labels) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

export const sum = (scrape: Scrape, name: string, wanted: Labels = {}): number =>
  (scrape.get(name) ?? [])
    .filter(({ labels }) => fits(labels, wanted))
    .reduce((total, { value }) => total + value, 0)

/** Two scrapes of one instance, so that counters become rates. */
export class Interval {
  readonly #before: Scrape
  readonly #after: Scrape
  readonly #seconds: number

  constructor(before: Scrape, after: Scrape, seconds: number) {
    this.#before = before
    this.#after = after
    this.#seconds = seconds
  }

  gauge(name: string): number {
    return sum(this.#after, name)
  }

  /** Per second; a counter of a restarted service is never below 0. */
  rate(name: string, wanted: Labels = {}): number {
    const more = sum(this.#after, name, wanted) - sum(this.#before, name, wanted)
    return Math.max(0, more) / this.#seconds
  }

  values(name: string, label: string): string[] {
    const samples = this.#after.get(name) ?? []
    return [...new Set(samples.map(({ labels }) => labels[label] ?? ''))]
  }

  /** Seconds, as the upper bound of the bucket; undefined without an observation. */
  quantile(name: string, part: number, wanted: Labels = {}): number | undefined {
    const counts = new Map<number, number>()
    for (const [scrape, sign] of [
      [this.#after, 1],
      [this.#before, -1],
    ] as const) {
      for (const { labels, value } of scrape.get(`${name}_bucket`) ?? []) {
        if (!fits(labels, wanted)) continue
        const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
        counts.set(bound, (counts.get(bound) ?? 0) + sign * value)
      }
    }
    const buckets = [...counts].sort(([a], [b]) => a - b)
    const total = buckets.at(-1)?.[1] ?? 0
    return total > 0 ? buckets.find(([, count]) => count >= part * total)?.[0] : undefined
  }
}
