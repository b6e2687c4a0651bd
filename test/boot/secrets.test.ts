import { beforeAll, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { start } from '../support/managed.js'
import { startService } from '../support/service.js'
import { until } from '../support/until.js'

const SECRET = 'hush-hush'

beforeAll(async () => {
  await ensureBuilt()
})

it('logs no password, at any level, when Redis refuses it', async () => {
  const redis = await start({ conf: ['requirepass another'] })
  const url = redis.url.replace('unix://', `unix://default:${SECRET}@`)
  const service = await startService({ LOCKSTEP_REDIS_URL: url, LOCKSTEP_LOG_LEVEL: 'trace' })
  await service.url()
  await until('the reason', () => service.stdout().includes('"reason":"wrong-password"'))
  expect(service.stdout() + service.stderr()).not.toContain(SECRET)
})

it.each([`?password=${SECRET}`, `/0?password=${SECRET}`, `#${SECRET}`])(
  'refuses a URL with %s, and does not repeat it',
  async (query) => {
    const service = await startService({ LOCKSTEP_REDIS_URL: `redis://127.0.0.1:6379${query}` })
    expect(await service.exit).toBe(2)
    expect(service.stderr()).toMatch(/^LOCKSTEP_REDIS_URL .*no query/)
    expect(service.stdout() + service.stderr()).not.toContain(SECRET)
  },
)
