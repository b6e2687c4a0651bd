import { expect, it } from 'vitest'
import { redisKey } from '../../src/redis/keys.js'
import { integers } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'

const growScript = defineScript({
  name: 'test.grow',
  file: new URL('./scripts/grow.lua', import.meta.url),
  keys: ['subject'],
  args: ['bytes'],
  decode: (reply) => integers(reply, 1)[0],
})

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

const post = (path_: string, body?: object) => harness.request('post', path_).send(body)

it('refuses a growing batch on a full Redis, also if it begins with a freeing command', async () => {
  const grow = harness.binder.bind(growScript)
  const call = (i: number) =>
    grow({ subject: redisKey(harness.namespace, 'x', 'k', `${i}`) }, { bytes: 100 })
  const held = (await post('/v1/locks/held/acquire').expect(200)).body as { token: string }
  const other = (await post('/v1/locks/other/acquire').expect(200)).body as { token: string }
  expect(await call(0)).toBe(1)

  await harness.redis.config('SET', 'maxmemory', '1')

  const refused = await Promise.allSettled([call(1), call(2)])
  for (const result of refused) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store-full' } })
  }
  expect(await harness.redis.exists(redisKey(harness.namespace, 'x', 'k', '1'))).toBe(0)

  const { body } = await post('/v1/locks/new/acquire').expect(503)
  expect(body.code).toBe('store-full')
  await post('/v1/locks/held/renew', { token: held.token, ttlMs: 60_000 }).expect(200)
  await post('/v1/locks/held/release', { token: held.token }).expect(200)
  await post('/v1/locks/other/release', { token: other.token }).expect(200)

  await harness.redis.config('SET', 'maxmemory', '0')
  await post('/v1/locks/new/acquire').expect(200)
})
