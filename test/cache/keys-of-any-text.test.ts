import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Partitions } from '../../src/cache/partition.js'
import { layoutOf } from '../../src/redis/layout.js'
import { useHarness } from '../support/harness.js'
import { cacheDriver } from './driver.js'

const harness = useHarness({ configFile: 'spaces: { mem: { l1: {} } }' })

const PIECES = [
  '/',
  '//',
  '{',
  '}',
  '{}',
  '%',
  '%25',
  '%2F',
  '%7B',
  ' ',
  '  ',
  '+',
  '.',
  '..',
  ':',
  ':entry:',
  ':lease:',
  '?',
  '#',
  '&',
  ';',
  '\\',
  '"',
  "'",
  '*',
  '[a]',
  '💾',
  '👩‍👩‍👧',
  'é',
  'e\u0301',
  'ß',
  '日本',
  '\u200b',
  '\u2028',
  'a',
  'A',
  '0',
  '-1',
  'touch',
  'incr',
  'get-many',
  'null',
] as const

/** Texts that routers, Redis, Lua or pub/sub treat specially. */
const oddKey = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'grapheme', maxLength: 3 })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
  .filter(isKey)

function isKey(text: string): boolean {
  const bytes = Buffer.byteLength(text)
  return (
    bytes >= 1 &&
    bytes <= 512 &&
    text !== '.' &&
    text !== '..' &&
    text.isWellFormed() &&
    !/\p{Cc}/u.test(text)
  )
}

describe('a key of any text', () => {
  it.each([
    ...PIECES.filter(isKey),
    'x'.repeat(512),
    '💾'.repeat(128),
    '%'.repeat(512),
    ' a ',
    'a/',
  ])('holds its own value: %j', async (key) => {
    for (const space of ['odd', 'mem']) {
      await put(key, `value of ${key}`, space).expect(201)
      for (let i = 0; i < 2; i++) {
        expect((await get(key, space).expect(200)).text).toBe(`value of ${key}`)
      }
      const many = await harness
        .request('post', `/v1/cache/${space}/get-many`)
        .send({ keys: [key] })
      expect(many.body.results[0]).toMatchObject({ key, value: `value of ${key}` })
      await harness.request('post', `${at(key, space)}/touch`).expect(204)
      await harness
        .request('post', `/v1/cache/${space}/invalidate`)
        .send({ keys: [key] })
        .expect(204)
      await get(key, space).expect(404)
    }
    await harness.request('post', `${at(key)}/incr`).expect(200)
    expect((await harness.request('get', `${at(key)}/counter`)).body.value).toBe('1')
    await harness.request('delete', at(key)).expect(204)
    await harness
      .request('patch', `${at(key)}/fields`)
      .send({ set: { [key.slice(0, 32)]: key } })
      .expect(200)
    const { body } = await harness.request('get', `${at(key)}/fields`).expect(200)
    expect(body.fields).toEqual({ [key.slice(0, 32)]: key })
    await harness.request('delete', at(key)).expect(204)
  })

  it('is never taken for another one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(oddKey, { minLength: 10, maxLength: 40 }), async (keys) => {
        const entries = keys.map((key, i) => ({ key, value: `${i}`, encoding: 'text' }))
        const set = await harness.request('post', '/v1/cache/many/set-many').send({ entries })
        expect(set.status).toBe(200)
        const { body } = await harness.request('post', '/v1/cache/many/get-many').send({ keys })
        expect(body.results).toMatchObject(keys.map((key, i) => ({ key, value: i })))
        const some = keys.slice(0, 3)
        for (const [i, key] of some.entries()) {
          expect((await get(key, 'many').expect(200)).text).toBe(`${i}`)
          await harness.request('delete', at(key, 'many')).expect(204)
        }
        const left = await harness.request('post', '/v1/cache/many/get-many').send({ keys })
        expect(left.body.results.map(({ status }: { status: string }) => status)).toEqual(
          keys.map((_, i) => (i < some.length ? 'cache-miss' : 'hit')),
        )
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    ['a slash that is not escaped is a path of its own', '/v1/cache/odd/a/b', 404],
    ['a control character', '/v1/cache/odd/a%0Ab', 400],
    ['NUL', '/v1/cache/odd/a%00', 400],
    ['broken UTF-8', '/v1/cache/odd/%ff', 400],
    ['a lone surrogate', '/v1/cache/odd/%ED%A0%80', 400],
    ['a broken escape', '/v1/cache/odd/%zz', 400],
    ['513 bytes', `/v1/cache/odd/${'x'.repeat(513)}`, 400],
    ['129 emoji', `/v1/cache/odd/${encodeURIComponent('💾'.repeat(129))}`, 400],
    ['a space name with a colon', '/v1/cache/a%3Ab/key', 400],
    ['a space name with a slash', '/v1/cache/a%2Fb/key', 400],
  ])('is refused where it is none: %s', async (_what, path, status) => {
    const { body } = await harness.request('get', path).expect(status)
    expect(body.code).toBe(status === 404 ? 'unknown-path' : 'invalid-request')
  })
})
const { at, put, get } = cacheDriver(harness, 'odd')

describe('two keys', () => {
  const namespace = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/)
  const space = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,8}$/)
  const place = fc.tuple(namespace, space, oddKey)

  it.each(['single', 'cluster'])('never share a key of Redis: %s', (topology) => {
    const layout = layoutOf(harness.connections.cache)
    const partitions = new Partitions(
      { ...layout, cachePartitions: topology === 'single' ? 1 : 64 },
      'keep',
    )
    fc.assert(
      fc.property(place, place, fc.stringMatching(/^[0-9a-f]{64}$/), (left, right, digest) => {
        const isSame = left.join('\0') === right.join('\0')
        const [a, b] = [left, right].map((of) => {
          const repeat = { digest, fingerprint: '', ttlMs: 1 }
          const fence = { name: 'lock', fence: 1 }
          const { clock, record, ...own } = partitions.keysOf(...of, repeat, fence)
          return { own: Object.values(own as Record<string, string>), shared: [clock, record] }
        })
        expect(new Set(a?.own).size).toBe(4)
        for (const key of a?.own ?? []) {
          expect(b?.own.includes(key)).toBe(isSame)
          expect(b?.shared).not.toContain(key)
          // The only pair of braces is the hash tag, which decides the slot.
          expect(key.match(/[{}]/g)).toEqual(['{', '}'])
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
