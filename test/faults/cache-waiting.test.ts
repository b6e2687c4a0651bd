import { expect, inject, it, onTestFinished } from 'vitest'
import { startFaultProxy } from '../support/faults.js'
import { startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

it('who waits for a load hears of an outage long before its time is over', async () => {
  const proxy = await startFaultProxy(inject('redisUrl'))
  const harness = await startHarness({ redisUrl: proxy.url })
  onTestFinished(async () => {
    await harness.close()
    await proxy.close()
  })
  const ask = (waitMs: number) =>
    harness.request('get', '/v1/cache/users/7').query({ lease: true, waitMs })
  await ask(0).expect(404)
  const waiting = ask(30_000).then((answer) => answer)
  const waiters = async () =>
    (await harness.app.metrics.registry.getSingleMetric('lockstep_cache_waiters')?.get())?.values[0]
      ?.value
  await until('the waiter', async () => (await waiters()) === 1)

  proxy.refuse()

  const { status, body } = await waiting
  expect([status, body.code]).toEqual([503, 'store-unavailable'])
  expect(await waiters()).toBe(0)
})
