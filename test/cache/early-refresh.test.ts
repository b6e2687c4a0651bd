import { beforeAll, describe, expect, it } from 'vitest'
import { createEntryStore, type EntryStore } from '../../src/cache/entries/store.js'
import { drawEarly } from '../../src/cache/leases/leased-reads.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { layoutOf } from '../../src/redis/layout.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { leaseOf, leaseStatusOf } from './driver.js'

const harness = useHarness({
  configFile: `
      spaces:
        eager: { jitter: 0, earlyRefreshBeta: 100, leaseMs: 600000 }
        never: { jitter: 0, earlyRefreshBeta: 0 }
        eager-l1: { jitter: 0, earlyRefreshBeta: 100, l1: {} }
        never-l1: { jitter: 0, earlyRefreshBeta: 0, l1: {} }
    `,
})
let entries: EntryStore

beforeAll(async () => {
  const { binder, connections } = harness
  const partitions = new Partitions(layoutOf(connections.cache), 'keep')
  entries = createEntryStore(binder, partitions)
})

/** Runs 250 at a time: Redis does not answer all of them within half a second. */
async function inTurns<T>(things: readonly T[], run: (thing: T) => Promise<unknown>) {
  for (let from = 0; from < things.length; from += 250) {
    await Promise.all(things.slice(from, from + 250).map(run))
  }
}

/** Six standard deviations of a share of `samples`; chance alone exceeds them once in 5e8 runs. */
const tolerance = (share: number, samples: number) => 6 * Math.sqrt((share * (1 - share)) / samples)

describe('the draw', () => {
  it.each([
    [1, 0.5],
    [1, 1],
    [1, 3],
    [2, 1],
    [0.5, 1],
  ])('under beta %d reaches %d load times with the probability of XFetch', (beta, times) => {
    const samples = 20_000
    let reached = 0
    for (let i = 0; i < samples; i++) if (drawEarly(beta) >= times) reached += 1
    const share = Math.exp(-times / beta)
    expect(Math.abs(reached / samples - share)).toBeLessThan(tolerance(share, samples))
  })

  it('is minus beta times the logarithm of u, and nothing at beta 0', () => {
    expect(drawEarly(1, Math.E ** -2)).toBeCloseTo(2, 12)
    expect(drawEarly(3, Math.E ** -2)).toBeCloseTo(6, 12)
    expect(drawEarly(1, 1)).toBe(0)
    expect(drawEarly(0, 1e-9)).toBe(0)
  })
})

it('a value of load time d and remaining time t is refreshed with probability exp(-t/(beta d))', async () => {
  const samples = 1_500
  /** In ms; long, so that the real duration of the test does not matter. */
  const load = 1_000_000
  const groups = [
    { beta: 1, t: 0.5 },
    { beta: 1, t: 1 },
    { beta: 1, t: 2 },
    { beta: 2, t: 1 },
  ]
  const policy = { ...DEFAULT_POLICY, jitter: 0, leaseMs: 2 * load }
  const keys = groups.flatMap((group, g) =>
    Array.from({ length: samples }, (_, i) => ({
      group,
      key: { namespace: harness.namespace, space: 'xfetch', key: `${g} ${i}`, policy },
      token: `token-of-${g}-and-${i}-padded`,
    })),
  )
  const ask = ({ key, token }: (typeof keys)[number], early: number) =>
    entries.read(key, { lease: { token: `${token}-${early}`.slice(0, 64), isOwn: false, early } })

  const proofs = new Map<string, string>()
  await inTurns(keys, async (one) => {
    const { lease } = await ask(one, 0)
    if (lease.kind === 'granted') proofs.set(one.token, lease.proof)
  })
  harness.advance(load)
  await inTurns(keys, (one) =>
    entries.write(one.key, {
      payload: Buffer.from('x'),
      contentType: 'text/plain',
      contentEncoding: '',
      tags: [],
      // The clock then advances by one load time, which leaves each value t load times.
      ttlMs: load + one.group.t * load,
      fill: proofs.get(one.token),
    }),
  )
  harness.advance(load)
  const won = new Map(groups.map((group) => [group, 0]))
  await inTurns(keys, async (one) => {
    const { entry, lease } = await ask(one, drawEarly(one.group.beta))
    expect(entry?.state).toBe('fresh')
    if (lease.kind === 'granted') won.set(one.group, (won.get(one.group) as number) + 1)
  })

  for (const [{ beta, t }, count] of won) {
    const share = Math.exp(-t / beta)
    // A hundredth allows for the seconds that pass in real time.
    const bound = tolerance(share, samples) + 0.01
    expect(Math.abs(count / samples - share), `beta ${beta}, t ${t}`).toBeLessThan(bound)
  }
})

