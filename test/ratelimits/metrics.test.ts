import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { limitDriver } from './driver.js'

const WINDOW = { algorithm: 'fixed-window', align: 'first-hit', windowMs: 3_600_000 }
const FILED = {
  filed: { ...WINDOW, limit: 10 },
  bursty: { limit: 100, windowMs: 3_600_000, burst: 5 },
  shadowed: { ...WINDOW, limit: 1, shadow: true },
  slots: { algorithm: 'concurrency', limit: 5, leaseMs: 60_000 },
}

const harness = useHarness({ configFile: `policies: ${JSON.stringify(FILED)}` })
const limits = limitDriver(harness)
const { subject } = limits

beforeAll(async () => {
  for (const name of ['stored', 'ranked', 'quiet']) {
    await limits.put(name, { ...WINDOW, limit: 1 }).expect(201)
  }
})

const post = (path: string, body: object) => limits.post(path, body).expect(200)

async function metric(name: string, labels: string): Promise<number> {
  const text = await harness.app.metrics.registry.getSingleMetricAsString(name)
  const line = text.split('\n').find((one) => one.startsWith(`${name}{${labels}}`))
  return Number(line?.split(' ').at(-1) ?? 0)
}
const decisions = (policy: string, outcome: string) =>
  metric('lockstep_ratelimits_decisions_total', `policy="${policy}",outcome="${outcome}"`)
const near = (policy: string) =>
  metric('lockstep_ratelimits_near_limit_total', `policy="${policy}"`)

/** How much each number grows during `act`. */
async function growth(read: (() => Promise<number>)[], act: () => Promise<unknown>) {
  const before = await Promise.all(read.map((one) => one()))
  await act()
  const after = await Promise.all(read.map((one) => one()))
  return after.map((value, i) => value - (before[i] as number))
}

describe('decisions', () => {
  it('are counted by policy of the file, all others together', async () => {
    const grown = await growth(
      [
        () => decisions('filed', 'allowed'),
        () => decisions('other', 'allowed'),
        () => decisions('other', 'denied'),
        () => decisions('stored', 'allowed'),
      ],
      async () => {
        const key = subject()
        await post('filed/check', { key })
        for (const _ of [1, 2, 3]) await post('stored/check', { key })
        // An inline limit counts as `other`, even with the name of a policy.
        await post('check', { limits: [{ name: 'filed', limit: 1, windowMs: 1_000, key }] })
      },
    )
    expect(grown).toEqual([1, 2, 2, 0])
  })

  it('count the limit that denied, not those that had room', async () => {
    const key = subject()
    await post('stored/check', { key })
    const both = [
      { policy: 'stored', key },
      { policy: 'filed', key },
    ]
    const read = [
      () => decisions('filed', 'allowed'),
      () => decisions('filed', 'denied'),
      () => decisions('other', 'denied'),
    ]
    expect(await growth(read, () => post('check', { limits: both }))).toEqual([0, 0, 1])
    expect(await growth(read, () => post('check', { limits: both, mode: 'each' }))).toEqual([
      1, 0, 1,
    ])
    expect(await growth(read, () => post('check', { limits: both, peek: true }))).toEqual([0, 0, 0])
  })

  it('count what a shadow limit would have denied', async () => {
    const key = subject()
    const read = [
      () => decisions('shadowed', 'allowed'),
      () => decisions('shadowed', 'shadow-denied'),
      () => decisions('shadowed', 'denied'),
    ]
    const twice = async () => {
      for (const _ of [1, 2]) await post('shadowed/check', { key })
    }
    expect(await growth(read, twice)).toEqual([1, 1, 0])
  })
})

describe('lockstep_ratelimits_near_limit_total', () => {
  it('counts from four fifths of the limit on', async () => {
    const key = subject()
    const read = [() => near('filed')]
    expect(await growth(read, () => post('filed/check', { key, cost: 7 }))).toEqual([0])
    expect(await growth(read, () => post('filed/check', { key }))).toEqual([1])
    expect(await growth(read, () => post('filed/check', { key }))).toEqual([1])
    expect(await growth(read, () => post('filed/peek', { key }))).toEqual([0])
    await post('filed/check', { key })
    expect(await growth(read, () => post('filed/check', { key }))).toEqual([0])
  })

  it('counts by the burst, by an override, and leases', async () => {
    const key = subject()
    expect(
      await growth([() => near('bursty')], () => post('bursty/check', { key, cost: 3 })),
    ).toEqual([0])
    expect(await growth([() => near('bursty')], () => post('bursty/check', { key }))).toEqual([1])
    await harness
      .request('put', `/v1/ratelimit-policies/filed/overrides/${key}`)
      .send({ limit: 100, ttlMs: 60_000 })
      .expect((answer) => expect(answer.status).toBeLessThan(300))
    expect(
      await growth([() => near('filed')], () => post('filed/check', { key, cost: 79 })),
    ).toEqual([0])
    expect(await growth([() => near('filed')], () => post('filed/check', { key }))).toEqual([1])
    const lease = () => post('slots/leases/acquire', { key, weight: 2 })
    expect(await growth([() => near('slots')], lease)).toEqual([0])
    expect(await growth([() => near('slots')], lease)).toEqual([1])
  })
})

describe('the list of the most denied', () => {
  const top = async (policy: string, query = {}) =>
    (await harness.request('get', `/v1/ratelimits/${policy}/top`).query(query).expect(200)).body

  it('begins with them, denied by Redis or from memory', async () => {
    for (const [key, times] of [
      ['often', 6],
      ['seldom', 3],
      ['never', 1],
    ] as const) {
      for (let i = 0; i < times; i++) await post('ranked/check', { key })
    }
    const { items, halfLifeMs } = await top('ranked', { limit: 2 })
    expect(halfLifeMs).toBe(60_000)
    expect(items).toEqual([
      { key: 'often', denials: 5, error: 0 },
      { key: 'seldom', denials: 2, error: 0 },
    ])
    const all = (await top('ranked')).items.map(({ key }: { key: string }) => key)
    expect(all).not.toContain('never')
  })

  it('is separate for each policy and namespace', async () => {
    expect((await top('quiet')).items).toEqual([])
    await harness
      .request('get', '/v1/ratelimits/filed/top')
      .set('lockstep-namespace', `${harness.namespace}-b`)
      .expect(200, { items: [], halfLifeMs: 60_000 })
    await harness.request('get', '/v1/ratelimits/unknown/top').expect(404)
    await harness.request('get', '/v1/ratelimits/filed/top?limit=0').expect(400)
  })
})
