import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { type Harness, startHarness, useFreshHarness } from '../../support/harness.js'
import { placeOf } from '../../support/request-faults.js'
import { samples } from '../../support/samples.js'
import { startService } from '../../support/service.js'
import { tempFolder } from '../../support/temp-folder.js'
import { until } from '../../support/until.js'
import { type LoadingSpace, loadingDriver, originFile, SPACE } from './driver.js'
import { status, type TestOrigin, text, useOrigin, usual } from './test-origin.js'

// Each test has its own namespace, because instances of a fleet share their claims there.
const harness = useFreshHarness()
const { get, put, loadFrom } = loadingDriver(harness)

const MINUTE_MS = 60_000
const warmings = `/v1/cache-spaces/${SPACE}/warmings`
const look = async (id: string) =>
  (await harness.request('get', `${warmings}/${id}`).expect(200)).body
const cancel = (id: string) => harness.request('post', `${warmings}/${id}/cancel`).send({})
const warm = (body: object = {}) =>
  harness.request('post', warmings).send({ source: 'configured', ...body })
const ended = (id: string) =>
  until('its end', async () => {
    const record = await look(id)
    return record.state !== 'running' && record
  })
async function warmed(body?: object) {
  const { body: started } = await warm(body).expect(202)
  return ended(started.id)
}

/** The warmings of the namespace, in the order of their begin. */
async function all() {
  const keys = await harness.redis.keys(`ls:{${harness.namespace}:policies}:warming:*`)
  const records = await Promise.all(keys.map((key) => look(key.split(':').at(-1) as string)))
  return records.sort((a, b) => a.startedAt.localeCompare(b.startedAt))
}
const states = async () => (await all()).map(({ state }) => state)

/** Calls of the script by which an instance looks whether a warming is due. */
async function looks(of: Harness): Promise<number> {
  const calls = await samples(of, 'lockstep_redis_batch_calls_sum')
  return calls['script="cache.warming-claim"'] ?? 0
}
/** Resolves when each of them has looked again. */
const lookAgain = (instances: readonly Harness[]) =>
  Promise.all(
    instances.map(async (one) => {
      const before = await looks(one)
      // One that is under way may have begun before.
      await until('two looks', async () => (await looks(one)) >= before + 2)
    }),
  )

/** Two more instances of the same configuration. */
async function withOthers(
  origin: TestOrigin,
  settings: LoadingSpace,
  use: (fleet: readonly Harness[]) => Promise<void>,
): Promise<void> {
  const configFile = originFile(origin, harness.namespace, settings)
  const others = [await startHarness({ configFile }), await startHarness({ configFile })]
  try {
    await use([harness, ...others])
  } finally {
    for (const other of others) await other.close()
  }
}

const hang = () => {}
const KEYS = ['one', 'two']
const HOUR = { origin: { warm: { keys: KEYS, onStart: true, everyMs: 60 * MINUTE_MS } } }