describe('over HTTP', () => {
  const at = (space: string, key: string) => `/v1/cache/${space}/${key}`
  const ask = (space: string, key: string) =>
    harness.request('get', at(space, key)).query({ lease: true })
  /** Asks until an answer has a lease: the draw is only nearly certain. */
  const win = (space: string, key: string) =>
    until('a lease', async () => {
      const answer = await ask(space, key).expect(200)
      return leaseOf(answer) && answer
    })

  /** Stores a value whose load took 9 s, with little fresh time left. */
  async function load(space: string, key: string): Promise<void> {
    const token = leaseOf(await ask(space, key).expect(404))
    harness.advance(9_000)
    await harness
      .request('put', `${at(space, key)}?ttlMs=600000`)
      .set('lockstep-lease', token)
      .send('x')
      .expect(201)
  }

  it('one reader refreshes, and the others see no lease', async () => {
    await load('eager', 'a')
    harness.advance(500_000)
    const first = await win('eager', 'a')
    expect(first.headers['lockstep-state']).toBe('fresh')

    const others = await Promise.all([1, 2, 3].map(() => ask('eager', 'a').expect(200)))

    expect(others.map(leaseStatusOf)).toEqual([undefined, undefined, undefined])
    await harness
      .request('put', at('eager', 'a'))
      .set('lockstep-lease', leaseOf(first))
      .send('y')
      .expect(204)
  })

  it('a load that failed early is not tried again until its back-off ends', async () => {
    await load('eager', 'b')
    harness.advance(400_000)
    const token = leaseOf(await win('eager', 'b'))
    await harness
      .request('post', `${at('eager', 'b')}/lease/cancel`)
      .send({ token, failed: true, backoffMs: 100_000 })
      .expect(200)
    expect(leaseStatusOf(await ask('eager', 'b').expect(200))).toBeUndefined()
    harness.advance(100_000)
    await win('eager', 'b')
  })

  it('refreshes nothing early at beta 0, nor a value that was put without a lease', async () => {
    await load('never', 'a')
    await harness
      .request('put', `${at('eager', 'put')}?ttlMs=600000`)
      .send('x')
      .expect(201)
    harness.advance(500_000)
    expect(leaseStatusOf(await ask('never', 'a').expect(200))).toBeUndefined()
    expect(leaseStatusOf(await ask('eager', 'put').expect(200))).toBeUndefined()
  })

  it('memory answers the readers that lose the draw, and Redis those that win it', async () => {
    for (const space of ['eager-l1', 'never-l1']) await load(space, 'a')
    harness.advance(500_000)
    for (const space of ['eager-l1', 'never-l1']) {
      await until('a value in memory', async () => {
        const { headers } = await harness.request('get', at(space, 'a'))
        return headers['cache-status']?.includes('L1')
      })
    }
    // On a busy machine memory may be out of sync for a moment.
    const lost = await until('an answer of memory', async () => {
      const answer = await ask('never-l1', 'a').expect(200)
      return answer.headers['cache-status']?.includes('L1') && answer
    })
    const won = await win('eager-l1', 'a')
    expect(leaseStatusOf(lost)).toBeUndefined()
    expect(won.headers['cache-status']).not.toContain('L1')
  })

  it('in-flight reads share no lease', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('never-l1', 'cold')))
    const leases = answers.map(leaseStatusOf)
    expect(leases.filter((status) => status === 'held')).toHaveLength(19)
    expect(leases.filter((status) => status === 'granted')).toHaveLength(1)
  })
})
