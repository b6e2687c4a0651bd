import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Harness, type HarnessOptions, startHarness, useHarness } from '../support/harness.js'
import { tempFolder } from '../support/temp-folder.js'

const harness = useHarness()
const more: Harness[] = []

afterEach(async () => {
  for (const one of more.splice(0)) await one.close()
})

async function start(options: HarnessOptions): Promise<Harness> {
  const one = await startHarness(options)
  more.push(one)
  return one
}

const ask = async (headers: Record<string, string>, of = harness, at = '/v1/locks/a') => {
  const { status, body } = await of.request('get', at).set(headers)
  return status === 200 ? 'ok' : body.code
}

describe('Origin', () => {
  it.each([
    ['another site', 'https://evil.example'],
    ['another site of the same port', 'http://evil.example:7700'],
    ['another program of this machine', 'http://localhost:3000'],
    ['another program on the port of http', 'http://localhost'],
    ['a page without an origin', 'null'],
    ['no URL', '127.0.0.1:7700'],
  ])('refuses the page of %s', async (_what, origin) => {
    expect(await ask({ origin, host: '127.0.0.1:7700' })).toBe('origin-refused')
  })

  it.each([
    ['http://127.0.0.1:7700', '127.0.0.1:7700'],
    ['http://localhost:7700', '127.0.0.1:7700'],
    ['http://[::1]:7700', '[::1]:7700'],
    ['http://localhost', 'localhost'],
  ])('lets the own page in: %s', async (origin, host) => {
    expect(await ask({ origin, host })).toBe('ok')
  })

  it('accepts configured origins; one with a port only with that port', async () => {
    const allowed = await start({
      environment: { LOCKSTEP_ALLOWED_HOSTS: 'shop.example, localhost:3000' },
    })
    const host = '127.0.0.1:7700'
    for (const origin of [
      'https://shop.example',
      'https://SHOP.example:8443',
      'http://localhost:3000',
    ]) {
      expect(await ask({ origin, host }, allowed), origin).toBe('ok')
    }
    expect(await ask({ origin: 'http://localhost:3001', host }, allowed)).toBe('origin-refused')
  })
})

describe('Sec-Fetch-Site', () => {
  it.each(['cross-site', 'same-site', 'anything'])('refuses a request of %s', async (site) => {
    const headers = { 'sec-fetch-site': site }
    expect(await ask(headers)).toBe('origin-refused')
    expect(await ask(headers, harness, '/v1/cache/s/k?lease=true')).toBe('origin-refused')
  })

  it.each(['same-origin', 'none'])('accepts a request of %s', async (site) => {
    expect(await ask({ 'sec-fetch-site': site })).toBe('ok')
  })

  it('does not matter if Origin is allowed', async () => {
    const origin = 'http://localhost:7700'
    const host = '127.0.0.1:7700'
    expect(await ask({ origin, host, 'sec-fetch-site': 'same-site' })).toBe('ok')
  })

  it('does not refuse links from other sites to our pages', async () => {
    const { status } = await harness.request('get', '/docs').set('sec-fetch-site', 'cross-site')
    expect(status).toBeLessThan(400)
  })
})

describe('Host', () => {
  const foreign = { host: 'evil.example:7700' }

  it.each<[string, string, Record<string, string>]>([
    ['host-refused', 'as it is', {}],
    ['ok', 'where anonymity is allowed', { LOCKSTEP_ALLOW_ANONYMOUS: 'true' }],
    [
      'host-refused',
      'where anonymity is allowed and the rule is on',
      { LOCKSTEP_ALLOW_ANONYMOUS: 'true', LOCKSTEP_HOST_CHECK: 'on' },
    ],
    ['ok', 'where the rule is off', { LOCKSTEP_HOST_CHECK: 'off' }],
    [
      'ok',
      'where it is allowed',
      { LOCKSTEP_HOST_CHECK: 'on', LOCKSTEP_ALLOWED_HOSTS: 'evil.example' },
    ],
    [
      'host-refused',
      'where it is allowed with another port',
      { LOCKSTEP_HOST_CHECK: 'on', LOCKSTEP_ALLOWED_HOSTS: 'evil.example:80' },
    ],
  ])('of a foreign name is %s %s', async (expected, _what, environment) => {
    expect(await ask(foreign, await start({ environment }))).toBe(expected)
  })
})

describe('a tokens file', () => {
  it.each([
    ['empty', ''],
    ['without a token', 'tokens: []'],
    ['a comment', '# none yet'],
  ])('locks the service although it is %s', async (_what, text) => {
    const file = path.join(tempFolder(), 'tokens.yaml')
    writeFileSync(file, text)
    const locked = await start({ environment: { LOCKSTEP_TOKENS_FILE: file } })
    expect(await ask({}, locked)).toBe('unauthenticated')
  })

  it('is not needed: an empty list in the configuration refuses every caller as well', async () => {
    expect(await ask({}, await start({ configFile: 'tokens: []' }))).toBe('unauthenticated')
  })
})

describe('an invalid namespace header', () => {
  it.each(['/livez', '/readyz', '/openapi.yaml'])('does not fail %s', async (page) => {
    await harness.request('get', page).set('lockstep-namespace', 'NOT ONE').expect(200)
  })
})

describe('characters that change the direction of text', () => {
  it.each(['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'])(
    'are in no name and no owner: %j',
    async (character) => {
      const name = encodeURIComponent(`a${character}b`)
      await harness.request('get', `/v1/locks/${name}`).expect(400)
      const owner = `a${character}b`
      await harness.request('post', '/v1/locks/bidi/acquire').send({ owner }).expect(400)
    },
  )

  it('are not the letters of a right-to-left language', async () => {
    await harness.request('get', `/v1/locks/${encodeURIComponent('قفل-מנעול')}`).expect(200)
  })
})