describe('the instances of a fleet', () => {
  it('warm once when they start, and once in each interval', async () => {
    const origin = await useOrigin()
    loadFrom(origin, HOUR)
    await withOthers(origin, HOUR, async (fleet) => {
      await lookAgain(fleet)
      const [first, ...more] = await all()
      expect(more).toEqual([])
      expect(await ended(first.id)).toMatchObject({ state: 'done', total: 2, loaded: 2 })
      expect(origin.paths.sort()).toEqual(['/values/one', '/values/two'])
      for (const one of fleet) one.advance(61 * MINUTE_MS)
      await until('the next one', async () => (await states()).join() === 'done,done')
      await lookAgain(fleet)
      expect(await states()).toEqual(['done', 'done'])
      expect([origin.count('one'), origin.count('two')]).toEqual([2, 2])
    })
  })

  it('show the one that was begun last, and cancel it', async () => {
    const origin = await useOrigin()
    origin.answer = hang
    await harness.request('get', `${warmings}/scheduled`).expect(404)
    loadFrom(origin, HOUR)
    await until('a load', () => origin.paths.length > 0)
    const [first] = await all()
    expect((await cancel('scheduled').expect(200)).body).toMatchObject({
      id: first.id,
      state: 'cancelled',
    })
    expect(await look('scheduled')).toMatchObject({ id: first.id, state: 'cancelled', loaded: 0 })
  })

  it('warm again when one starts later, but not for each restart of a rollout', async () => {
    const origin = await useOrigin()
    const restart = (ratePerSecond: number) =>
      loadFrom(origin, { origin: { warm: { keys: KEYS, onStart: true, ratePerSecond } } })
    restart(1_000)
    await until('the first one', async () => (await states())[0] === 'done')
    const before = await looks(harness)
    restart(1_001)
    await until('its look', async () => (await looks(harness)) > before)
    expect(await states()).toEqual(['done'])
    harness.advance(6 * MINUTE_MS)
    restart(1_002)
    await until('the second one', async () => (await all()).length === 2)
  })

  it('take over from one that is killed', async () => {
    const origin = await useOrigin()
    origin.answer = hang
    const keys = Array.from({ length: 100 }, (_, i) => `${i}`)
    const start = { origin: { warm: { keys, onStart: true }, timeoutMs: 5_000 } }
    const file = path.join(tempFolder(), 'lockstep.yaml')
    writeFileSync(file, originFile(origin, harness.namespace, start))
    const service = await startService({
      LOCKSTEP_REDIS_URL: inject('redisUrl'),
      LOCKSTEP_CONFIG_FILE: file,
    })
    await until('a load', () => origin.paths.length > 0)
    loadFrom(origin, start)
    const before = await looks(harness)
    await until('a look', async () => (await looks(harness)) > before)
    expect(await states()).toEqual(['running'])
    service.child.kill('SIGKILL')
    await service.exit
    origin.answer = usual
    harness.advance(10 * MINUTE_MS)
    await until('the next one', async () => (await all()).length === 2)
    const [first, second] = await all()
    expect(first).toMatchObject({ state: 'interrupted', total: 100 })
    expect(await ended(second.id)).toMatchObject({ state: 'done', loaded: 100 })
  })

  it('warm each namespace of the origin', async () => {
    const origin = await useOrigin()
    const namespaces = [harness.namespace, `${harness.namespace}-b`]
    const warm = { keysUrl: `${origin.url}/keys?of={namespace}`, onStart: true }
    origin.answer = (request, response) =>
      (request.url?.startsWith('/keys') ? text('["7"]') : usual)(request, response)
    loadFrom(origin, {
      origin: { url: `${origin.url}/{namespace}/{key}`, namespaces, warm },
    })
    const paths = namespaces.flatMap((name) => [`/keys?of=${name}`, `/${name}/7`])
    await until('the loads', () => origin.paths.length === 4)
    expect(origin.paths.sort()).toEqual(paths.sort())
  })
})

