import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { faultAt, placeOf } from '../support/request-faults.js'
import { tokensYaml } from '../support/tokens.js'

const WINDOW = { algorithm: 'fixed-window', align: 'first-hit', windowMs: 3_600_000, limit: 1_000 }
const POLICIES = {
  plain: WINDOW,
  small: { ...WINDOW, limit: 1 },
  address: { ...WINDOW, authz: { key: ['address'] } },
  chain: { ...WINDOW, authz: { key: ['address'], trustedHops: 2 } },
  socket: { ...WINDOW, authz: { key: ['address'], trustedHops: 0 } },
  network: { ...WINDOW, authz: { key: ['address'], ipv6Prefix: 48 } },
  header: { ...WINDOW, authz: { key: ['header:X-Api-Key'] } },
  uri: { ...WINDOW, authz: { key: ['path:X-Original-URI'] } },
  suffix: { ...WINDOW, authz: { key: ['path'] } },
  both: { ...WINDOW, authz: { key: ['address', 'header:X-Api-Key'] } },
  listed: {
    ...WINDOW,
    limit: 1,
    authz: { key: ['address', 'header:X-Api-Key'] },
    allow: ['2001:db8:1::5', 'key of a friend', '198.51.100.7|friend'],
    deny: ['10.0.0.0/8', '2001:db8::5', '2001:db8:2::/80'],
  },
  'by-address': { ...WINDOW, group: 'site', limit: 2, authz: { key: ['address'] } },
  'by-key': { ...WINDOW, group: 'site', limit: 1, authz: { key: ['header:X-Api-Key'] } },
  'by-path': { ...WINDOW, group: 'site', limit: 5, authz: { key: ['path'] } },
  'asked-for': { ...WINDOW, group: 'site' },
  'of-another-group': { ...WINDOW, group: 'elsewhere', authz: { key: ['address'] } },
}

let harness: Harness
let locked: Harness

beforeAll(async () => {
  const policies = `policies: ${JSON.stringify(POLICIES)}\n`
  harness = await startHarness({ configFile: policies })
  const tokens = [
    { token: 'proxy', scopes: ['ratelimits:write'], namespaces: [harness.namespace] },
    { token: 'visitor', scopes: ['admin'], namespaces: ['*'] },
    { token: 'reader', scopes: ['ratelimits:read'], namespaces: ['*'] },
  ]
  locked = await startHarness({ configFile: `${tokensYaml(tokens)}${policies}` })
})
afterAll(async () => {
  const left = await harness.redis.keys('ls:{default:r:authz-*')
  if (left.length > 0) await harness.redis.unlink(left)
  await harness.close()
  await locked.close()
})

interface Asked {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

/** Sends the call of a proxy, with the method, headers and body of its visitor. */
function ask(of: Harness, path: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  const { port } = of.app.server.address() as AddressInfo
  const url = { host: '127.0.0.1', port, path: `/v1/ratelimits/${path}`, method, headers }
  return new Promise<{ status: number; headers: Record<string, string>; text: string }>(
    (resolve, reject) => {
      const asked = httpRequest(url, (answer) => {
        let text = ''
        answer.on('data', (chunk) => (text += chunk))
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers as Record<string, string>,
            text,
          }),
        )
      })
      asked.on('error', reject)
      asked.end(body)
    },
  )
}

const TOKEN = { 'lockstep-api-token': 'proxy' }

/** How much a key has consumed of a policy, in the namespace of the token. */
async function consumed(policy: string, key: string): Promise<number> {
  const { body } = await harness
    .request('post', `/v1/ratelimits/${policy}/peek`)
    .send({ key })
    .expect(200)
  return 1_000 - body.remaining
}

/** Expects that a request with these headers counts as this key. */
async function countsAs(key: string, path: string, headers: OutgoingHttpHeaders = {}) {
  const policy = path.split('/')[0] as string
  const before = await consumed(policy, key)
  const { status } = await ask(locked, path, { headers: { ...TOKEN, ...headers } })
  expect(status).toBe(path.includes('/authz/') ? 200 : 204)
  expect(await consumed(policy, key), `${path} as ${key}`).toBe(before + 1)
}

