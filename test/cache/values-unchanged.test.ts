import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'

const harness = useHarness({ configFile: 'spaces: { mem: { l1: { maxBytes: 33554432 } } }' })

const MIB = 1024 * 1024
const TYPE = 'application/x-thing'
const at = (space: string, key: string) => `/v1/cache/${space}/${key}`

const put = (space: string, key: string, value: Buffer) =>
  harness.request('put', at(space, key)).type(TYPE).send(value)

const asBytes = (request: supertest.Test) =>
  request.buffer(true).parse((response, done) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => done(null, Buffer.concat(chunks)))
  })

async function getMany(space: string, key: string): Promise<Buffer> {
  const { body } = await harness
    .request('post', `/v1/cache/${space}/get-many`)
    .send({ keys: [key], encoding: 'base64' })
    .expect(200)
  expect(body.results[0]).toMatchObject({ status: 'hit', encoding: 'base64', contentType: TYPE })
  return Buffer.from(body.results[0].value, 'base64')
}

/** Expects the same bytes from Redis, twice from L1, in a batch, and by get-or-set. */
async function comesBack(value: Buffer) {
  for (const space of ['plain', 'mem']) {
    const { status } = await put(space, 'value', value)
    expect([201, 204]).toContain(status)
    for (let i = 0; i < (space === 'mem' ? 2 : 1); i++) {
      const { body, headers } = await asBytes(harness.request('get', at(space, 'value'))).expect(
        200,
      )
      expect(Buffer.compare(body, value)).toBe(0)
      expect(headers['content-type']).toBe(TYPE)
      expect(headers['content-length']).toBe(String(value.length))
    }
    expect(Buffer.compare(await getMany(space, 'value'), value)).toBe(0)
    const head = await harness.request('head', at(space, 'value')).expect(200)
    expect(head.headers['content-length']).toBe(String(value.length))
  }
  const { body } = await asBytes(
    put('plain', 'value', Buffer.from('other'))
      .set('if-none-match', '*')
      .set('prefer', 'return=representation'),
  ).expect(200)
  expect(Buffer.compare(body, value)).toBe(0)
}

describe('bytes are returned unchanged', () => {
  // Sizes around the limits for batch arguments, batch replies and values of a batch answer.
  it.each([
    0,
    1,
    63 * 1024,
    64 * 1024 - 1,
    64 * 1024,
    64 * 1024 + 1,
    256 * 1024 - 1,
    256 * 1024,
    256 * 1024 + 1,
    MIB - 1,
    MIB,
  ])('of size %i', (size) => comesBack(randomBytes(size)))

  it.each([
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
    ['zeros', Buffer.alloc(1_000)],
    ['line ends', Buffer.from('\r\n\n\r$-1\r\n*2\r\n')],
    ['patterns of Lua', Buffer.from('%1%%[a-z]*(.-)$ \\0')],
    ['broken UTF-8', Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xff, 0xfe])],
    ['an empty JSON text', Buffer.from('""')],
    ['the header of an entry', Buffer.concat([Buffer.from([1, 0, 0]), Buffer.alloc(80, 0x40)])],
  ])('of %s', (_what, value) => comesBack(value))

  it('of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.integer({ min: 0, max: 300 }),
          fc.integer({ min: 0, max: 70_000 }),
          fc.integer({ min: 0, max: MIB }),
        ),
        (size) => comesBack(randomBytes(size)),
      ),
      { numRuns: 15 },
    )
  })

  it('of many large values at once, each its own', async () => {
    const values = Array.from({ length: 24 }, (_, i) => randomBytes(20_000 * (i + 1)))
    await Promise.all(values.map((value, i) => put('plain', `at-once-${i}`, value).expect(201)))
    const read = await Promise.all(
      values.map((_, i) => asBytes(harness.request('get', at('plain', `at-once-${i}`)))),
    )
    for (const [i, { body }] of read.entries()) {
      expect(Buffer.compare(body, values[i] as Buffer)).toBe(0)
    }
  })
})

it('a byte more than the space allows is 413, and keeps the value before', async () => {
  const value = randomBytes(100)
  await put('plain', 'bound', value).expect(201)
  const { body } = await put('plain', 'bound', randomBytes(MIB + 1)).expect(413)
  expect(body).toMatchObject({ code: 'too-large', maxValueBytes: MIB })
  const kept = await asBytes(harness.request('get', at('plain', 'bound'))).expect(200)
  expect(Buffer.compare(kept.body, value)).toBe(0)
})

it('a space may allow up to 8 MiB', async () => {
  await harness
    .request('put', '/v1/cache-spaces/large')
    .send({ maxValueBytes: 8 * MIB })
    .expect(201)
  const value = randomBytes(8 * MIB)
  await put('large', 'most', value).expect(201)
  const { body } = await asBytes(harness.request('get', at('large', 'most'))).expect(200)
  expect(Buffer.compare(body, value)).toBe(0)
  await put('large', 'most', randomBytes(8 * MIB + 1)).expect(413)
})
