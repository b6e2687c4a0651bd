import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const harness = useHarness()

it('shows version, uptime and Redis', async () => {
  const { body } = await harness.request('get', '/v1/status').expect(200)

  expect(body).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    redis: { up: true, version: expect.stringMatching(/^\d+\./), evictionPolicy: 'noeviction' },
  })
  expect(body.redis.usedMemoryBytes).toBeGreaterThan(0)
})

it('is ready if Redis serves calls that write, in every topology', async () => {
  await until('the first probe', async () => {
    const { status } = await harness.request('get', '/readyz')
    return status === 200
  })
  const { text } = await harness.request('get', '/metrics').expect(200)
  expect(text).not.toMatch(/^lockstep_redis_trouble.* 1$/m)
  expect(text).toMatch(/^lockstep_redis_connections\{connection="commands"\} 1$/m)
})
