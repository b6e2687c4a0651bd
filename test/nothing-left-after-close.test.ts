import v8 from 'node:v8'
import vm from 'node:vm'
import { expect, it } from 'vitest'
import { WAIT_MS } from './support/bounds.js'
import { startHarness } from './support/harness.js'
import { forgetLogs } from './support/kept-logs.js'
import { until } from './support/until.js'

v8.setFlagsFromString('--expose-gc')
const collectGarbage = vm.runInNewContext('gc') as () => void

/** Closes an app that has served every domain, and keeps no strong reference to it. */
async function closedApp(): Promise<WeakRef<object>> {
  const harness = await startHarness()
  await harness.request('post', '/v1/locks/a/acquire').expect(200)
  await harness.request('put', '/v1/cache/s/k').send('value').expect(201)
  await harness.request('get', '/v1/ratelimit-policies').expect(200)
  await harness.request('put', '/v1/leaderboards/b').send({})
  await harness.request('get', '/metrics').expect(200)
  await harness.close()
  return new WeakRef(harness.app)
}

it('leaves nothing running or listening once it is closed', async () => {
  const app = await closedApp()
  forgetLogs()
  const isGone = () => {
    collectGarbage()
    return app.deref() === undefined
  }
  // A call holds the app until it times out.
  await until('it is gone', isGone, 2 * WAIT_MS)
  expect(app.deref()).toBeUndefined()
})
