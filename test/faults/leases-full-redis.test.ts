import { expect, it } from 'vitest'
import { limitDriver } from '../ratelimits/driver.js'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'

const redis = useRedis()
const harness = useHarness(() => ({ redisUrl: redis.url }))

const setFull = (full: boolean) => harness.redis.config('SET', 'maxmemory', full ? '1' : '0')

it('renews and releases leases in a full Redis, and grants none', async () => {
  const { put, post } = limitDriver(harness)
  await put('jobs', { algorithm: 'concurrency', limit: 3, leaseMs: 1_000_000 }).expect(201)
  const acquire = () => post('jobs/leases/acquire', { key: 'k' })
  const { token } = (await acquire().expect(200)).body
  const other = (await acquire().expect(200)).body.token

  await setFull(true)
  expect((await acquire().expect(503)).body.code).toBe('store-full')
  harness.advance(800_000)
  await post('jobs/leases/renew', { key: 'k', token }).expect(200)
  // The other lease has expired, and its remains are deleted too.
  harness.advance(400_000)
  await post('jobs/leases/renew', { key: 'k', token }).expect(200)
  await post('jobs/leases/renew', { key: 'k', token: other }).expect(410)
  const released = await post('jobs/leases/release', { key: 'k', token }).expect(200)
  expect(released.body.released).toBe(true)
  expect((await post('jobs/leases/release', { key: 'k', token })).body.released).toBe(false)
  await setFull(false)

  expect((await acquire().expect(200)).body.remaining).toBe(2)
})

it('writes nothing about ended leases if none has ended', async () => {
  const { put, post } = limitDriver(harness)
  await put('calm', { algorithm: 'concurrency', limit: 3, leaseMs: 10_000 }).expect(201)
  await post('calm/leases/acquire', { key: 'k' }).expect(200)
  await harness.redis.config('RESETSTAT')
  await post('calm/leases/acquire', { key: 'k' }).expect(200)
  const stats = await harness.redis.info('commandstats')
  expect(stats).toContain('cmdstat_zadd')
  expect(stats).not.toContain('cmdstat_zremrangebyscore')
})
