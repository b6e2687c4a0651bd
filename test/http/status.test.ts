import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.close())

it('tells what runs, and on which Redis', async () => {
  const { body } = await harness.request('get', '/v1/status').expect(200)

  expect(body).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    redis: { version: expect.stringMatching(/^\d+\./), evictionPolicy: 'noeviction' },
  })
  expect(body.redis.usedMemoryBytes).toBeGreaterThan(0)
})
