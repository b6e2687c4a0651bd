import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { toValidator, unlessHeaders } from '../../../src/cache/origins/loading/validator.js'
import { useHarness } from '../../support/harness.js'
import { samples } from '../../support/samples.js'
import { until } from '../../support/until.js'
import { keysOf } from '../keys.js'
import { loadingDriver, SPACE } from './driver.js'
import { type Answer, type TestOrigin, text, useOrigin } from './test-origin.js'

const harness = useHarness()
const { get, at, loadFrom } = loadingDriver(harness)

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const HOUR_MS = 3_600_000
const WINDOWS = { ttlMs: HOUR_MS, staleMs: 10 * HOUR_MS }

/** Answers 304 to a request that names the present state of the value. */
const validated =
  (value: string, headers: Record<string, string>): Answer =>
  (request: IncomingMessage, response: ServerResponse) => {
    const { etag, 'last-modified': date } = headers
    const asked = request.headers
    const isKnown =
      (etag !== undefined && asked['if-none-match'] === etag) ||
      (date !== undefined && asked['if-modified-since'] === date)
    if (isKnown) response.writeHead(304, headers).end()
    else text(value, headers)(request, response)
  }

async function metric(outcome: string): Promise<number> {
  const seen = await samples(harness, 'lockstep_cache_origin_requests_total')
  return seen[`space="${SPACE}",operation="refresh",outcome="${outcome}"`] ?? 0
}

/** A value that was loaded, and is stale. */
async function stale(origin: TestOrigin, key: string, answer: Answer, settings = {}) {
  loadFrom(origin, { ...WINDOWS, ...settings })
  origin.answer = answer
  const { headers } = await get(key).expect(200)
  harness.advance(HOUR_MS + 1_000)
  return headers.etag as string
}

const isFresh = async (key: string) =>
  (await get(key).expect(200)).headers['lockstep-state'] === 'fresh'

describe('a stale value', () => {
  it.each([
    ['an ETag', { etag: '"v1"' }, { 'if-none-match': '"v1"' }],
    ['a weak ETag', { etag: 'W/"v1"' }, { 'if-none-match': 'W/"v1"' }],
    ['a date', { 'last-modified': DATE }, { 'if-modified-since': DATE }],
    [
      'both',
      { etag: '"v1"', 'last-modified': DATE },
      { 'if-none-match': '"v1"', 'if-modified-since': DATE },
    ],
  ])('with %s of its origin is fresh again after a 304', async (name, headers, sent) => {
    const origin = await useOrigin()
    const key = `unchanged ${name}`
    const before = await metric('not-modified')
    const etag = await stale(origin, key, validated('one', headers))
    await until('the refresh', () => isFresh(key))
    const after = await get(key).expect(200)
    expect([after.text, after.headers.etag]).toEqual(['one', etag])
    expect(origin.headers).toMatchObject(sent)
    expect(origin.count(key)).toBe(2)
    await until('the metric', async () => (await metric('not-modified')) > before)
    harness.advance(HOUR_MS + 1_000)
    await until('the next refresh', () => isFresh(key))
    expect(origin.count(key)).toBe(3)
  })

  it('is replaced where its origin has another', async () => {
    const origin = await useOrigin()
    const etag = await stale(origin, 'changed', validated('one', { etag: '"v1"' }))
    origin.answer = validated('two', { etag: '"v2"' })
    await until('the new value', async () => (await get('changed')).text === 'two')
    expect(origin.headers['if-none-match']).toBe('"v1"')
    expect((await get('changed')).headers.etag).not.toBe(etag)
    harness.advance(HOUR_MS + 1_000)
    await until('the refresh', () => isFresh('changed'))
    expect(origin.headers['if-none-match']).toBe('"v2"')
  })

  it('without a name of its origin is loaded whole', async () => {
    const origin = await useOrigin()
    await stale(origin, 'nameless', text('one'))
    await until('the refresh', () => isFresh('nameless'))
    expect(Object.keys(origin.headers).filter((name) => name.startsWith('if-'))).toEqual([])
  })

  it('is fresh for as long as the 304 says', async () => {
    const origin = await useOrigin()
    const answer: Answer = (request, response) => {
      const isKnown = request.headers['if-none-match'] === '"v1"'
      response.setHeader('etag', '"v1"').setHeader('cache-control', 'max-age=60')
      if (isKnown) response.setHeader('cache-control', 'max-age=1800').writeHead(304).end()
      else response.end('one')
    }
    await stale(origin, 'as-said', answer, { origin: { ttlFrom: 'response' } })
    await until('the refresh', () => isFresh('as-said'))
    const { body } = await harness.request('get', `${at('as-said')}/meta`).expect(200)
    expect(body.expiresInMs).toBeGreaterThan(60_000)
    expect(body.expiresInMs).toBeLessThanOrEqual(1_800_000)
  })

  it('is loaded whole where the 304 may not be stored', async () => {
    const origin = await useOrigin()
    await stale(origin, 'unstorable', (request, response) => {
      response.setHeader('etag', '"v1"').setHeader('content-type', 'text/plain')
      if (request.headers['if-none-match']) {
        response.writeHead(304, { 'cache-control': 'no-store' }).end()
      } else response.end(origin.count('unstorable') === 1 ? 'one' : 'two')
    })
    await until('the new value', async () => (await get('unstorable')).text === 'two')
    expect(origin.count('unstorable')).toBe(3)
  })

  it('that is gone when the 304 comes is loaded whole under the same lease', async () => {
    const origin = await useOrigin()
    let unmodified: (() => void) | undefined
    await stale(origin, 'vanished', (request, response) => {
      response.setHeader('etag', '"v1"').setHeader('content-type', 'text/plain')
      if (request.headers['if-none-match']) {
        unmodified = () => response.writeHead(304).end()
      } else response.end('one')
    })
    await get('vanished').expect(200)
    const answer = await until('the request', () => unmodified)
    await harness.redis.del(keysOf(harness, 'vanished', SPACE).entry)
    answer()
    expect((await get('vanished').expect(200)).text).toBe('one')
    expect(origin.count('vanished')).toBe(3)
  })
})

it('a miss asks for the value whatever was there before', async () => {
  const origin = await useOrigin()
  const answer = validated('one', { etag: '"v1"' })
  await stale(origin, 'missed', answer, { staleMs: 0, errorMs: 10 * HOUR_MS })
  expect((await get('missed').expect(200)).text).toBe('one')
  expect(origin.headers['if-none-match']).toBeUndefined()
})

it('a 304 that answers no condition is a load that failed', async () => {
  const origin = await useOrigin()
  loadFrom(origin)
  origin.answer = (_request, response) => void response.writeHead(304).end()
  expect((await get('unasked').expect(502)).body.originStatus).toBe(304)
})

describe('what an origin calls a value', () => {
  it('is taken where it can be sent back', () => {
    const said = (headers: Record<string, string | string[]>) => unlessHeaders(toValidator(headers))
    expect(said({ etag: '"a"', 'last-modified': DATE })).toEqual({
      'if-none-match': '"a"',
      'if-modified-since': DATE,
    })
    expect(said({ etag: `"${'x'.repeat(126)}"` })).toHaveProperty('if-none-match')
    for (const nothing of [
      {},
      { etag: 'bare' },
      { etag: '"ü"' },
      { etag: `"${'x'.repeat(127)}"` },
      { etag: ['"a"', '"b"'] },
      { 'last-modified': 'yesterday' },
    ]) {
      expect(toValidator(nothing)).toBeUndefined()
    }
  })
})
