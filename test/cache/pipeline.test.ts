import { describe, expect, it } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { tokensYaml } from '../support/tokens.js'
import { cacheDriver } from './driver.js'

const harness = useHarness()
const { at } = cacheDriver(harness)

const run = (operations: object[]) =>
  harness.request('post', '/v1/cache-pipeline').send({ operations })
const resultsOf = async (operations: object[]) => (await run(operations).expect(200)).body.results

describe('a pipeline', () => {
  it('mixes operations and spaces, and answers in their order', async () => {
    const answers = await resultsOf([
      { op: 'put', space: 'users', key: 'a', value: { n: 1 } },
      { op: 'put', space: 'teams', key: 'a', value: 'x', encoding: 'text' },
      { op: 'incr', space: 'stats', key: 'n', by: '41', initial: 1 },
      { op: 'get', space: 'users', key: 'a' },
      { op: 'get', space: 'teams', key: 'a', encoding: 'base64' },
      { op: 'delete', space: 'users', key: 'a' },
      { op: 'get', space: 'users', key: 'a' },
      { op: 'incr', space: 'stats', key: 'n' },
    ])
    expect(
      answers.map(({ key, status, value }: Record<string, unknown>) => [key, status, value]),
    ).toEqual([
      ['a', 'created', undefined],
      ['a', 'created', undefined],
      ['n', 'counted', '42'],
      ['a', 'hit', { n: 1 }],
      ['a', 'hit', 'eA=='],
      ['a', 'deleted', undefined],
      ['a', 'cache-miss', undefined],
      ['n', 'counted', '43'],
    ])
    expect(answers[3].etag).toBe(answers[0].etag)
  })

  it('keeps the order of each key over hundreds of operations', async () => {
    const operations = Array.from({ length: 600 }, (_, i) =>
      i % 2 === 0
        ? { op: 'put', space: 'order', key: `k${i % 12}`, value: i }
        : { op: 'get', space: 'order', key: `k${(i - 1) % 12}` },
    )
    const answers = await resultsOf(operations)
    for (let i = 1; i < 600; i += 2)
      expect(answers[i]).toMatchObject({ status: 'hit', value: i - 1 })
  })

  it('goes on after a refused operation', async () => {
    await harness.request('put', at('bytes')).send('x').expect(201)
    const answers = await resultsOf([
      { op: 'incr', space: 'users', key: 'bytes' },
      { op: 'incr', space: 'users', key: 'top', initial: '9223372036854775807' },
      { op: 'put', space: 'users', key: 'bytes', value: 1, ifNoneMatch: '*' },
      { op: 'put', space: 'users', key: 'huge', value: 'x'.repeat(1024 * 1024) },
      { op: 'put', space: 'users', key: 'fine', value: 1 },
    ])
    expect(answers).toEqual([
      { key: 'bytes', status: 'kind-mismatch', kind: 'bytes' },
      { key: 'top', status: 'counter-overflow' },
      { key: 'bytes', status: 'precondition-failed', etag: expect.any(String) },
      { key: 'huge', status: 'too-large' },
      { key: 'fine', status: 'created', etag: expect.any(String) },
    ])
  })

  it('defers values beyond 8 MiB', async () => {
    const value = 'x'.repeat(1024 * 1024 - 1_000)
    for (const i of Array(10).keys()) {
      await harness
        .request('put', at(`large-${i}`))
        .type('text/plain')
        .send(value)
        .expect(201)
    }
    const answers = await resultsOf(
      Array.from({ length: 10 }, (_, i) => ({ op: 'get', space: 'users', key: `large-${i}` })),
    )
    const statuses = answers.map(({ status }: { status: string }) => status).sort()
    expect(statuses).toEqual([...Array(2).fill('deferred'), ...Array(8).fill('hit')])
  })

  it.each([
    [{ op: 'get', value: 1 }, '/value'],
    [{ op: 'get', by: 1 }, '/by'],
    [{ op: 'get', negative: true }, '/negative'],
    [{ op: 'delete', ttlMs: 1 }, '/ttlMs'],
    [{ op: 'incr', value: 1 }, '/value'],
    [{ op: 'incr', by: 'x' }, '/by'],
    [{ op: 'incr', initial: '9223372036854775808' }, '/initial'],
    [{ op: 'put' }, ''],
    [{ op: 'put', negative: false }, ''],
    [{ op: 'put', negative: true, value: 1 }, ''],
    [{ op: 'put', value: 1, by: 1 }, '/by'],
    [{ op: 'touch' }, '/op'],
    [{ op: 'put', value: 1, unknown: 1 }, '/unknown'],
  ])('refuses %j, and runs nothing at all', async (operation, where) => {
    const { body } = await run([
      { op: 'put', space: 'users', key: 'first', value: 1 },
      { space: 'users', key: 'k', ...operation },
    ]).expect(400)
    expect(placeOf(body.errors[0])).toBe(`body/operations/1${where}`)
    await harness.request('get', at('first')).expect(404)
  })

  it('counts a repeat under its Idempotency-Key once', async () => {
    const operations = [
      { op: 'incr', space: 'stats', key: 'once' },
      { op: 'incr', space: 'stats', key: 'once' },
      { op: 'put', space: 'stats', key: 'put', value: 1 },
      { op: 'get', space: 'stats', key: 'put' },
    ]
    const first = await run(operations).set('idempotency-key', 'p1').expect(200)
    const again = await run(operations).set('idempotency-key', 'p1').expect(200)
    expect(first.body.results.map(({ value }: { value: unknown }) => value)).toEqual([
      '1',
      '2',
      undefined,
      1,
    ])
    const replays = again.body.results.slice(0, 3)
    expect(replays).toEqual(
      first.body.results.slice(0, 3).map((item: object) => ({ ...item, replayed: true })),
    )
    expect((await resultsOf([{ op: 'incr', space: 'stats', key: 'once' }]))[0].value).toBe('3')
    const [other] = (
      await run([{ op: 'incr', space: 'stats', key: 'once', by: 2 }]).set('idempotency-key', 'p1')
    ).body.results
    expect(other).toEqual({ key: 'once', status: 'idempotency-conflict' })
  })
})

describe('the scope of a pipeline', () => {
  const configFile = tokensYaml([
    { token: 'reader', scopes: ['cache:read'] },
    { token: 'writer', scopes: ['cache:write'] },
  ])
  const get = { op: 'get', space: 'users', key: 'a' }

  it.each([
    ['reads', [get, get], 200],
    ['a put', [get, { op: 'put', space: 'users', key: 'a', value: 1 }], 403],
    ['a delete', [get, { op: 'delete', space: 'users', key: 'a' }], 403],
    ['a counter', [get, { op: 'incr', space: 'users', key: 'n' }], 403],
  ])('%s', async (_, operations, status) => {
    const guarded = await startHarness({ configFile })
    const as = (token: string) =>
      guarded
        .request('post', '/v1/cache-pipeline')
        .set('authorization', `Bearer ${token}`)
        .send({ operations })
    try {
      await as('reader').expect(status)
      await as('writer').expect(200)
    } finally {
      await guarded.close()
    }
  })
})