describe('authz', () => {
  it('lets through with an empty 204 and the headers of the limit, then denies', async () => {
    const first = await ask(harness, 'small/authz?key=authz-a')
    expect(first).toMatchObject({ status: 204, text: '' })
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"small";q=1;w=3600',
      ratelimit: '"small";r=0;t=3600',
      'cache-control': 'private, no-store',
    })
    expect(first.headers).not.toHaveProperty('retry-after')

    const denied = await ask(harness, 'small/authz?key=authz-a')
    expect(denied).toMatchObject({ status: 429, text: '' })
    expect(Number(denied.headers['retry-after'])).toBeGreaterThan(3_500)
    const forNginx = await ask(harness, 'small/authz?key=authz-a&denyStatus=forbidden')
    expect(forNginx).toMatchObject({ status: 403, text: '' })
    expect(Number(forNginx.headers['retry-after'])).toBeGreaterThan(3_500)
  })

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE'])(
    'answers %s alike',
    async (method) => {
      expect((await ask(harness, 'plain/authz?key=authz-m', { method })).status).toBe(204)
      // Envoy appends a path, and takes only 200 as allowed.
      expect((await ask(harness, 'suffix/authz/x', { method })).status).toBe(200)
    },
  )

  it('is a 404 for an unknown policy and a 400 for one without authz or key', async () => {
    expect((await ask(harness, 'none/authz?key=a')).status).toBe(404)
    const { status, text } = await ask(harness, 'plain/authz')
    expect([status, placeOf(JSON.parse(text).errors[0])]).toEqual([400, 'query/key'])
    expect((await ask(harness, 'plain/authz/some/path?key=a')).status).toBe(400)
    expect((await ask(harness, 'plain/authz?key=a&denyStatus=403')).status).toBe(400)
  })

  it('shares its count with the check of the same key', async () => {
    await countsAs('authz-s', 'plain/authz?key=authz-s')
    await harness.request('post', '/v1/ratelimits/plain/check').send({ key: 'authz-s', cost: 5 })
    expect(await consumed('plain', 'authz-s')).toBe(6)
  })
})

describe('access', () => {
  it.each([
    ['none', {}, 401],
    ['an unknown one', { 'lockstep-api-token': 'unknown' }, 401],
    ['one that may only read', { 'lockstep-api-token': 'reader' }, 403],
    ['that of the visitor', { authorization: 'Bearer proxy' }, 401],
    ['its own', TOKEN, 204],
  ])('is by the token of the proxy: %s', async (_what, headers, status) => {
    expect((await ask(locked, 'plain/authz?key=t', { headers })).status).toBe(status)
  })
})

describe('what the visitor sends', () => {
  // On any other endpoint, each of these changes or refuses the request.
  const VISITOR: Readonly<Record<string, OutgoingHttpHeaders>> = {
    'an idempotency key': { 'idempotency-key': 'same' },
    'a long idempotency key': { 'idempotency-key': 'x'.repeat(500) },
    'a namespace': { 'lockstep-namespace': 'elsewhere' },
    'a malformed namespace': { 'lockstep-namespace': 'NOT ONE' },
    'a token': { authorization: 'Bearer visitor' },
    'a scheme of its own': { authorization: 'Basic eDp5' },
    'a foreign origin': { origin: 'https://example.com' },
    'a foreign host': { host: 'shop.example.com' },
    'a content type': { 'content-type': 'text/xml' },
    'a malformed content type': { 'content-type': '///' },
    'a precondition': { 'if-match': '"1"', 'if-none-match': '*' },
    'an accepted type': { accept: 'text/html' },
    addresses: { 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.1' },
    'a path': { 'x-forwarded-uri': '/admin', 'x-original-uri': '/admin' },
    'a method': { 'x-http-method-override': 'DELETE' },
  }

  it.each(Object.entries(VISITOR))('%s changes nothing', async (_what, headers) => {
    for (const method of ['GET', 'POST']) {
      const before = await consumed('plain', 'authz-v')
      const body = method === 'POST' ? '{"key":"other","cost":900' : undefined
      const sent = { ...TOKEN, ...headers }
      for (const _ of [1, 2]) {
        const { status } = await ask(locked, 'plain/authz?key=authz-v', {
          method,
          headers: sent,
          ...(body && { body }),
        })
        expect(status).toBe(204)
      }
      // Two calls count twice, also under one idempotency key.
      expect(await consumed('plain', 'authz-v')).toBe(before + 2)
    }
  })

  it('no token is needed on loopback if none is configured, even if the visitor sends one', async () => {
    for (const headers of Object.values(VISITOR)) {
      expect((await ask(harness, 'plain/authz?key=authz-v', { headers })).status).toBe(204)
    }
  })

  it('a body of any size and type is not read', async () => {
    const { status } = await ask(harness, 'plain/authz?key=authz-b', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: 'x'.repeat(3_000_000),
    })
    expect(status).toBe(204)
  })

  it('a query is ignored if the policy has authz', async () => {
    await countsAs('secret', 'header/authz?key=other', { 'x-api-key': 'secret' })
    await countsAs('/orders', 'suffix/authz/orders?key=other&denyStatus=nonsense')
  })
})

