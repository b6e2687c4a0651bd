import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver } from './driver.js'

const harness = useHarness({
  configFile: `spaces:
  users: { jitter: 0, negativeTtlMs: 200000, staleMs: 60000 }
  memory: { jitter: 0, l1: { maxEntries: 10 } }
  strict: { requirePrecondition: true }`,
})
const { at, get } = cacheDriver(harness)

const absent = (key: string, space = 'users') =>
  harness.request('put', at(key, space)).set('lockstep-negative', 'true')
const put = (key: string) => harness.request('put', at(key)).send('x')

it('says that a key has no value until it ends, and is never stale', async () => {
  const { headers } = await absent('a').expect(201)
  expect(headers.etag).toMatch(/^"\w+"$/)

  const miss = await get('a').expect(404)
  expect(miss.body).toMatchObject({ code: 'cache-miss', state: 'negative' })
  expect(miss.headers).toMatchObject({
    'lockstep-state': 'negative',
    'cache-status': 'lockstep; hit; detail=negative',
  })
  await harness.request('head', at('a')).expect(404)
  await harness.request('get', `${at('a')}/meta`).expect(404)
  await harness.request('post', `${at('a')}/touch`).expect(404)

  harness.advance(200_001)
  const after = await get('a').expect(404)
  expect(after.headers['lockstep-state']).toBe('miss')
  expect(after.body.state).toBe('miss')
})

it('takes its time from the query or Cache-Control before the space', async () => {
  await absent('query').query({ ttlMs: 100_000 }).expect(201)
  await absent('header').set('cache-control', 'max-age=100').expect(201)
  harness.advance(50_000)
  for (const key of ['query', 'header']) {
    expect((await get(key)).headers['lockstep-state']).toBe('negative')
  }
})

it('is replaced by a value, also by one that is stored only where there is none', async () => {
  await absent('insert').expect(201)
  await put('insert').set('if-none-match', '*').expect(201)
  await get('insert').expect(200)
})

it('replaces a value, under conditions as well', async () => {
  const { headers } = await put('gone').expect(201)
  await absent('gone').set('if-none-match', '*').expect(412)
  await absent('gone').set('if-match', '"x"').expect(412)
  await absent('gone')
    .set('if-match', headers.etag as string)
    .expect(204)
  expect((await get('gone')).headers['lockstep-state']).toBe('negative')
  await absent('s', 'strict').expect(428)
  await absent('s', 'strict').set('if-none-match', '*').expect(201)
})

it('ends with an invalidation and a delete', async () => {
  for (const end of [
    () => harness.request('delete', at('end')),
    () => harness.request('post', '/v1/cache/users/invalidate').send({ keys: ['end'] }),
    () => harness.request('post', '/v1/cache/users/invalidate').send({ tags: ['t'] }),
  ]) {
    await absent('end').set('surrogate-key', 't').expect(201)
    expect((await end()).status).toBe(204)
    expect((await get('end')).headers['lockstep-state']).toBe('miss')
  }
})

it('is kept in the memory of the process', async () => {
  await absent('l1', 'memory').expect(201)
  await get('l1', 'memory').expect(404)
  const reads = async () =>
    Number(
      /lockstep_cache_l1_reads_total\{space="memory",result="hit"\} (\d+)/.exec(
        (await harness.request('get', '/metrics')).text,
      )?.[1] ?? 0,
    )
  const before = await reads()
  await expect
    .poll(async () => {
      const { headers } = await get('l1', 'memory').expect(404)
      expect(headers['lockstep-state']).toBe('negative')
      return reads()
    })
    .toBeGreaterThan(before)
})

it('works in batches and pipelines', async () => {
  const set = await harness
    .request('post', '/v1/cache/users/set-many')
    .send({ entries: [{ key: 'many', negative: true, ttlMs: 100_000 }] })
    .expect(200)
  expect(set.body.results).toEqual([
    { key: 'many', status: 'created', etag: expect.stringMatching(/^"\w+"$/) },
  ])
  const { body } = await harness
    .request('post', '/v1/cache-pipeline')
    .send({
      operations: [
        { op: 'get', space: 'users', key: 'many' },
        { op: 'put', space: 'users', key: 'many', value: 1 },
        { op: 'put', space: 'users', key: 'many', negative: true },
        { op: 'get', space: 'users', key: 'many' },
      ],
    })
    .expect(200)
  expect(body.results).toMatchObject([
    { status: 'cache-miss', state: 'negative' },
    { status: 'created' },
    { status: 'replaced' },
    { status: 'cache-miss', state: 'negative' },
  ])
})

it.each([
  ['a value', '', 'x', 'body'],
  ['a stale window', '?staleMs=5', '', 'query/staleMs'],
])('is 400 with %s', async (_what, query, value, pointer) => {
  const { body } = await harness
    .request('put', at('bad') + query)
    .set('lockstep-negative', 'true')
    .send(value)
    .expect(400)
  expect(placeOf(body.errors[0])).toBe(pointer)
})

it('has no stale window in a batch', async () => {
  const { body } = await harness
    .request('post', '/v1/cache/users/set-many')
    .send({ entries: [{ key: 'bad', negative: true, staleMs: 5 }] })
    .expect(400)
  expect(placeOf(body.errors[0])).toBe('body/entries/0/staleMs')
})

it('replaces the value of an item in a batch', async () => {
  const entries = [
    { key: 'neither', negative: true },
    { key: 'either', value: null, negative: false },
  ]
  const many = await harness
    .request('post', '/v1/cache/users/set-many')
    .send({ entries })
    .expect(200)
  expect(many.body.results).toMatchObject([{ status: 'created' }, { status: 'created' }])
  const operations = entries.map((entry) => ({ op: 'put', space: 'users', ...entry }))
  const piped = await harness.request('post', '/v1/cache-pipeline').send({ operations }).expect(200)
  expect(piped.body.results).toMatchObject([{ status: 'created' }, { status: 'replaced' }])
  expect((await get('either').expect(200)).body).toBeNull()
})

it('is 400 for a header that is neither true nor false', async () => {
  const { body } = await put('bad').set('lockstep-negative', 'yes').expect(400)
  expect(placeOf(body.errors[0])).toBe('header/lockstep-negative')
  await put('bad').set('lockstep-negative', 'false').expect(201)
  await get('bad').expect(200)
})
