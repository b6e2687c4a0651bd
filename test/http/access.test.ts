import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scopesOf } from '../../src/config.js'
import { DOMAINS } from '../../src/domains.js'
import { installAuth } from '../../src/http/auth.js'
import { grantsOf, type Scope } from '../../src/http/scopes.js'
import { Keyring } from '../../src/http/tokens.js'
import { openEvents } from '../support/event-client.js'
import { type Harness, startHarness, useHarness } from '../support/harness.js'
import { type TestToken, tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

const SCOPES = scopesOf(DOMAINS)

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head'

interface Operation {
  readonly where: string
  readonly method: Method
  readonly path: string
  readonly scope: string
  readonly streams: boolean
}

let operations: Operation[]

/** All scopes, except `scope` and the write scope that includes it. */
const allBut = (scope: string) =>
  SCOPES.filter((other) => other !== scope && other !== scope.replace(/:.*/, ':write'))

const but = (scope: string) => `but-${scope.replace(':', '-')}`

const TOKENS: TestToken[] = [
  { token: 'everything', scopes: SCOPES },
  { token: 'elsewhere', scopes: SCOPES, namespaces: ['elsewhere'] },
  ...SCOPES.map((scope) => ({ token: but(scope), scopes: allBut(scope) })),
]

const harness = useHarness({
  configFile: tokensYaml(TOKENS),
})

beforeAll(async () => {
  await until('ready', async () => (await harness.request('get', '/readyz')).status === 200)
  const { body } = await harness.request('get', '/openapi.json').expect(200)
  operations = Object.entries(body.paths as Record<string, Record<string, object>>).flatMap(
    ([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        where: `${method} ${path}`,
        method: method as Method,
        path: path.replace(/\{\w+\}/g, 'x'),
        scope: (operation as { 'x-lockstep-scope': string })['x-lockstep-scope'],
        streams: JSON.stringify(operation).includes('text/event-stream'),
      })),
  )
})

/** Proxies pass on the headers of their visitors, so the token has a header of its own. */
const isForProxies = ({ path }: Operation) => path.endsWith('/authz')

async function ask(operation: Operation, token?: string) {
  const { method, path, streams } = operation
  if (streams) return askStream({ method, path }, token)
  const request = harness.request(method, path)
  if (token !== undefined && isForProxies(operation)) request.set('lockstep-api-token', token)
  else if (token !== undefined) request.set('authorization', `Bearer ${token}`)
  const { status, body, headers } = await request
  return { status, code: (body as { code?: string } | null)?.code, headers }
}

