import type { Harness } from './harness.js'

/** The samples of a metric, by its labels. */
export async function samples(harness: Harness, metric: string): Promise<Record<string, number>> {
  const { text } = await harness.request('get', '/metrics').expect(200)
  const lines = [...text.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'))]
  return Object.fromEntries(lines.map(([, labels, value]) => [labels, Number(value)]))
}
