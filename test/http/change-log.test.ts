import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness({
    configFile: tokensYaml([
      {
        token: 'all',
        name: 'operator',
        scopes: ['admin', 'locks:write', 'ratelimits:write', 'leaderboards:write', 'cache:write'],
      },
      { token: 'few', name: 'reader', scopes: ['locks:read'], namespaces: ['elsewhere'] },
    ]),
  })
})
afterAll(() => harness.close())

type Method = Parameters<Harness['request']>[0]
type Line = Readonly<Record<string, unknown>>

const ask = (method: Method, path: string, body?: object) =>
  harness.request(method, path).set('authorization', 'Bearer all').send(body)

/** The lines of the requests in `make`, which all end in one that is waited for. */
async function changesOf(make: () => Promise<unknown>): Promise<Line[]> {
  const from = harness.log.length
  await make()
  return harness.log
    .slice(from)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ change }) => change !== undefined)
}

const WHO = { level: 30, msg: 'changed', caller: 'operator', address: '127.0.0.1' }
const POLICY = { limit: 5, windowMs: 60_000 }
const BOARD = { columns: [{ name: 'points', order: 'desc' }] }

it('says who changed a policy, and its versions before and after', async () => {
  const path = '/v1/ratelimits/policies/audited'
  const versions: number[] = []
  const put = async (limit: number) => {
    const { body } = await ask('put', path, { ...POLICY, limit })
    versions.push(body.version)
  }
  const lines = await changesOf(async () => {
    await put(5)
    await put(6)
    await put(6)
    await ask('delete', path).expect(204)
    await ask('delete', path).expect(204)
  })
  const [first, second] = versions
  const what = { ...WHO, namespace: harness.namespace, policy: 'audited' }
  expect(lines).toMatchObject([
    { ...what, change: 'policy.put', before: 0, version: first },
    { ...what, change: 'policy.put', before: first, version: second },
    { ...what, change: 'policy.delete', before: second },
  ])
})

it.each<[string, Line, [Method, string, object?][]]>([
  [
    'lock.revoke',
    { lock: 'a', reason: 'stuck' },
    [['post', '/v1/locks/a/revoke', { reason: 'stuck', force: true }]],
  ],
  ['space.put', { space: 'b', before: 0 }, [['put', '/v1/cache-spaces/b', { ttlMs: 1_000 }]]],
  ['space.delete', { space: 'b' }, [['delete', '/v1/cache-spaces/b']]],
  [
    'space.invalidate',
    { space: 'b', mode: 'soft' },
    [['post', '/v1/cache/b/invalidate', { all: true }]],
  ],
  ['board.put', { board: 'c', before: 0 }, [['put', '/v1/leaderboards/c', BOARD]]],
  ['board.delete', { board: 'c' }, [['delete', '/v1/leaderboards/c']]],
])('says %s once', async (change, what, requests) => {
  const lines = await changesOf(async () => {
    for (const [method, path, body] of requests) {
      const { status } = await ask(method, path, body)
      expect(status).toBeLessThan(300)
    }
  })
  expect(lines).toMatchObject([{ ...WHO, namespace: harness.namespace, change, ...what }])
})

it('says who blocks a subject and who overrides its limit', async () => {
  await ask('put', '/v1/ratelimits/policies/p', POLICY).expect(201)
  let overridden: { version?: number } = {}
  const lines = await changesOf(async () => {
    await ask('post', '/v1/ratelimits/p/block?key=u1', { forMs: 60_000 }).expect(200)
    await ask('post', '/v1/ratelimits/p/unblock?key=u1').expect(200)
    await ask('post', '/v1/ratelimits/p/unblock?key=u1').expect(200)
    const put = await ask('put', '/v1/ratelimits/policies/p/overrides/u1', { limit: 9 })
    overridden = put.body
    await ask('delete', '/v1/ratelimits/policies/p/overrides/u1').expect(204)
    await ask('delete', '/v1/ratelimits/policies/p/overrides/u1').expect(204)
  })
  const what = { ...WHO, policy: 'p', key: 'u1' }
  expect(lines).toMatchObject([
    { ...what, change: 'subject.block', blockedForMs: 60_000 },
    { ...what, change: 'subject.unblock' },
    { ...what, change: 'override.put', limit: 9, before: 0, version: overridden.version },
    { ...what, change: 'override.delete', before: overridden.version },
  ])
})

it('says who erased a member, and nothing where there was none', async () => {
  const entry = { member: 'm', boards: [{ board: 'e', score: 1 }] }
  await ask('post', '/v1/leaderboard-submissions', entry).expect(200)
  const lines = await changesOf(async () => {
    await ask('delete', '/v1/members/m/leaderboards').expect(200)
    await ask('delete', '/v1/members/m/leaderboards').expect(200)
  })
  expect(lines).toMatchObject([{ ...WHO, change: 'member.erase', member: 'm', entries: 1 }])
})

it('says nothing of a change that was refused, or of a few keys', async () => {
  const lines = await changesOf(async () => {
    await ask('put', '/v1/ratelimits/policies/bad', { limit: 0 }).expect(400)
    await ask('post', '/v1/cache/b/invalidate', { keys: ['k'] }).expect(204)
  })
  expect(lines).toEqual([])
})

it('counts refused tokens by reason, and logs each at most once a second', async () => {
  const get = (token?: string) => {
    const request = harness.request('get', '/v1/locks/x')
    return token === undefined ? request : request.set('authorization', token)
  }
  for (let i = 0; i < 3; i++) await get().expect(401)
  await get('Bearer nobody').expect(401)
  await get('Bearer few').expect(403)
  await harness
    .request('post', '/v1/locks/x/acquire')
    .set('authorization', 'Bearer few')
    .expect(403)
  const lines = await until('the rest', () => {
    const all = harness.log.map((line) => JSON.parse(line) as Line)
    return all.some(({ count }) => count === 2) && all.filter(({ refusal }) => refusal)
  })
  expect(lines).toMatchObject([
    { level: 40, refusal: 'missing', address: '127.0.0.1', msg: 'token refused' },
    { refusal: 'unknown' },
    { refusal: 'namespace', caller: 'reader' },
    { refusal: 'scope', caller: 'reader', route: '/v1/locks/:name/acquire' },
    { refusal: 'missing', count: 2, msg: 'more tokens refused' },
  ])
  const { text } = await harness.request('get', '/metrics').expect(200)
  const counted = [...text.matchAll(/refused_tokens_total\{reason="(\w+)"\} (\d)/g)]
  expect(Object.fromEntries(counted.map(([, reason, count]) => [reason, count]))).toEqual({
    missing: '3',
    unknown: '1',
    namespace: '1',
    scope: '1',
  })
})
