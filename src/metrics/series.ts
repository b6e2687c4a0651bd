type LabelValue = string | number
type Labels = Readonly<Record<string, LabelValue>>

interface Sample {
  readonly labels: Labels
  readonly value: number
  /** If it is not the name of the metric. */
  readonly metricName?: string
  /** prom-client formats these once per object. */
  readonly sharedLabels?: Labels
}

class Branch<C> {
  child: C | undefined
  readonly #next = new Map<LabelValue, Branch<C>>()

  at(value: LabelValue): Branch<C> {
    let next = this.#next.get(value)
    if (!next) {
      next = new Branch()
      this.#next.set(value, next)
    }
    return next
  }
}

/**
 * A metric that makes its samples at a scrape. The counters and histograms of prom-client format
 * their labels for every observation.
 */
abstract class Series<C> {
  abstract readonly type: string
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** Called before every scrape. */
  collect?: () => void | Promise<void>
  readonly #root = new Branch<C>()
  readonly #children = new Map<C, Labels>()

  constructor(name: string, help: string, labelNames: readonly string[]) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
  }

  /** The child with these label values, in the order of `labelNames`. */
  labels(...values: readonly LabelValue[]): C {
    let branch = this.#root
    for (const value of values) branch = branch.at(value)
    branch.child ??= this.#add(values)
    return branch.child
  }

  async get() {
    await this.collect?.()
    const values = [...this.#children].flatMap(([child, labels]) => this.toSamples(child, labels))
    return { name: this.name, help: this.help, type: this.type, values }
  }

  #add(values: readonly LabelValue[]): C {
    if (values.length !== this.labelNames.length) {
      throw new Error(`${this.name} has the labels ${this.labelNames}, not ${values}`)
    }
    const child = this.createChild()
    this.#children.set(
      child,
      Object.fromEntries(this.labelNames.map((name, i) => [name, values[i] as LabelValue])),
    )
    return child
  }

  protected abstract createChild(): C
  protected abstract toSamples(child: C, labels: Labels): readonly Sample[]
}

class Count {
  value = 0

  inc(by = 1): void {
    this.value += by
  }
}

export class Counter extends Series<Count> {
  readonly type = 'counter'

  constructor(name: string, help: string, labelNames: readonly string[]) {
    super(name, help, labelNames)
    if (labelNames.length === 0) this.labels()
  }

  /** Of a counter without labels. */
  inc(by?: number): void {
    this.labels().inc(by)
  }

  protected createChild(): Count {
    return new Count()
  }

  protected toSamples({ value }: Count, labels: Labels): readonly Sample[] {
    return [{ labels, value }]
  }
}

class Distribution {
  readonly #bounds: Float64Array
  /** Observations per bucket, not cumulative. */
  readonly counts: Float64Array
  sum = 0

  /** @param bounds the last is Infinity */
  constructor(bounds: Float64Array) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length)
  }

  observe(value: number): void {
    let bucket = 0
    while (value > (this.#bounds[bucket] as number)) bucket++
    ;(this.counts[bucket] as number)++
    this.sum += value
  }
}

export class Histogram extends Series<Distribution> {
  readonly type = 'histogram'
  readonly #bounds: Float64Array

  /** @param buckets upper bounds, ascending */
  constructor(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ) {
    super(name, help, labelNames)
    this.#bounds = Float64Array.of(...buckets, Number.POSITIVE_INFINITY)
    if (labelNames.length === 0) this.labels()
  }

  /** Of a histogram without labels. */
  observe(value: number): void {
    this.labels().observe(value)
  }

  protected createChild(): Distribution {
    return new Distribution(this.#bounds)
  }

  protected toSamples({ counts, sum }: Distribution, labels: Labels): readonly Sample[] {
    let count = 0
    const buckets = [...this.#bounds].map((bound, i) => {
      count += counts[i] as number
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : bound
      return this.#sample('bucket', { le, ...labels }, count, labels)
    })
    return [
      ...buckets,
      this.#sample('sum', labels, sum, labels),
      this.#sample('count', labels, count, labels),
    ]
  }

  #sample(what: string, labels: Labels, value: number, sharedLabels: Labels): Sample {
    return { metricName: `${this.name}_${what}`, labels, value, sharedLabels }
  }
}
