import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { addressFault, toAddress } from '../../../src/cache/origins/address.js'
import { printConfig } from '../../../src/config/print.js'
import { loadConfig } from '../../../src/config.js'
import { useHarness } from '../../support/harness.js'
import { tempFolder } from '../../support/temp-folder.js'
import { loadingDriver, originFile, SPACE } from './driver.js'
import { useOrigin } from './test-origin.js'

const harness = useHarness()
const { get, loadFrom } = loadingDriver(harness)

const HEADERS = { url: 'http://a/{key}' }

function load(text: string) {
  const file = path.join(tempFolder(), 'lockstep.yaml')
  writeFileSync(file, text)
  return loadConfig({ LOCKSTEP_CONFIG_FILE: file })
}

const withOrigin = (origin: object, settings: object = {}) =>
  load(JSON.stringify({ spaces: { users: { ...settings, origin } } }))

describe('an origin of the configuration file', () => {
  it.each<[object, RegExp]>([
    [{}, /users\/origin\/url is required/],
    [{ url: 'ftp://a/{key}' }, /origin\/url must be an http or https URL/],
    [{ url: 'http://user:secret@a/{key}' }, /without a user/],
    [{ url: 'http://a/{key}#part' }, /or a fragment/],
    [{ url: 'http://a/x' }, /origin\/url must hold \{key\}/],
    [{ url: 'http://a/x-{key}' }, /as a whole path segment/],
    [{ url: 'http://a/{other}/{key}' }, /as a whole path segment/],
    [{ url: 'http://{key}/x' }, /origin\/url must be an http/],
    [{ url: 'http://a/{key}', namespaces: ['a', 'b'] }, /must hold \{namespace\}/],
    [{ url: 'http://a/{key}', namespaces: ['A b'] }, /namespaces\/0 has the wrong form/],
    [{ url: 'http://a/{key}', write: 'around' }, /origin\/write must be one of/],
    [{ ...HEADERS, behind: {} }, /origin\/behind belongs to write: behind/],
    [{ ...HEADERS, write: 'behind', behind: { maxPending: 0 } }, /maxPending must be at least 1/],
    [{ ...HEADERS, write: 'behind', behind: { every: 1 } }, /behind\/every is unknown|every/],
    [{ url: 'http://a/{key}', read: 'none' }, /origin\/read is none, and so is write/],
    [{ url: 'http://a/{key}', applyWithinMs: 3_500_001 }, /applyWithinMs must be at most/],
    [{ url: 'http://a/{key}', timeoutMs: 1 }, /timeoutMs must be at least 50/],
    [
      { ...HEADERS, headers: { 'a b': 'secret' } },
      /headers has a name that is no name of a header/,
    ],
    [{ ...HEADERS, headers: { 'If-Match': 'secret' } }, /may not set If-Match/],
    [{ ...HEADERS, headers: { a: 'secret\n' } }, /has a value that no header can hold: a/],
    [{ ...HEADERS, warm: {} }, /origin\/warm must have exactly one of keys, keysUrl/],
    [{ ...HEADERS, warm: { keys: [] } }, /warm\/keys must not have fewer than 1 items/],
    [{ ...HEADERS, warm: { keys: ['a', 'b/../c'] } }, /warm\/keys\/1 may not have \. or \.\./],
    [{ ...HEADERS, warm: { keysUrl: 'keys' } }, /keysUrl must be an http or https URL/],
    [{ ...HEADERS, warm: { keysUrl: 'http://b/keys' } }, /must begin with the scheme, host and/],
    [{ ...HEADERS, warm: { keysUrl: 'https://a/keys' } }, /must begin with the scheme, host and/],
    [{ ...HEADERS, warm: { keysUrl: 'http://a/{key}' } }, /keysUrl may hold \{namespace\}/],
    [{ ...HEADERS, warm: { keysUrl: 'http://a/{namespace}-x' } }, /may hold \{namespace\}, as a/],
    [{ ...HEADERS, warm: { keys: ['a'], everyMs: 1 } }, /everyMs must be at least 10000/],
    [
      { ...HEADERS, read: 'none', write: 'through', warm: { keys: ['a'] } },
      /origin\/warm has no use, because read is none/,
    ],
    [{ ...HEADERS, headers: {}, headersFile: 'x' }, /contradicts headers/],
    [{ ...HEADERS, headersFile: '/none' }, /names a file that cannot be read \(ENOENT\)/],
  ])('%j is refused', (origin, fault) => {
    expect(() => withOrigin(origin)).toThrow(fault)
    expect(() => withOrigin(origin)).not.toThrow(/secret\\?n?$/)
  })

  it.each(['leaseMs', 'maxLeaseMs'])('takes no %s', (field) => {
    const settings = { [field]: 10_000 }
    expect(() => withOrigin({ url: 'http://a/{key}' }, settings)).toThrow(/set by origin.timeoutMs/)
  })

  it('is printed without its secrets', () => {
    const config = withOrigin({ ...HEADERS, headers: { authorization: 'Bearer secret' } })
    const text = printConfig(config, (secret) => secret)
    expect(text).toContain('authorization')
    expect(text).not.toContain('secret')
  })

  it('is none of the settings of the API', async () => {
    const { body } = await harness
      .request('put', '/v1/cache-spaces/mine')
      .send({ origin: { url: 'http://a/{key}' } })
      .expect(400)
    expect(body.errors[0].detail).toContain('not a known field')
    loadFrom(await useOrigin(), { origin: { headers: { authorization: 'secret' } } })
    const { body: space } = await harness.request('get', `/v1/cache-spaces/${SPACE}`).expect(200)
    expect(space).toMatchObject({ source: 'file', leaseMs: 31_000, maxLeaseMs: 31_000 })
    expect(space).not.toHaveProperty('origin')
  })
})

describe('a reload', () => {
  it('changes the origin, and ends it', async () => {
    const [one, two] = [await useOrigin(), await useOrigin()]
    loadFrom(one)
    await get('first').expect(200)
    loadFrom(two)
    await get('second').expect(200)
    expect([one.paths, two.paths]).toEqual([['/values/first'], ['/values/second']])
    harness.reload('')
    await get('third').expect(404)
  })

  it('reads a file of headers again', async () => {
    const origin = await useOrigin()
    const headersFile = path.join(tempFolder(), 'headers')
    const authorize = (text: string) => {
      writeFileSync(headersFile, text)
      harness.reload(originFile(origin, harness.namespace, { origin: { headersFile } }))
    }
    authorize('# for tests\r\n\r\nAuthorization: Bearer one:two\r\n')
    await get('file-1').expect(200)
    expect(origin.headers.authorization).toBe('Bearer one:two')
    authorize('authorization: Bearer three')
    await get('file-2').expect(200)
    expect(origin.headers.authorization).toBe('Bearer three')
  })
})

describe('an address', () => {
  it('holds a namespace and a key in its path or its query', () => {
    const url = 'https://a.example:8443/{namespace}/items?key={key}&x=1'
    expect(addressFault(url, ['a', 'b'])).toBeUndefined()
    const { origin, pathOf } = toAddress(url)
    expect(origin).toBe('https://a.example:8443')
    expect(pathOf('shop', 'a&b/{namespace}$&')).toBe(
      '/shop/items?key=a%26b%2F%7Bnamespace%7D%24%26&x=1',
    )
  })
})
