import { afterEach, expect, it } from 'vitest'
import { rechecksKey, registryKey } from '../../src/leaderboards/keys.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { boardDriver } from './driver.js'

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))
const { path, put } = boardDriver(harness)
const fill = () => harness.redis.config('SET', 'maxmemory', '1')
afterEach(() => harness.redis.config('SET', 'maxmemory', '0'))

const listed = async () => {
  const { body } = await harness.request('get', '/v1/leaderboards').expect(200)
  return body.items.map(({ name }: { name: string }) => name)
}

it('deletes a board on a full Redis', async () => {
  await put('kept').expect(201)
  await put('dropped').expect(201)
  await fill()

  await harness.request('delete', path('dropped')).expect(204)

  expect(await listed()).toEqual(['kept'])
  await put('new').expect(503)
})

it('checks on a full Redis which boards of the list still exist', async () => {
  await put('there', { ttlMs: 3_600_000 }).expect(201)
  await put('expired', { ttlMs: 60_000 }).expect(201)
  for (const key of await harness.redis.keys(`ls:{${harness.namespace}:b:expired}:*`)) {
    await harness.redis.del(key)
  }
  harness.advance(61_000)
  await fill()

  expect(await listed()).toEqual(expect.arrayContaining(['there']))
  expect(await listed()).not.toContain('expired')
})

it('keeps nothing of a board that it deleted and that never was', async () => {
  await harness.request('delete', path('never')).expect(204)

  for (const key of [registryKey, rechecksKey]) {
    expect(await harness.redis.zscore(key(harness.namespace), 'never')).toBeNull()
  }
})

it('keeps nothing of a board that never was, and whose deletion is refused', async () => {
  await harness.request('delete', path('never')).set('if-match', '"5"').expect(412)

  expect(await harness.redis.zscore(rechecksKey(harness.namespace), 'never')).toBeNull()
})

it('looks again at a board whose deletion stopped half way', async () => {
  await put('half').expect(201)
  harness.advance(61_000)
  expect(await listed()).toContain('half')
  await harness.redis.zadd(rechecksKey(harness.namespace), 'XX', 'CH', '9e15', 'half')

  await harness.request('delete', path('half')).set('if-match', '"5"').expect(412)

  const at = Number(await harness.redis.zscore(rechecksKey(harness.namespace), 'half'))
  expect(at).toBeLessThan(9e15)
  expect(at).toBeGreaterThan(0)
})
