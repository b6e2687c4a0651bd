import { Counter as PromCounter, Histogram as PromHistogram, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { atScrape, createMetrics } from '../../src/metrics/registry.js'

const HELP = 'What it counts'

const textOf = (registry: Registry, name: string) => registry.getSingleMetricAsString(name)

it('is formatted as by prom-client', async () => {
  const { registry, ...metrics } = createMetrics('1.0.0')
  const registers = [new Registry()] as [Registry]
  const theirs = {
    counter: new PromCounter({ name: 'c_total', help: HELP, labelNames: ['a', 'b'], registers }),
    histogram: new PromHistogram({
      name: 'h_seconds',
      help: HELP,
      labelNames: ['a'],
      buckets: [0.5, 1],
      registers,
    }),
  }
  const counter = metrics.counter('c_total', HELP, ['a', 'b'])
  const histogram = metrics.histogram('h_seconds', HELP, ['a'], [0.5, 1])
  for (const [a, b] of [
    ['x', 'y'],
    ['y', 'x'],
    ['x', 'y'],
    ['quo"te', 'back\\'],
  ] as const) {
    counter.labels(a, b).inc()
    theirs.counter.labels(a, b).inc()
  }
  counter.labels('x', 'y').inc(0.5)
  theirs.counter.labels('x', 'y').inc(0.5)
  for (const value of [0, 0.5, 0.6, 1, 7.25]) {
    histogram.labels('x').observe(value)
    theirs.histogram.labels('x').observe(value)
  }
  for (const name of ['c_total', 'h_seconds']) {
    expect(await textOf(registry, name)).toBe(await textOf(registers[0], name))
    expect((await registry.getSingleMetric(name)?.get())?.values).toMatchObject(
      (await registers[0].getSingleMetric(name)?.get())?.values.map(({ labels, value }) => ({
        labels,
        value,
      })) as object,
    )
  }
})

it('shows a metric without labels from the start, and label values once they occur', async () => {
  const { registry, ...metrics } = createMetrics('1.0.0')
  metrics.counter('bare_total', HELP)
  metrics.counter('labelled_total', HELP, ['a'])
  metrics.histogram('bare_seconds', HELP, [], [1])
  expect(await textOf(registry, 'bare_total')).toMatch(/^bare_total 0$/m)
  expect(await textOf(registry, 'labelled_total')).not.toMatch(/^labelled_total/m)
  expect((await textOf(registry, 'bare_seconds')).split('\n').slice(2)).toEqual([
    'bare_seconds_bucket{le="1"} 0',
    'bare_seconds_bucket{le="+Inf"} 0',
    'bare_seconds_sum 0',
    'bare_seconds_count 0',
  ])
})

it('requires a value for each of its labels', () => {
  const counter = createMetrics('1.0.0').counter('labelled_total', HELP, ['a', 'b'])
  expect(() => counter.labels('x')).toThrow('labelled_total has the labels a,b, not x')
  expect(() => counter.inc()).toThrow('labelled_total')
  expect(() => counter.labels('x', 'y', 'z')).toThrow('labelled_total')
})

it('is read again at each scrape, also asynchronously', async () => {
  const { registry, ...metrics } = createMetrics('1.0.0')
  const counter = metrics.counter('read_total', HELP, ['a'])
  let now = 5
  atScrape(counter, async () => {
    await undefined
    counter.labels('x').value = now
  })
  expect(await textOf(registry, 'read_total')).toMatch(/^read_total\{a="x"\} 5$/m)
  now = 7
  expect(await textOf(registry, 'read_total')).toMatch(/^read_total\{a="x"\} 7$/m)
})
