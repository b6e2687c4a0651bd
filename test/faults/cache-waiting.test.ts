import { expect, inject, it, onTestFinished } from 'vitest'
import { startFaultProxy } from '../support/faults.js'
import { startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

/** Starts an instance behind a proxy, and lets another caller take the load lease. */
async function startWaiting(waitMs: number) {
  const proxy = await startFaultProxy(inject('redisUrl'))
  const configFile = 'spaces: { users: { leaseMs: 600000 } }'
  const harness = await startHarness({ redisUrl: proxy.url, configFile })
  const elsewhere = await startHarness({ configFile })
  onTestFinished(async () => {
    await Promise.all([harness.close(), elsewhere.close()])
    await proxy.close()
  })
  const there = (method: 'get' | 'put') =>
    elsewhere.request(method, KEY).set('lockstep-namespace', harness.namespace)
  const lease = (await there('get').query({ lease: true }).expect(404)).headers['lockstep-lease']
  const ask = () => harness.request('get', KEY).query({ lease: true, waitMs })
  const waiting = Promise.all(Array.from({ length: 8 }, () => ask().then((answer) => answer)))
  const waiters = async () =>
    (await harness.app.metrics.registry.getSingleMetric('lockstep_cache_waiters')?.get())?.values[0]
      ?.value
  await until('the waiters', async () => (await waiters()) === 8)
  const failures = async () => {
    const { registry } = harness.app.metrics
    const metric = await registry.getSingleMetric('lockstep_redis_errors_total')?.get()
    return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0)
  }
  return { proxy, there, lease: lease as string, waiting, waiters, failures }
}

const KEY = '/v1/cache/users/7'

it('who waits for a load waits on while Redis is away', async () => {
  const { proxy, there, lease, waiting, waiters, failures } = await startWaiting(30_000)
  proxy.refuse()
  const before = await failures()
  await until('looks that fail', async () => (await failures()) > before + 1)
  expect(await waiters()).toBe(8)
  await there('put').set('lockstep-lease', lease).send('loaded').expect(201)

  proxy.heal()

  const answers = await waiting
  expect(answers.map(({ status, text }) => [status, text])).toEqual(Array(8).fill([200, 'loaded']))
})

it('a request that waits for a load gets an error if the outage outlasts its wait', async () => {
  const { proxy, waiting, waiters } = await startWaiting(8_000)
  proxy.refuse()
  const answers = await waiting
  const told = answers.map(({ status, body }) => [status, body.code])
  expect(told).toEqual(Array(8).fill([503, 'store-unavailable']))
  expect(await waiters()).toBe(0)
})
