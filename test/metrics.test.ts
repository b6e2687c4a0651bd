import { spawnSync } from 'node:child_process'
import { beforeAll, expect, it } from 'vitest'
import { useHarness } from './support/harness.js'

const harness = useHarness()
beforeAll(async () => {
  await harness.request('post', '/v1/locks/metered/acquire').expect(200)
  await harness.request('post', '/v1/locks/metered/acquire').expect(423)
})

const promtool = (input: string) =>
  spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })

it('promtool accepts the names and help texts of our metrics', async ({ skip }) => {
  if (promtool('').error) skip('promtool is not installed (Debian: prometheus); .ci/run brings it')
  const { text } = await harness.request('get', '/metrics').expect(200)
  const { stdout, stderr } = promtool(text)
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('lockstep_'))
  expect(ours).toEqual([])
  expect(stderr).not.toMatch(/error while linting|parsing/)
})

it('has the lag of the event loop, and only labels from closed sets', async () => {
  const { text } = await harness.request('get', '/metrics').expect(200)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m)
  expect(text).not.toContain('metered')
  expect(text).not.toContain(harness.namespace)
})