describe('a warming of the configured keys', () => {
  it('loads what is missing, or stale, at their pace', async () => {
    const origin = await useOrigin()
    loadFrom(origin, { origin: { warm: { keys: ['one', 'there', 'one'], ratePerSecond: 1_000 } } })
    await put('there', 'put')
    expect(await warmed()).toMatchObject({ state: 'done', total: 2, loaded: 1, skipped: 1 })
    expect(origin.paths).toEqual(['/values/one'])
  })

  it('uses half of the slots, whatever its concurrency', async () => {
    const origin = await useOrigin()
    const keys = Array.from({ length: 12 }, (_, i) => `${i}`)
    loadFrom(origin, {
      origin: { maxConcurrent: 4, warm: { keys, concurrency: 100, ratePerSecond: 10_000 } },
    })
    let [now, most] = [0, 0]
    origin.answer = (request, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now -= 1
        usual(request, response)
      }, 5)
    }
    expect(await warmed()).toMatchObject({ loaded: 12 })
    expect(most).toBeLessThanOrEqual(2)
  })

  it('shows how far it is, and is cancelled', async () => {
    const origin = await useOrigin()
    origin.answer = hang
    loadFrom(origin, { origin: { warm: { keys: ['one', 'two', 'three'] } } })
    const { body } = await warm().expect(202)
    const gauge = async (name: string) =>
      (await samples(harness, `lockstep_cache_${name}`))[`space="${SPACE}"`]
    await until('it runs', async () => (await gauge('warmings_running')) === 1)
    expect(await gauge('warming_keys_left')).toBe(3)
    expect((await warm().expect(409)).body).toMatchObject({ warmingId: body.id })
    expect((await cancel(body.id).expect(200)).body).toMatchObject({ state: 'cancelled', total: 3 })
    await origin.stop()
    await until('it ends', async () => (await gauge('warmings_running')) === undefined)
    expect(await look(body.id)).toMatchObject({ state: 'cancelled', loaded: 0 })
  })

  it('is refused where there are none', async () => {
    const origin = await useOrigin()
    loadFrom(origin)
    expect(placeOf((await warm().expect(400)).body.errors[0])).toBe('body/source')
    await warm({ keys: ['one'] }).expect(400)
    await harness.request('post', warmings).send({}).expect(400)
    loadFrom(origin, { origin: { warm: { keys: ['one'] } } })
    const foreign = await warm().set('lockstep-namespace', `${harness.namespace}-x`)
    expect([foreign.status, foreign.body.code]).toEqual([403, 'origin-namespace'])
  })
})

describe('a list of keys at a URL', () => {
  const listed = async (answer: TestOrigin['answer']) => {
    const origin = await useOrigin()
    origin.answer = (request, response) =>
      (request.url === '/keys' ? answer : usual)(request, response)
    const warm = { keysUrl: `${origin.url}/keys` }
    loadFrom(origin, { origin: { warm, headers: { authorization: 'mine' } } })
    return origin
  }

  it('is read with the headers of the origin', async () => {
    const origin = await listed((request, response) =>
      (request.headers.authorization === 'mine' ? text('["7","8"]') : status(401))(
        request,
        response,
      ),
    )
    expect(await warmed()).toMatchObject({ state: 'done', total: 2, loaded: 2, errors: [] })
    expect((await get('8').expect(200)).headers['cache-status']).toMatch(/^lockstep; hit/)
    expect(origin.count('keys')).toBe(1)
    const requests = await samples(harness, 'lockstep_cache_origin_requests_total')
    expect(requests).toMatchObject({ [`space="${SPACE}",operation="list",outcome="value"`]: 1 })
  })

  it.each([
    ['fails', status(500), 'The origin answered 500.'],
    ['is no JSON', text('7, 8'), 'It is not JSON.'],
    ['is too large', text(`["${'x'.repeat(700_000)}"]`), 'It is larger than 655360 bytes.'],
    [
      'names what no path can hold',
      text('["7","a/../../admin"]'),
      'Its item 1 may not have . or .. between / or \\ in a space with an origin.',
    ],
  ])('one that %s is not used', async (_, answer, why) => {
    const origin = await listed(answer)
    expect(await warmed()).toMatchObject({
      state: 'failed',
      total: 0,
      finishedAt: expect.any(String),
      errors: [{ detail: `The list of keys: ${why}` }],
    })
    expect(origin.paths).toEqual(['/keys'])
  })

  it('is waited for while the origin is away', async () => {
    const origin = await listed((request, response) =>
      (origin.count('keys') > 1 ? text('["7"]') : status(503))(request, response),
    )
    expect(await warmed()).toMatchObject({ state: 'done', loaded: 1 })
    expect(origin.count('keys')).toBe(2)
  })

  it('is no more waited for once the warming is cancelled', async () => {
    const origin = await listed(hang)
    const { body } = await warm().expect(202)
    await until('the request', () => origin.paths.length === 1)
    await cancel(body.id).expect(200)
    await origin.stop()
    await until('another may start', async () => (await warm()).status === 202)
    expect(await look(body.id)).toMatchObject({ state: 'cancelled', total: 0 })
  })
})
