import { describe, expect, it } from 'vitest'
import { type Harness, startHarness, useHarness } from '../../support/harness.js'
import { placeOf } from '../../support/request-faults.js'
import { samples } from '../../support/samples.js'
import { until } from '../../support/until.js'
import { loadingDriver, originFile, SPACE } from './driver.js'
import { status, type TestOrigin, useOrigin, usual } from './test-origin.js'

const harness = useHarness()
const { get, put, loadFrom } = loadingDriver(harness)

const warmings = `/v1/cache-spaces/${SPACE}/warmings`
const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}-${i}`)
const warm = (body: object, to: Harness = harness) =>
  to.request('post', warmings).set('lockstep-namespace', harness.namespace).send(body)
const look = async (id: string) =>
  (await harness.request('get', `${warmings}/${id}`).expect(200)).body
const cancel = (id: string) => harness.request('post', `${warmings}/${id}/cancel`).send({})

let advancedMs = 0
function advance(ms: number): void {
  advancedMs += ms
  harness.advance(ms)
}
/** Another instance, with the same clock. */
async function startOther(origin: TestOrigin): Promise<Harness> {
  const other = await startHarness({ configFile: originFile(origin, harness.namespace) })
  other.advance(advancedMs)
  return other
}

/** Starts a warming, as soon as no other runs. */
async function started(body: object): Promise<string> {
  const answer = await until('a start', async () => {
    const tried = await warm(body)
    return tried.status !== 409 && tried
  })
  expect(answer.status).toBe(202)
  return answer.body.id
}
const ended = (id: string) =>
  until('its end', async () => {
    const record = await look(id)
    return record.state !== 'running' && record
  })

describe('a warming', () => {
  it('loads the keys that are missing', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    await put('there', 'put')
    origin.answer = (request, response) =>
      (request.url?.endsWith('broken') ? status(500) : usual)(request, response)
    const before = await samples(harness, 'lockstep_cache_warmed_keys_total')
    const id = await started({ keys: ['one', 'there', 'broken', 'two', 'one'] })
    const record = await ended(id)
    expect(record).toEqual({
      id,
      state: 'done',
      total: 4,
      loaded: 2,
      skipped: 1,
      failed: 1,
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      errors: [{ key: 'broken', detail: 'The origin answered 500.' }],
    })
    expect(origin.paths.sort()).toEqual(['/values/broken', '/values/one', '/values/two'])
    expect((await get('one').expect(200)).headers['cache-status']).toMatch(/^lockstep; hit/)
    await until('the metric', async () => {
      const now = await samples(harness, 'lockstep_cache_warmed_keys_total')
      const label = `space="${SPACE}",outcome="loaded"`
      return (now[label] ?? 0) >= (before[label] ?? 0) + 2
    })
  })

  it('loads stale ones where it is asked to', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { ttlMs: 600_000, staleMs: 6_000_000 })
    await put('old', 'put')
    advance(700_000)
    await put('new', 'put')
    const keys = ['old', 'new']
    expect(await ended(await started({ keys }))).toMatchObject({ loaded: 0, skipped: 2 })
    const stale = await ended(await started({ keys, refresh: 'stale' }))
    expect(stale).toMatchObject({ loaded: 1, skipped: 1 })
    expect(origin.paths).toEqual(['/values/old'])
  })

  it('uses half of the slots', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { origin: { maxConcurrent: 4 } })
    let [now, most] = [0, 0]
    origin.answer = (request, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now -= 1
        usual(request, response)
      }, 5)
    }
    const keys = numbered('half', 20)
    expect(await ended(await started({ keys }))).toMatchObject({ loaded: 20 })
    expect(most).toBeLessThanOrEqual(2)
  })

  it('waits while the origin is away', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = status(503)
    const id = await started({ keys: numbered('away', 30) })
    await until('failures', async () => (await look(id)).failed >= 5)
    origin.answer = usual
    const { state, failed, loaded, errors } = await ended(id)
    expect([state, failed + loaded]).toEqual(['done', 30])
    expect(loaded).toBeGreaterThan(0)
    expect(errors).toHaveLength(Math.min(10, failed))
  })

  it('of 10000 keys is cancelled', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const id = await started({ keys: numbered('many', 10_000) })
    await until('some', async () => (await look(id)).loaded > 0)
    const { body } = await cancel(id).expect(200)
    expect(body).toMatchObject({ id, state: 'cancelled', total: 10_000 })
    // The next one begins when the loads have ended.
    await ended(await started({ keys: ['after'] }))
    const record = await look(id)
    expect([record.state, record.finishedAt]).toEqual(['cancelled', body.finishedAt])
    expect(record.loaded).toBeLessThan(10_000)
    expect(record.loaded).toBe(origin.paths.length - 1)
    expect((await cancel(id).expect(200)).body).toEqual(record)
  })

  it('of an instance that is gone is interrupted', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = () => {}
    const other = await startOther(origin)
    const { body } = await warm({ keys: numbered('gone', 20) }, other).expect(202)
    await until('a load', () => origin.paths.length > 0)
    expect(await look(body.id)).toMatchObject({ state: 'running' })
    await other.close()
    advance(31_000)
    expect(await look(body.id)).toMatchObject({
      state: 'interrupted',
      finishedAt: expect.any(String),
      loaded: 0,
    })
  })

  it('of two instances loads each key once', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    const other = await startOther(origin)
    try {
      const keys = numbered('shared', 200)
      const ids = [await started({ keys }), (await warm({ keys }, other).expect(202)).body.id]
      const [one, two] = [await ended(ids[0]), await ended(ids[1])]
      expect(one.loaded + two.loaded).toBe(200)
      expect(one.skipped + two.skipped).toBe(200)
      expect(new Set(origin.paths).size).toBe(200)
      expect(origin.paths).toHaveLength(200)
    } finally {
      await other.close()
    }
  })
})

describe('it is refused', () => {
  it('while the instance warms the space', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    origin.answer = () => {}
    const id = await started({ keys: ['slow'] })
    const { body } = await warm({ keys: ['slow'] }).expect(409)
    expect(body).toMatchObject({ code: 'warming-running', warmingId: id })
    await cancel(id).expect(200)
    await origin.stop()
    await until('its end', async () => (await warm({ keys: ['slow'] })).status === 202)
  })

  it('in a space without an origin, and for keys that may not be loaded', async () => {
    harness.reload('')
    const { body } = await warm({ keys: ['x'] }).expect(400)
    expect(placeOf(body.errors[0])).toBe('path/space')
    loadFrom(await useOrigin())
    const dots = await warm({ keys: ['fine', '../up'] }).expect(400)
    expect(placeOf(dots.body.errors[0])).toBe('body/keys/1')
    const foreign = await warm({ keys: ['x'] }).set('lockstep-namespace', `${harness.namespace}-x`)
    expect([foreign.status, foreign.body.code]).toEqual([403, 'origin-namespace'])
  })

  it('where there is none of its name', async () => {
    const id = 'a'.repeat(22)
    const { body } = await harness.request('get', `${warmings}/${id}`).expect(404)
    expect(body.code).toBe('warming-not-found')
    await cancel(id).expect(404)
  })
})