/** Asks for a stream, which does not end by itself. */
async function askStream({ method, path }: Pick<Operation, 'method' | 'path'>, token?: string) {
  const client = await openEvents(harness, path, {
    method: method.toUpperCase(),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
  const { status, headers } = client
  if (status !== 200) await client.ended()
  client.close()
  return { status, code: status === 200 ? undefined : String(client.body().code), headers }
}

describe('every operation', () => {
  it('declares its scope, and its security matches', async () => {
    const { body } = await harness.request('get', '/openapi.json')
    expect(operations.length).toBeGreaterThan(6)
    for (const { where, scope } of operations) expect(['none', ...SCOPES], where).toContain(scope)
    for (const item of Object.values(body.paths as Record<string, Record<string, object>>)) {
      for (const operation of Object.values(item)) {
        const { security, 'x-lockstep-scope': scope } = operation as Record<string, unknown>
        expect(security).toEqual(scope === 'none' ? [] : [{}, { bearer: [] }])
      }
    }
  })

  it('refuses every request without a known token with one answer', async () => {
    for (const operation of operations) {
      const { status, code, headers } = await ask(operation)
      const expected = operation.scope === 'none' ? [200, undefined] : [401, 'unauthenticated']
      expect([status, code], operation.where).toEqual(expected)
      if (status === 401) expect(headers['www-authenticate']).toBe('Bearer realm="lockstep"')
    }
  })

  it('refuses a token that has every other scope', async () => {
    for (const operation of operations.filter(({ scope }) => scope !== 'none')) {
      const { status, code } = await ask(operation, but(operation.scope))
      expect([status, code], operation.where).toEqual([403, 'forbidden'])
    }
  })

  it('refuses a token of another namespace', async () => {
    const closed = operations.filter(({ scope }) => scope !== 'none')
    for (const operation of closed.filter((operation) => !isForProxies(operation))) {
      const { status, code } = await ask(operation, 'elsewhere')
      expect([status, code], operation.where).toEqual([403, 'forbidden'])
    }
  })

  it('accepts a token with the scope and the namespace', async () => {
    for (const operation of operations) {
      const { status, code } = await ask(operation, 'everything')
      expect([401, 403], `${operation.where}: ${code}`).not.toContain(status)
    }
  })
})

describe('a token', () => {
  const lock = { method: 'get', path: '/v1/locks/x', where: '', scope: '' } as const

  it.each([
    ['an unknown one', 'Bearer nobody'],
    ['another scheme', 'Basic ZXZlcnl0aGluZzo='],
    ['an empty one', 'Bearer '],
    ['two words', 'Bearer everything else'],
    ['a digest', 'Bearer 0000000000000000000000000000000000000000000000000000000000000000'],
  ])('is refused in one and the same way: %s', async (_what, authorization) => {
    const none = await harness.request('get', lock.path).expect(401)
    const { body } = await harness
      .request('get', lock.path)
      .set('authorization', authorization)
      .expect(401)
    expect({ ...body, requestId: '' }).toEqual({ ...none.body, requestId: '' })
  })

  it('may have its scheme in upper or lower case', async () => {
    await harness.request('get', lock.path).set('authorization', 'bearer everything').expect(200)
  })

  it('is never logged', () => {
    expect(harness.log.join('')).not.toMatch(/bearer/i)
  })

  it('is required for /metrics', async () => {
    await harness.request('get', '/metrics').expect(401)
    await harness.request('get', '/metrics').set('authorization', 'Bearer everything').expect(200)
  })

  it('is not required for /metrics without tokens, or if metricsAuth is off', async () => {
    const withoutTokens = await startHarness({})
    await withoutTokens.request('get', '/metrics').expect(200)
    await withoutTokens.close()
    const open = await startHarness({
      configFile: tokensYaml(TOKENS),
      environment: { LOCKSTEP_METRICS_AUTH: 'false' },
    })
    await open.request('get', '/metrics').expect(200)
    await open.close()
  })
})

describe('the namespace', () => {
  let own: Harness
  beforeAll(async () => {
    own = await startHarness({
      configFile: tokensYaml([
        { token: 'one', scopes: ['locks:write'], namespaces: ['shop'] },
        { token: 'two', scopes: ['locks:write'], namespaces: ['shop', 'blog'] },
        { token: 'home', scopes: ['locks:write'], namespaces: ['blog', 'default'] },
      ]),
    })
  })
  afterAll(async () => {
    const left = await own.redis.keys('ls:{shop:l*')
    if (left.length > 0) await own.redis.unlink(left)
    await own.close()
  })

  const acquire = (token: string, namespace?: string) => {
    const request = own.request('post', '/v1/locks/ns/acquire').unset('lockstep-namespace')
    request.set('authorization', `Bearer ${token}`)
    if (namespace) request.set('lockstep-namespace', namespace)
    return request
  }

  it('is the one of the token if it has only one', async () => {
    await acquire('one').expect(200)
    await acquire('one', 'shop').expect(423)
    await acquire('one', 'blog').expect(403)
  })

  it('must be sent if the token has several', async () => {
    const { body } = await acquire('two').expect(403)
    expect(body.detail).toContain('Lockstep-Namespace')
    await acquire('two', 'shop').expect(423)
  })

  it('is default if the token has it', async () => {
    await own
      .request('get', '/v1/locks/ns')
      .unset('lockstep-namespace')
      .set('authorization', 'Bearer home')
      .expect(200)
  })
})

describe('a reload', () => {
  it('rotates a token: both are valid, then only the new one', async () => {
    const old = { token: 'old', name: 'worker', scopes: ['locks:read'] }
    const fresh = { token: 'fresh', name: 'worker', scopes: ['locks:read'] }
    const own = await startHarness({ configFile: tokensYaml([old]) })
    const status = async (token: string) =>
      (await own.request('get', '/v1/locks/x').set('authorization', `Bearer ${token}`)).status
    expect([await status('old'), await status('fresh')]).toEqual([200, 401])
    own.reload(tokensYaml([old, fresh]))
    expect([await status('old'), await status('fresh')]).toEqual([200, 200])
    own.reload(tokensYaml([fresh]))
    expect([await status('old'), await status('fresh')]).toEqual([401, 200])
    await own.close()
  })

  it('that removes every token refuses every caller', async () => {
    const own = await startHarness({
      configFile: tokensYaml([{ token: 'a', scopes: ['locks:read'] }]),
    })
    own.reload('tokens: []')
    await own.request('get', '/v1/locks/x').expect(401)
    await own.close()
  })

  it('of an invalid file changes nothing', async () => {
    const own = await startHarness({
      configFile: tokensYaml([{ token: 'a', scopes: ['locks:read'] }]),
    })
    expect(() => own.reload('tokens: [{ name: a }]')).toThrow(/sha256 is required/)
    await own.request('get', '/v1/locks/x').set('authorization', 'Bearer a').expect(200)
    await own.close()
  })
})

it('a route that declares no scope, or no names, stops the start', () => {
  const bare = Fastify()
  installAuth(bare, new Keyring([], SCOPES))
  expect(() => bare.get('/forgotten', async () => 'open')).toThrow(/\/forgotten declares no scope/)
  const config = { scope: 'locks:read' } as const
  expect(() => bare.get('/all', { config }, async () => 'all')).toThrow(/\/all declares no names/)
})

it('a write scope includes every scope of its domain, and none of another', () => {
  const all = ['locks:read', 'locks:write', 'locks:other', 'cache:read', 'admin'] as Scope[]
  const scopesOf = (...texts: string[]) => [...grantsOf(texts, all).keys()].sort()
  expect(scopesOf('locks:write', 'cache:read')).toEqual([
    'cache:read',
    'locks:other',
    'locks:read',
    'locks:write',
  ])
  expect(scopesOf('locks:read')).toEqual(['locks:read'])
})
