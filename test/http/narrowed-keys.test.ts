import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'

const NARROWABLE = ['cache:write', 'ratelimits:write']
const narrowedTo = (names: string) => NARROWABLE.map((scope) => `${scope}:${names}`)

const harness = useHarness({
  configFile: tokensYaml([
    { token: 'all', scopes: [...NARROWABLE, 'admin'] },
    { token: 'mine', scopes: [...narrowedTo('x/mine-*'), ...narrowedTo('slots/mine-*')] },
    { token: 'one', scopes: narrowedTo('x/mine-1') },
    { token: 'keys', scopes: narrowedTo('x/*') },
    { token: 'spaces', scopes: narrowedTo('x*') },
    { token: 'filler', scopes: ['cache:read', 'cache:write:x/mine-*'] },
  ]),
  environment: { LOCKSTEP_COMPAT: 'true' },
})

type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'
type Call = readonly [operation: string, method: Method, path: string, body?: object]

const as = (token: string, [, method, path, body]: Call) =>
  harness.request(method, path).set('authorization', `Bearer ${token}`).send(body)

const POLICY = '/v1/ratelimit-policies'
const LIMITS = '/v1/ratelimits'

beforeAll(async () => {
  await as('all', ['', 'put', `${POLICY}/x`, { limit: 100, windowMs: 3_600_000 }]).expect(201)
  const slots = { algorithm: 'concurrency', limit: 100, leaseMs: 3_600_000 }
  await as('all', ['', 'put', `${POLICY}/slots`, slots]).expect(201)
})

const LEASE = 'A'.repeat(22)

/** The calls about one key. */
const callsOf = (key: string): Call[] => {
  const entry = `/v1/cache/x/${key}`
  const subject = { key }
  return [
    ['put', 'put', entry, {}],
    ['get', 'get', entry],
    ['head', 'head', entry],
    ['meta', 'get', `${entry}/meta`],
    ['touch', 'post', `${entry}/touch`, { ttlMs: 1_000 }],
    ['fields', 'get', `${entry}/fields`],
    ['patch', 'patch', `${entry}/fields`, { set: { a: '1' } }],
    ['incr', 'post', `${entry}/incr`, {}],
    ['counter', 'get', `${entry}/counter`],
    ['renew', 'post', `${entry}/lease/renew`, { token: `${LEASE}.1` }],
    ['cancel', 'post', `${entry}/lease/cancel`, { token: `${LEASE}.1` }],
    ['delete', 'delete', entry],
    ...listsOf(key),
    ['check', 'post', `${LIMITS}/x/check`, subject],
    ['peek', 'post', `${LIMITS}/x/peek`, subject],
    ['refund', 'post', `${LIMITS}/x/refund`, subject],
    ['reset', 'post', `${LIMITS}/x/reset`, subject],
    ['reserve', 'post', `${LIMITS}/x/reserve`, { ...subject, cost: 1, ttlMs: 60_000 }],
    ['commit', 'post', `${LIMITS}/x/commit`, { ...subject, token: LEASE, actual: 1 }],
    ['cancel', 'post', `${LIMITS}/x/cancel`, { ...subject, token: LEASE }],
    ['block', 'post', `${LIMITS}/x/block`, { ...subject, ttlMs: 1 }],
    ['unblock', 'post', `${LIMITS}/x/unblock`, subject],
    ['override', 'put', `${POLICY}/x/overrides/${key}`, { limit: 5 }],
    ['override', 'get', `${POLICY}/x/overrides/${key}`],
    ['override', 'patch', `${POLICY}/x/overrides/${key}`, { limit: 6 }],
    ['override', 'delete', `${POLICY}/x/overrides/${key}`],
    ['overrides', 'get', `${POLICY}/x/overrides?prefix=${key}`],
    ['blocks', 'get', `${POLICY}/x/blocks?prefix=${key}`],
    ['acquire', 'post', `${LIMITS}/slots/leases/acquire`, subject],
    ['in flight', 'get', `${LIMITS}/slots/leases?key=${key}`],
    ['renew', 'post', `${LIMITS}/slots/leases/renew`, { ...subject, token: `${LEASE}.1` }],
    ['release', 'post', `${LIMITS}/slots/leases/release`, { ...subject, token: `${LEASE}.1` }],
  ]
}

