import { Redis } from 'ioredis'
import { expect, inject, it } from 'vitest'

it('gives every run a real Redis', async () => {
  const url = new URL(inject('redisUrl'))
  const redis = url.protocol === 'unix:' ? new Redis(url.pathname) : new Redis(url.href)
  expect(await redis.ping()).toBe('PONG')
  expect(await redis.info('server')).toMatch(/redis_version:[789]/)
  await redis.quit()
})
