import { expect, it } from 'vitest'
import { MAX_SPACES, SpaceUsages } from '../../src/cache/spaces/usage.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const harness = useHarness({ configFile: 'spaces: { filed: { jitter: 0, l1: {} } }' })

const at = (space: string, key: string) => `/v1/cache/${space}/${key}`
const get = (space: string, key: string) => harness.request('get', at(space, key))
const put = (space: string, key: string) => harness.request('put', at(space, key)).send('x')
const usageOf = async (space: string) =>
  (await harness.request('get', `/v1/cache-spaces/${space}`).expect(200)).body.usage
const NONE = { hits: 0, stale: 0, negative: 0, misses: 0, fills: 0, l1Bytes: 0 }

it('counts what is read and filled, by any route, in a space that the API made', async () => {
  const policy = { ttlMs: 60_000, staleMs: 600_000, jitter: 0 }
  await harness.request('put', '/v1/cache-spaces/made').send(policy).expect(201)
  await put('made', 'a').expect(201)
  await get('made', 'a').expect(200)
  await get('made', 'none').expect(404)
  await put('made', 'absent').unset('content-type').set('lockstep-negative', 'true').send()
  await harness
    .request('post', '/v1/cache/made/get-many')
    .send({ keys: ['a', 'none', 'absent'] })
    .expect(200)
  const operations = [{ op: 'get', space: 'made', key: 'a' }]
  await harness.request('post', '/v1/cache-pipeline').send({ operations }).expect(200)
  await harness.request('post', `${at('made', 'n')}/incr`).expect(200)
  await harness.request('get', `${at('made', 'n')}/counter`).expect(200)
  await harness.request('get', `${at('made', 'o')}/fields`).expect(404)
  const { headers } = await get('made', 'load').query({ lease: true }).expect(404)
  await put('made', 'load')
    .set('lockstep-lease', headers['lockstep-lease'] as string)
    .expect(201)
  await put('made', 'load').set('lockstep-lease', 'no-such-lease-0000.1').expect(412)
  harness.advance(60_000)
  await get('made', 'a').expect(200)

  expect(await usageOf('made')).toEqual({
    hits: 4,
    stale: 1,
    negative: 1,
    misses: 4,
    fills: 1,
    l1Bytes: 0,
  })
})

it('counts by namespace, and shows what memory holds', async () => {
  await put('filed', 'a').expect(201)
  await until('a value in memory', async () => {
    await get('filed', 'a').expect(200)
    return (await usageOf('filed')).l1Bytes > 0
  })
  const { body } = await harness
    .request('get', '/v1/cache-spaces/filed')
    .set('lockstep-namespace', `${harness.namespace}-other`)
    .expect(200)
  expect(body.usage).toEqual(NONE)
})

it('forgets the space that was used longest ago', () => {
  const usages = new SpaceUsages(() => 0)
  const named = (i: number) => ({ namespace: 'n', space: `s${i}` })
  for (let i = 0; i < MAX_SPACES; i++) usages.count(named(i), 'hits')
  usages.count(named(0), 'hits')
  usages.count(named(MAX_SPACES), 'hits')
  expect(usages.of(named(0)).hits).toBe(2)
  expect(usages.of(named(1))).toEqual(NONE)
  expect(usages.of(named(2)).hits).toBe(1)
  usages.count(named(1), 'misses')
  expect(usages.of(named(1))).toEqual({ ...NONE, misses: 1 })
})