/** Calls about several keys. */
function listsOf(...keys: string[]): Call[] {
  const operations = (one: object) => ({
    operations: keys.map((key) => ({ space: 'x', key, ...one })),
  })
  return [
    ['get-many', 'post', '/v1/cache/x/get-many', { keys }],
    ['get-many', 'post', '/v1/cache/x/get-many', { keys, lease: true }],
    [
      'set-many',
      'post',
      '/v1/cache/x/set-many',
      { entries: keys.map((key) => ({ key, value: 1 })) },
    ],
    ['delete-many', 'post', '/v1/cache/x/delete-many', { keys }],
    ['invalidate', 'post', '/v1/cache/x/invalidate', { keys }],
    ['pipeline get', 'post', '/v1/cache-pipeline', operations({ op: 'get' })],
    ['pipeline put', 'post', '/v1/cache-pipeline', operations({ op: 'put', value: 1 })],
    ['pipeline delete', 'post', '/v1/cache-pipeline', operations({ op: 'delete' })],
    ['pipeline incr', 'post', '/v1/cache-pipeline', operations({ op: 'incr' })],
    [
      'checks',
      'post',
      `${LIMITS}/check`,
      { limits: keys.map((key) => ({ policy: 'x', key })), mode: 'each' },
    ],
    [
      'inline checks',
      'post',
      `${LIMITS}/check`,
      { limits: keys.map((key) => ({ name: 'x', limit: 9, windowMs: 9, key })), mode: 'each' },
    ],
    [
      'gubernator',
      'post',
      '/v1/GetRateLimits',
      {
        requests: keys.map((key) => ({ name: 'x', unique_key: key, limit: 9, duration: 9 })),
      },
    ],
  ]
}

const titled = (calls: readonly Call[]) =>
  calls.map((call) => ({ title: call.slice(0, 3).join(' '), call }))

const about = (text: string) => expect.objectContaining({ code: 'forbidden', name: text })

describe('a token of some keys', () => {
  it.each(titled(callsOf('mine-1')))('has its own: $title', async ({ call }) => {
    for (const token of ['mine', 'spaces']) {
      if (call[2].includes('/slots') && token === 'spaces') continue
      const { status, body } = await as(token, call)
      expect(status, JSON.stringify(body)).not.toBe(403)
      expect(status, JSON.stringify(body)).not.toBe(400)
    }
  })

  it.each(titled(callsOf('yours')))('has no other: $title', async ({ call }) => {
    const { body } = await as('mine', call).expect(403)
    if (call[1] === 'head') return
    expect(body.name).toMatch(/^(x|slots)\/yours\*?$/)
  })

  it.each(titled(listsOf('mine-1', 'yours', 'mine-2')))(
    'needs every key of $title',
    async ({ call }) => {
      const { body } = await as('mine', call).expect(403)
      expect(body).toEqual(about('x/yours'))
    },
  )
})

it('a refused list changes none of its keys', async () => {
  const put = (key: string, value: number): Call => [
    '',
    'post',
    '/v1/cache/x/set-many',
    { entries: [{ key, value }] },
  ]
  await as('all', put('mine-kept', 1)).expect(200)
  for (const call of listsOf('mine-kept', 'yours')) await as('mine', call).expect(403)
  const { body } = await as('all', ['', 'get', '/v1/cache/x/mine-kept/meta']).expect(200)
  expect(body.state).toBe('fresh')
  await as('all', ['', 'get', '/v1/cache/x/yours/meta']).expect(404)
})

const WIDER: Call[] = [
  ['invalidate a tag', 'post', '/v1/cache/x/invalidate', { tags: ['t'] }],
  ['invalidate all', 'post', '/v1/cache/x/invalidate', { all: true }],
  ['read settings', 'get', '/v1/cache-spaces/x'],
  ['change settings', 'put', '/v1/cache-spaces/x', {}],
  ['change one', 'patch', '/v1/cache-spaces/x', { ttlMs: 1_000 }],
  ['remove settings', 'delete', '/v1/cache-spaces/x'],
  ['read a policy', 'get', `${POLICY}/x`],
  ['change a policy', 'put', `${POLICY}/x`, { limit: 1, windowMs: 1_000 }],
  ['change its limit', 'patch', `${POLICY}/x`, { limit: 1 }],
  ['delete a policy', 'delete', `${POLICY}/x`],
]

