import { expect, it } from 'vitest'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { loadingDriver } from './driver.js'
import { text, useOrigin } from './test-origin.js'

const harness = useHarness()
const { get, loadFrom } = loadingDriver(harness)

const MINUTE_MS = 60_000

it('a fresh value is loaded again before it ends, as early as its load took long', async () => {
  const origin = await useOrigin()
  loadFrom(origin, { ttlMs: 600 * MINUTE_MS, earlyRefreshBeta: 100 })
  let answer: (() => void) | undefined
  origin.answer = (request, response) => {
    answer = () => text('old')(request, response)
  }
  const first = get('popular').then((loaded) => loaded)
  const now = await until('the load', () => answer)
  harness.advance(10 * MINUTE_MS)
  now()
  expect((await first).text).toBe('old')
  origin.answer = text('new')
  // Nine reads of ten refresh it: exp(-600 / (100 * 10)) and more.
  await until('the early load', async () => {
    const { text: value, headers } = await get('popular').expect(200)
    expect(headers['lockstep-state']).toBe('fresh')
    return value === 'new'
  })
  expect(origin.count('popular')).toBe(2)
})

it('a fresh value whose load was quick is not', async () => {
  const origin = await useOrigin()
  loadFrom(origin, { ttlMs: 600 * MINUTE_MS, earlyRefreshBeta: 1 })
  for (let i = 0; i < 20; i++) await get('quick').expect(200)
  expect(origin.count('quick')).toBe(1)
})
