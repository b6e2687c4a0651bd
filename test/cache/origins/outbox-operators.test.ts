import { expect, it } from 'vitest'
import { useHarness } from '../../support/harness.js'
import { until } from '../../support/until.js'
import { behind, loadingDriver, SPACE } from './driver.js'
import { status } from './test-origin.js'
import { useWritableOrigin } from './writable-origin.js'

const harness = useHarness()
const { get, put, loadFrom } = loadingDriver(harness)

const path = `/v1/cache-spaces/${SPACE}/outbox`
const state = async () => (await harness.request('get', path).expect(200)).body
const failed = async (query: object = {}) =>
  (await harness.request('get', `${path}/failed`).query(query).expect(200)).body
const change = (what: string, keys?: readonly string[]) => {
  const request = harness.request('post', `${path}/${what}`)
  return (keys ? request.send({ keys }) : request).expect(200)
}
const IDLE = { pending: 0, failed: 0, bytes: 0, oldestAgeMs: 0 }

it('operators see what failed, send it again or drop it, and send all at once', async () => {
  expect(await state()).toEqual(IDLE)
  const origin = await useWritableOrigin()
  loadFrom(origin, behind({ intervalMs: 0 }))
  origin.onWrite = status(422)
  const keys = ['a', 'b', 'c']
  for (const key of keys) await put(key, key).expect(201)
  await until('the failures', async () => (await state()).failed === 3)
  expect(await state()).toMatchObject({ pending: 0, failed: 3, bytes: expect.any(Number) })

  const page = await failed({ limit: 2 })
  expect(page.items).toEqual(
    ['a', 'b'].map((name) => ({
      name,
      attempts: 1,
      ageMs: expect.any(Number),
      error: 'The origin answered 422.',
    })),
  )
  const rest = await failed({ cursor: page.nextCursor })
  expect(rest.items.map(({ name }: { name: string }) => name)).toEqual(['c'])

  expect((await change('discard', ['c', 'not-there'])).body).toEqual({ discarded: 1 })
  await get('c').expect(404)
  origin.onWrite = undefined
  expect((await change('retry', ['a', 'not-there'])).body).toEqual({ due: 1 })
  await until('the retry', () => origin.values.get('a') === 'a')
  expect((await change('flush')).body).toEqual({ due: 1 })
  await until('the flush', () => origin.values.get('b') === 'b')
  await until('an outbox that is empty', async () => (await state()).pending === 0)
  expect(await state()).toEqual(IDLE)
  expect(origin.values.has('c')).toBe(false)
  for (const what of ['discard', 'retry', 'flush']) {
    expect(harness.log.some((line) => line.includes(`outbox.${what}`))).toBe(true)
  }
})

it('metrics say how far the origin is behind', async () => {
  const origin = await useWritableOrigin()
  loadFrom(origin, behind({ intervalMs: 50 }))
  origin.onWrite = status(500)
  await put('measured', 'x').expect(201)
  const sample = async (name: string) =>
    Number(
      new RegExp(`^lockstep_cache_outbox_${name}{space="${SPACE}"[^}]*} ([\\d.]+)$`, 'm').exec(
        (await harness.app.inject('/metrics')).payload,
      )?.[1],
    )
  await until('a pending key', async () => (await sample('pending')) === 1)
  expect(await sample('bytes')).toBeGreaterThan(0)
  await until('its age', async () => (await sample('oldest_age_seconds')) > 0)
  expect(await sample('failed')).toBe(0)
  origin.onWrite = undefined
  await until('the delivery', async () => (await sample('pending')) === 0)
  const { payload } = await harness.app.inject('/metrics')
  for (const outcome of ['failed', 'delivered']) {
    expect(payload).toMatch(
      new RegExp(`^lockstep_cache_outbox_deliveries_total{.*outcome="${outcome}".*} [1-9]`, 'm'),
    )
  }
})
