import { expect, it } from 'vitest'
import { jittered } from '../../src/cache/entries/value.js'
import { useHarness } from '../support/harness.js'

const harness = useHarness({
  configFile:
    'spaces: { half: { ttlMs: 1000000, jitter: 0.5 }, none: { ttlMs: 1000000, jitter: 0 } }',
})

it('takes off a share that is uniform between 0 and the jitter', () => {
  const samples = Array.from({ length: 20_000 }, () => jittered(1_000_000, 0.2))
  expect(Math.max(...samples)).toBeLessThanOrEqual(1_000_000)
  expect(Math.min(...samples)).toBeGreaterThanOrEqual(800_000)
  // Each tenth of the range holds a tenth of the samples, within six standard deviations.
  for (let tenth = 0; tenth < 10; tenth++) {
    const from = 800_000 + tenth * 20_000
    const share = samples.filter((ms) => ms >= from && ms < from + 20_000).length / samples.length
    expect(Math.abs(share - 0.1)).toBeLessThan(6 * Math.sqrt((0.1 * 0.9) / samples.length))
  }
})

it('leaves at least a millisecond, and the whole TTL without jitter', () => {
  expect(jittered(1, 1)).toBe(1)
  expect(jittered(1_000_000, 0)).toBe(1_000_000)
})

/** The remaining fresh time of 100 values that are stored at once. */
async function leftOf(space: string): Promise<number[]> {
  const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`)
  const path = `/v1/cache/${space}`
  const entries = keys.map((key) => ({ key, value: key }))
  await harness.request('post', `${path}/set-many`).send({ entries }).expect(200)
  const { body } = await harness.request('post', `${path}/get-many`).send({ keys }).expect(200)
  return body.results.map(({ expiresInMs }: { expiresInMs: number }) => expiresInMs)
}

it('draws for each key of a batch', async () => {
  const left = await leftOf('half')
  expect(Math.min(...left)).toBeGreaterThan(450_000)
  expect(Math.min(...left)).toBeLessThan(700_000)
  expect(Math.max(...left)).toBeGreaterThan(800_000)
  expect(new Set(left).size).toBeGreaterThan(90)

  const exact = await leftOf('none')
  expect(Math.max(...exact) - Math.min(...exact)).toBeLessThan(50_000)
})

it('draws for a fill as well', async () => {
  const path = '/v1/cache/half/filled'
  const { headers } = await harness.request('get', path).query({ lease: true }).expect(404)
  await harness
    .request('put', path)
    .set('lockstep-lease', headers['lockstep-lease'] as string)
    .send('x')
    .expect(201)
  const { body } = await harness.request('get', `${path}/meta`).expect(200)
  expect(body.expiresInMs).toBeLessThan(1_000_000)
  expect(body.expiresInMs).toBeGreaterThan(450_000)
})

it('draws for a touch as well, but not for that of a counter', async () => {
  const path = '/v1/cache/half/touched'
  await harness.request('put', path).send('x').expect(201)
  const touched = async (key: string) => {
    await harness.request('post', `${key}/touch`).send({ ttlMs: 1_000_000 }).expect(204)
    const { body } = await harness.request('get', `${key}/meta`).expect(200)
    return body.expiresInMs as number
  }
  const left: number[] = []
  for (let i = 0; i < 40; i++) left.push(await touched(path))
  expect(Math.min(...left)).toBeGreaterThan(450_000)
  expect(Math.min(...left)).toBeLessThan(800_000)
  expect(Math.max(...left) - Math.min(...left)).toBeGreaterThan(100_000)

  await harness.request('post', '/v1/cache/half/count/incr').send({}).expect(200)
  expect(await touched('/v1/cache/half/count')).toBeGreaterThan(950_000)
})
