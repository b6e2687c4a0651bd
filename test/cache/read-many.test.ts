import { expect, it } from 'vitest'
import { readManyScript } from '../../src/cache/entries/scripts.js'
import { useHarness } from '../support/harness.js'
import { cacheDriver } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness({ configFile: 'spaces: { users: { leaseMs: 100000 } }' })
const { at } = cacheDriver(harness)

const readMany = (keys: readonly string[], max_bytes: number, reply_bytes: number) =>
  harness.binder.bind(readManyScript)(
    {
      clock: keysOf(harness, keys[0] as string).clock,
      entry: keys.map((key) => keysOf(harness, key).entry),
    },
    { on_restart: 'keep 7', space: 'users', idle_ms: 0, max_bytes, reply_bytes },
  )

it('leaves out large payloads, and keys beyond the size of a reply', async () => {
  await harness.request('put', at('a')).send('12345678').expect(201)
  const payloads = async (max: number, reply: number) =>
    (await readMany(['a', 'a', 'a'], max, reply)).map(({ entry }) => entry?.payload?.toString())
  expect(await payloads(8, 1_000)).toEqual(['12345678', '12345678', '12345678'])
  expect(await payloads(7, 1_000)).toEqual([undefined, undefined, undefined])
  expect(await payloads(8, 7)).toEqual(['12345678'])
  expect(await payloads(8, 8)).toEqual(['12345678', '12345678'])
  // A payload that was left out does not count towards the size of the reply.
  expect(await payloads(7, 0)).toHaveLength(3)
})

it('serves a value in its error window, as a GET does', async () => {
  const key = 'failed'
  await harness
    .request('put', at(key))
    .set('cache-control', 'max-age=1, stale-if-error=600')
    .send('old')
    .expect(201)
  harness.advance(2_000)
  const both = async () => {
    const single = await harness.request('get', at(key))
    const many = await harness.request('post', '/v1/cache/users/get-many').send({ keys: [key] })
    return [single.status, single.headers['lockstep-state'], many.body.results[0].state]
  }
  expect(await both()).toEqual([404, 'miss', 'miss'])

  const asked = await harness.request('get', at(key)).query({ lease: true }).expect(404)
  expect(await both()).toEqual([404, 'miss', 'miss'])
  await harness
    .request('post', `${at(key)}/lease/cancel`)
    .send({ token: asked.headers['lockstep-lease'], failed: true })
    .expect(200)
  expect(await both()).toEqual([200, 'stale', 'stale'])
})
