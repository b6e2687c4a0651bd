import { expect, it } from 'vitest'
import { scopesOf } from '../../src/config.js'
import { DOMAINS } from '../../src/domains.js'
import { Keyring } from '../../src/http/tokens.js'
import { useHarness } from '../support/harness.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

const PAST = '2026-01-01T00:00:00Z'
const FUTURE = '2999-01-01T00:00:00+01:00'
const scopes = ['locks:read', 'operations:read']

const harness = useHarness({
  configFile: tokensYaml([
    { token: 'ended', name: 'worker', scopes, expiresAt: PAST },
    { token: 'valid', name: 'worker', scopes, expiresAt: FUTURE },
    { token: 'endless', scopes },
    { token: 'gone', scopes, expiresAt: PAST },
  ]),
})

const get = (path: string, token: string) =>
  harness.request('get', path).set('authorization', `Bearer ${token}`)

it('refuses a token that has ended, and says when that was', async () => {
  const { body } = await get('/v1/locks/x', 'ended').expect(401)
  expect(body).toMatchObject({
    code: 'unauthenticated',
    detail: 'The token "worker" ended at 2026-01-01T00:00:00.000Z.',
  })
  await get('/v1/locks/x', 'valid').expect(200)
  await get('/v1/locks/x', 'endless').expect(200)
})

it('shows how long it is until the next token of a name ends', async () => {
  const text = await until('refused tokens', async () => {
    await get('/v1/locks/x', 'ended').expect(401)
    const all = (await get('/metrics', 'valid').expect(200)).text
    return all.includes('refused_tokens_total{reason="expired"}') && all
  })
  const shown = [...text.matchAll(/^lockstep_token_expiry_seconds\{token="(\w+)"\} (\S+)$/gm)]
  const seconds = Object.fromEntries(shown.map(([, name, value]) => [name, Number(value)]))
  expect(seconds.gone).toBe(0)
  expect(seconds.worker).toBeGreaterThan(1e9)
  expect(Object.keys(seconds)).toEqual(['worker', 'gone'])
})

it('takes the earliest end that is to come, else the last', () => {
  const at = (expiresAt: string, name = 'a') => ({
    ...{ name, sha256: '0'.repeat(64), namespaces: ['*'], scopes: [] },
    expiresAt,
  })
  const keyring = new Keyring(
    ['2030-01-01T00:00:00Z', '2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'].map((end) => at(end)),
    scopesOf(DOMAINS),
  )
  const nextAt = (now: string) =>
    new Date(keyring.nextEnds(Date.parse(now)).get('a') ?? 0).getUTCFullYear()
  const next = ['2026', '2027', '2029', '2031'].map((year) => nextAt(`${year}-06-01T00:00:00Z`))
  expect(next).toEqual([2027, 2028, 2030, 2030])
})

it.each([
  ['everything', /tokens\/0\/scopes\/0 must be one of locks:read/],
  ['locks:everything', /must be one of/],
  ['locks:write:', /must have a name/],
  ['locks:write:*', /must have a name/],
  ['admin:jobs/*', /must be one of/],
  ['operations:read:x', /cannot be narrowed to names/],
])('refuses the scope %s at the start', (scope, fault) => {
  expect(() => harness.reload(tokensYaml([{ token: 'a', scopes: [scope] }]))).toThrow(fault)
})

it('refuses an end that is no instant', () => {
  const token = { token: 'a', scopes, expiresAt: 'tomorrow' }
  expect(() => harness.reload(tokensYaml([token]))).toThrow(/expiresAt must be an instant/)
})
