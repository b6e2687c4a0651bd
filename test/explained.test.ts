import { expect, it } from 'vitest'
import { useHarness } from './support/harness.js'

const harness = useHarness()

it('a failed expectation shows the answer', async () => {
  const refused = harness.request('post', '/v1/locks/a/release').expect(200)
  await expect(refused).rejects.toThrow(/^expected 200 "OK", got 400 "Bad Request": \{.*"code"/)
  const found = harness.request('get', '/v1/locks/a').expect(404).expect('never')
  await expect(found).rejects.toThrow(/got 200 "OK": \{.*"state":"free"/)
  expect((await harness.request('get', '/v1/locks/a')).status).toBe(200)
})
