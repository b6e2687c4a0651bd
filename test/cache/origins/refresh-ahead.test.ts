import { expect, it } from 'vitest'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { loadingDriver, SPACE } from './driver.js'
import { text, useOrigin } from './test-origin.js'

const harness = useHarness()
const { get, put, at, loadFrom } = loadingDriver(harness)

const MINUTE_MS = 60_000
const AHEAD = { refreshAhead: true }
const meta = (key: string) => harness.request('get', `${at(key)}/meta`).expect(200)

it('a key that is read much is loaded before it ends, without a reader', async () => {
  const origin = await useOrigin()
  loadFrom(origin, { ttlMs: 60 * MINUTE_MS, origin: AHEAD })
  let answer: (() => void) | undefined
  origin.answer = (request, response) => {
    answer = () => text('old', { etag: '"v1"' })(request, response)
  }
  const first = get('hot').then((loaded) => loaded)
  const now = await until('the load', () => answer)
  // It took ten minutes, so the next one begins twenty before the end.
  harness.advance(10 * MINUTE_MS)
  now()
  await first
  for (let i = 0; i < 10; i++) await get('hot').expect(200)
  origin.answer = text('new')
  harness.advance(30 * MINUTE_MS)
  expect(origin.count('hot')).toBe(1)
  harness.advance(15 * MINUTE_MS)
  await until('the load ahead', () => origin.count('hot') === 2)
  expect(origin.headers['if-none-match']).toBe('"v1"')
  const { headers, text: value } = await until('the new value', async () => {
    const found = await get('hot').expect(200)
    expect(found.headers['lockstep-state']).toBe('fresh')
    return found.text === 'new' && found
  })
  expect([value, headers['cache-status']]).toEqual(['new', expect.stringMatching(/^lockstep; hit/)])
})

it('a value that was put is loaded ahead as well, and a key that is not read is not', async () => {
  const origin = await useOrigin()
  loadFrom(origin, { ttlMs: 60 * MINUTE_MS, staleMs: 60 * MINUTE_MS, origin: AHEAD })
  await put('own', 'put')
  await put('cold', 'put')
  for (let i = 0; i < 10; i++) await get('own').expect(200)
  harness.advance(60 * MINUTE_MS - 1_000)
  await until('the load ahead', async () => (await meta('own')).body.loadMs > 0)
  expect(origin.paths).toEqual(['/values/own'])
})

it('loads of the service itself make no key hot', async () => {
  const origin = await useOrigin()
  loadFrom(origin)
  await get('counted').expect(200)
  const { body } = await harness.request('get', `/v1/cache-spaces/${SPACE}/hot`).expect(200)
  const counted = body.items.find(({ key }: { key: string }) => key === 'counted')
  expect(counted).toMatchObject({ reads: 1 })
})