it.each(titled(WIDER))('a token of keys cannot $title', async ({ call }) => {
  for (const token of ['mine', 'one', 'keys']) {
    expect((await as(token, call).expect(403)).body).toEqual(about('x'))
  }
})

it('the subject that a proxy finds needs its whole policy', async () => {
  const path = `${LIMITS}/x/authz?key=mine-1`
  const ask = (token: string) => harness.request('get', path).set('lockstep-api-token', token)
  await ask('mine').expect(403)
  // The namespace of a proxy is that of its token, which has no such policy.
  await ask('spaces').expect(404)
})

describe('a list of subjects', () => {
  const list = (token: string, kind: string, query = '') =>
    as(token, ['', 'get', `${POLICY}/x/${kind}${query}`])

  beforeAll(async () => {
    for (const key of ['mine-1', 'mine-12', 'yours']) {
      await as('all', ['', 'put', `${POLICY}/x/overrides/${key}`, { limit: 5 }]).expect(201)
      await as('all', ['', 'post', `${LIMITS}/x/block`, { key, ttlMs: 3_600_000 }]).expect(200)
    }
  })

  it.each(['overrides', 'blocks'])('of %s shows a prefix that the token has', async (kind) => {
    const { body } = await list('mine', kind, '?prefix=mine-').expect(200)
    expect(body.items.map(({ key }: { key: string }) => key)).toEqual(['mine-1', 'mine-12'])
    expect((await list('keys', kind).expect(200)).body.items).toHaveLength(3)
    expect((await list('mine', kind).expect(403)).body).toEqual(about('x/*'))
    expect((await list('mine', kind, '?prefix=mine').expect(403)).body).toEqual(about('x/mine*'))
    expect((await list('one', kind, '?prefix=mine-1').expect(403)).body).toEqual(about('x/mine-1*'))
    const { nextCursor } = (await list('all', kind, '?limit=2').expect(200)).body
    await list('mine', kind, `?prefix=mine-&cursor=${nextCursor}`).expect(200, /"items":\[\]/)
  })

  it('of spaces and policies shows none of which it has keys only', async () => {
    for (const token of ['mine', 'one', 'keys']) {
      await as(token, ['', 'get', POLICY]).expect(200, { items: [] })
      await as(token, ['', 'get', '/v1/cache-spaces']).expect(200, { items: [] })
    }
  })
})

it('a key cannot pass as another', async () => {
  for (const key of ['mine', 'mine-1%2Fa', 'Mine-1', 'yours%2Fmine-1', '%20mine-1']) {
    await as('one', ['', 'get', `/v1/cache/x/${key}`]).expect(403)
  }
  await as('mine', ['', 'get', '/v1/cache/x%2Fmine-1/a']).expect(400)
  await as('mine', ['', 'get', '/v1/cache/x/mine-1%2F..%2Fyours']).expect(404)
  const twice = { key: 'yours' }
  await as('mine', ['', 'post', `${LIMITS}/x/check?key=mine-1`, twice]).expect(400)
  await as('mine', ['', 'post', `${LIMITS}/x/check?key=yours`]).expect(403)
})

describe('the lease to load a value', () => {
  const ask = (token: string, key: string) =>
    as(token, ['', 'get', `/v1/cache/x/${key}?lease=true`])

  it('needs cache:write for its key', async () => {
    await ask('filler', 'mine-loaded').expect(404)
    expect((await ask('filler', 'yours').expect(403)).body).toEqual(about('x/yours'))
    const many: Call = ['', 'post', '/v1/cache/x/get-many', { keys: ['yours'], lease: true }]
    expect((await as('filler', many).expect(403)).body).toEqual(about('x/yours'))
  })

  it('is not ended by a refused fill without its key', async () => {
    const leaseToken = (await ask('all', 'led').expect(404)).headers['lockstep-lease'] as string
    const fill = { key: 'led', leaseToken }
    const pipeline = { operations: [{ op: 'put', space: 'x', ...fill }] }
    await as('mine', ['', 'post', '/v1/cache-pipeline', pipeline]).expect(400)
    await as('mine', ['', 'post', '/v1/cache/x/set-many', { entries: [fill] }]).expect(400)
    await as('mine', ['', 'put', '/v1/cache/x/led?ttlMs=no'])
      .set('lockstep-lease', leaseToken)
      .expect(400)
    expect((await ask('all', 'led').expect(404)).headers['lockstep-lease-status']).toBe('held')
  })
})
