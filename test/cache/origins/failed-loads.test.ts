import { describe, expect, it } from 'vitest'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { loadingDriver } from './driver.js'
import { type Answer, startOrigin, status, text, useOrigin, usual } from './test-origin.js'

const harness = useHarness()
const { get, put, invalidate, loadFrom } = loadingDriver(harness)

const statusOf = (answer: { headers: Record<string, string> }) => answer.headers['cache-status']

/** Begins its answer, and cuts the connection. */
const cut: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '100' })
  response.write('a part', () => response.destroy())
}
const silent: Answer = () => {}
const huge: Answer = (_request, response) =>
  void response.writeHead(200, { 'content-length': `${9 * 1024 * 1024}` }).end()
/** Does not say how much it sends. */
const endless: Answer = (_request, response) => {
  const chunk = Buffer.alloc(1024 * 1024)
  const send = () => {
    if (!response.destroyed) response.write(chunk, send)
  }
  send()
}

/** The record of a back-off is kept a little longer. */
const BUSY_MS = 50_000

const FAILURES: [string, Answer, number, object][] = [
  ['an error', status(500), 502, { code: 'origin-failed', originStatus: 500 }],
  ['a redirect', status(302), 502, { code: 'origin-failed', originStatus: 302 }],
  ['an answer without a value', status(204), 502, { code: 'origin-failed', originStatus: 204 }],
  ['a cut connection', cut, 502, { code: 'origin-failed' }],
  ['too much', huge, 502, { code: 'origin-failed' }],
  ['too much without a length', endless, 502, { code: 'origin-failed' }],
  ['no answer', silent, 503, { code: 'origin-unavailable' }],
]

describe.each(FAILURES)('%s of the origin', (name, answer, code, body) => {
  it(`is ${code} where there is no value, and the key rests`, async () => {
    const origin = await useOrigin()
    loadFrom(origin, { origin: { timeoutMs: answer === silent ? 200 : 30_000 } })
    origin.answer = answer
    const key = `failed ${name}`
    const first = await get(key).expect(code)
    expect(first.body).toMatchObject({ ...body, retryAfterMs: expect.any(Number) })
    expect(first.headers['retry-after']).toBe('1')
    // However slow the machine is, the back-off goes on.
    harness.advance(-BUSY_MS)
    origin.answer = usual
    const again = await get(key).expect(503)
    expect(again.body).toMatchObject({ code: 'origin-unavailable' })
    expect(origin.count(key)).toBe(1)
    harness.advance(BUSY_MS + 1_000)
    expect((await get(key).expect(200)).text).toBe(`value of ${key}`)
  })

  it('is not noticed within the error window', async () => {
    const origin = await useOrigin()
    loadFrom(origin, {
      ttlMs: 1_000,
      errorMs: 600_000,
      origin: { timeoutMs: answer === silent ? 200 : 30_000 },
    })
    const key = `served ${name}`
    await put(key, 'old')
    harness.advance(2_000)
    origin.answer = answer
    const stale = await get(key).expect(200)
    expect([stale.text, stale.headers['lockstep-state']]).toEqual(['old', 'stale'])
    const sent = 'originStatus' in body ? `; fwd-status=${body.originStatus}` : ''
    expect(statusOf(stale)).toBe(`lockstep; fwd=stale${sent}`)
    expect(statusOf(await get(key).expect(200))).toMatch(/^lockstep; hit; .*detail=stale$/)
  })
})

it('a hard invalidation ends the error window', async () => {
  const origin = await useOrigin()
  loadFrom(origin, { ttlMs: 1_000, errorMs: 600_000 })
  await put('ended', 'old')
  harness.advance(2_000)
  origin.answer = status(500)
  await get('ended').expect(200)
  await invalidate({ keys: ['ended'], mode: 'hard' }).expect(204)
  await get('ended').expect(502)
})

it('a failed refresh is tried again after its back-off', async () => {
  const origin = await useOrigin()
  loadFrom(origin, { ttlMs: 1_000, staleMs: 600_000 })
  await put('refreshed', 'old')
  harness.advance(2_000)
  origin.answer = status(500)
  await get('refreshed').expect(200)
  await until('the refresh', () => origin.count('refreshed') === 1)
  origin.answer = text('new')
  harness.advance(1_000)
  await until('the next one', async () => (await get('refreshed').expect(200)).text === 'new')
})

describe('an origin that is away', () => {
  const windows = { ttlMs: 1_000, errorMs: 600_000 }

  it('is 503 where there is no value, keeps no key waiting, and serves error windows', async () => {
    const origin = await useOrigin()
    const away = await startOrigin()
    await away.stop()
    loadFrom(away, windows)
    await put('window', 'old')
    harness.advance(2_000)
    const { body } = await get('away').expect(503)
    expect(body).toMatchObject({ code: 'origin-unavailable', retryAfterMs: 1_000 })
    const stale = await get('window').expect(200)
    expect([stale.text, statusOf(stale)]).toEqual(['old', 'lockstep; fwd=stale'])
    loadFrom(origin, windows)
    expect((await get('away').expect(200)).text).toBe('value of away')
    expect((await get('window').expect(200)).text).toBe('value of window')
  })

  it('is not asked any more after five failures, and served from windows meanwhile', async () => {
    const origin = await useOrigin()
    loadFrom(origin, windows)
    await put('kept', 'old')
    harness.advance(2_000)
    origin.answer = status(503)
    let asked = 0
    // On a slow machine some are probes, each of which keeps the next away for longer.
    const refused = await until('a request that is refused', async () => {
      const key = `open-${asked++}`
      const { body } = await get(key).expect(({ status: code }) =>
        expect([502, 503]).toContain(code),
      )
      return body.code === 'origin-unavailable' && key
    })
    expect(asked).toBeGreaterThan(5)
    expect(origin.count(refused)).toBe(0)
    const stale = await get('kept').expect(200)
    expect([stale.text, stale.headers['lockstep-state']]).toEqual(['old', 'stale'])
    expect(statusOf(stale)).toMatch(/^lockstep; fwd=stale/)
    await until('the metric', async () => {
      const { text: metrics } = await harness.request('get', '/metrics')
      return metrics.includes('lockstep_cache_origin_circuit_open{space="loads"} 1')
    })
    origin.answer = usual
    await until('a probe that succeeds', async () => (await get('open-last')).status === 200)
    await get('open-again').expect(200)
  })
})

it('a request waits for as long as it says, and the load goes on', async () => {
  const origin = await useOrigin()
  loadFrom(origin)
  let answer: (() => void) | undefined
  origin.answer = (request, response) => {
    answer = () => usual(request, response)
  }
  // On a slow machine that time may be over before anything is sent.
  const now = await until('the request', async () => {
    const { body } = await get('slow').query({ waitMs: 50 }).expect(503)
    expect(body).toMatchObject({
      code: 'origin-unavailable',
      detail: 'The value was not loaded in time.',
    })
    return answer
  })
  now()
  await until('the value', async () => (await get('slow').expect(200)).text === 'value of slow')
  expect(origin.count('slow')).toBe(1)
})