describe('a template', () => {
  const forwarded = (text: string) => ({ 'x-forwarded-for': text })

  it.each([
    ['address/authz', '198.51.100.7', '198.51.100.7'],
    ['address/authz', '10.0.0.1, 198.51.100.7', '198.51.100.7'],
    ['address/authz', '198.51.100.7:4711', '198.51.100.7'],
    ['address/authz', '::ffff:198.51.100.7', '198.51.100.7'],
    ['address/authz', '::ffff:c633:6407', '198.51.100.7'],
    ['address/authz', '0:0:0:0:0:FFFF:c633:6407', '198.51.100.7'],
    ['address/authz', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['address/authz', '[2001:DB8:1:2::9]:443', '2001:db8:1:2::'],
    ['address/authz', '2001:db8::1', '2001:db8::'],
    ['address/authz', 'unknown', 'unknown'],
    ['chain/authz', '192.0.2.99, 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['chain/authz', '198.51.100.7', '-'],
    ['network/authz', '2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ])('%s counts %s as %s', async (path, list, key) => {
    await countsAs(key, path, forwarded(list))
  })

  it('takes the connection where no proxy appends, and - where it finds nothing', async () => {
    await countsAs('127.0.0.1', 'socket/authz', forwarded('192.0.2.1'))
    await countsAs('-', 'address/authz')
    await countsAs('-', 'header/authz', { 'x-api-key': '' })
    await countsAs('-', 'uri/authz')
  })

  it('reads paths without their queries', async () => {
    await countsAs('/orders/1', 'uri/authz', { 'x-original-uri': '/orders/1?page=2' })
    await countsAs('/orders/1', 'suffix/authz/orders/1?page=2')
    const long = `/${'a'.repeat(5_000)}`
    expect((await ask(harness, `suffix/authz${long}`)).status).toBe(200)
  })

  it('keeps parts apart', async () => {
    const headers = { ...forwarded('198.51.100.7'), 'x-api-key': 'a|b%' }
    await countsAs('198.51.100.7|a%7Cb%25', 'both/authz', headers)
    await countsAs('198.51.100.7|-', 'both/authz', forwarded('198.51.100.7'))
  })

  it('replaces text that is no valid key by its digest', async () => {
    for (const value of ['x'.repeat(600), 'tab\tin between', 'd\u00e9j\u00e0 \u0085', '..']) {
      const sent = { 'x-api-key': value }
      const before = await keysOf('header')
      expect((await ask(locked, 'header/authz', { headers: { ...TOKEN, ...sent } })).status).toBe(
        204,
      )
      expect((await keysOf('header')) - before, JSON.stringify(value)).toBe(1)
    }
    const many = encodeURIComponent('x'.repeat(600))
    expect((await ask(harness, `plain/authz?key=${many}`)).status).toBe(204)
  })
})

/** Number of subjects that count under a digest. */
async function keysOf(policy: string): Promise<number> {
  const keys = await harness.redis.keys(`ls:{${harness.namespace}:r:sha256:*}:f:${policy}`)
  return keys.length
}

describe('lists', () => {
  const asks = async (address: string, apiKey = 'k') => {
    const headers = { ...TOKEN, 'x-forwarded-for': address, 'x-api-key': apiKey }
    return (await ask(locked, 'listed/authz', { headers })).status
  }

  it.each([
    ['an address in a denied network', '10.1.2.3', 429],
    ['a denied address', '2001:db8::5', 429],
    ['another address of its subnet', '2001:db8::6', 204],
    ['an address in a denied network of its subnet', '2001:db8:2::77', 429],
    ['one of its subnet, outside of that network', '2001:db8:2:0:1::77', 204],
  ])(
    'match the whole address of %s, even if the key has a part of it',
    async (_what, address, status) => {
      expect(await asks(address, 'once')).toBe(status)
    },
  )

  it('hold for one address, also where another of its key has just been denied', async () => {
    for (const status of [204, 429, 429]) expect(await asks('2001:db8:1::1')).toBe(status)
    for (const _ of [1, 2, 3]) expect(await asks('2001:db8:1::5')).toBe(204)
    expect(await asks('2001:db8:1::1')).toBe(429)
  })

  it('match a key as text', async () => {
    for (const _ of [1, 2]) expect(await asks('198.51.100.7', 'friend')).toBe(204)
  })
})

describe('a path', () => {
  it.each([
    '/login',
    '/%6cogin',
    '/l%6Fgin',
    '//login',
    '/./login',
    '/a/../login',
    '/login/',
    '/..//login/.',
    '/%2e%2e/login',
    '/%2Flogin',
    '\\login',
    '/login?a=/b',
    '/login#a',
  ])('has one count, however it is spelt: %s', async (path) => {
    await countsAs('/login', 'uri/authz', { 'x-original-uri': path })
  })

  it.each([
    ['/Login', '/Login'],
    ['/', '/'],
    ['', '-'],
    ['/caf%C3%A9', '/caf\u00e9'],
    ['/%e9', '/%E9'],
    ['/100%', '/100%'],
  ])('is not changed otherwise: %s', async (path, key) => {
    await countsAs(key, 'uri/authz', { 'x-original-uri': path })
  })
})

describe('several policies', () => {
  const asks = (query: string, headers: OutgoingHttpHeaders = {}) =>
    ask(locked, `authz?policies=${query}`, { headers: { ...TOKEN, ...headers } })

  it('are asked all or nothing, each by its own key', async () => {
    const visitor = (apiKey: string) =>
      asks('by-address,by-key', { 'x-forwarded-for': '192.0.2.81', 'x-api-key': apiKey })
    const first = await visitor('m1')
    expect(first.status).toBe(204)
    expect(first.headers.ratelimit).toMatch(/^"by-address";r=1;t=\d+, "by-key";r=0;t=\d+$/)
    // The key denies the visit, which costs the address nothing; the address bounds made-up keys.
    expect((await visitor('m1')).status).toBe(429)
    expect((await visitor('m2')).status).toBe(204)
    const { status, headers } = await visitor('m3')
    expect(status).toBe(429)
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  })

  it('take the key of the proxy for a policy without authz', async () => {
    const answer = await asks('asked-for,by-address&key=authz-q', {
      'x-forwarded-for': '192.0.2.82',
    })
    expect(answer.status).toBe(204)
    expect(await consumed('asked-for', 'authz-q')).toBe(1)
  })

  it('are checked with the path of the visitor appended', async () => {
    const headers = { ...TOKEN, 'x-forwarded-for': '192.0.2.83' }
    const asks = () => ask(locked, 'by-path,by-address/authz/some/page?policies=none', { headers })
    for (const status of [200, 200, 429]) expect((await asks()).status).toBe(status)
  })

  it.each([
    ['by-address,of-another-group', 400],
    ['by-address,plain', 400],
    ['by-address,by-address', 400],
    ['by-address,none', 404],
    ['by-address', 204],
    ['address', 204],
    ['', 400],
    [',', 400],
  ])('are of one group: %s is %i', async (query, status) => {
    expect((await asks(query, { 'x-forwarded-for': '192.0.2.84' })).status).toBe(status)
  })
})

describe('a policy with authz', () => {
  const put = (body: object) =>
    harness
      .request('put', '/v1/ratelimit-policies/found')
      .send({ limit: 1, windowMs: 1_000, ...body })

  it('says which parts of its key visitors choose', async () => {
    const { body } = await put({
      authz: { key: ['address', 'header:X-Api-Key', 'path'] },
    }).expect(201)
    expect(body.findings).toEqual([
      expect.stringContaining('header:X-Api-Key'),
      expect.stringContaining('path'),
    ])
    const got = await harness.request('get', '/v1/ratelimit-policies/found').expect(200)
    expect(got.body.findings).toEqual(body.findings)
  })

  it('has no finding about an address', async () => {
    const { body } = await put({ authz: { key: ['address'] } }).expect(200)
    expect(body).not.toHaveProperty('findings')
  })

  it('counts calls: a proxy could release no lease', async () => {
    const { body } = await harness
      .request('put', '/v1/ratelimit-policies/found')
      .send({ algorithm: 'concurrency', limit: 1, leaseMs: 1_000, authz: { key: ['address'] } })
      .expect(400)
    expect(body.errors).toEqual([faultAt('body/authz')])
  })
})
