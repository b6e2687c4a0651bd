import { expect, inject, it, onTestFinished } from 'vitest'
import { keysOf } from '../cache/keys.js'
import { startFaultProxy } from '../support/faults.js'
import { startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

/** Longer than an instance stays in sync without an answer (750 ms). */
const DELAY_MS = 2_500

it('no later request shares a read that was sent before the process fell out of sync', async () => {
  const proxy = await startFaultProxy(inject('redisUrl'))
  onTestFinished(() => proxy.close())
  const configFile = 'spaces: { mem: { ttlMs: 60000, l1: {} } }'
  const here = await startHarness({ configFile, redisUrl: proxy.url })
  onTestFinished(() => here.close())
  const elsewhere = await startHarness({ configFile })
  onTestFinished(() => elsewhere.close())
  const path = '/v1/cache/mem/k'
  const there = (method: 'put' | 'delete') =>
    elsewhere.request(method, path).set('lockstep-namespace', here.namespace)
  const { clock, entry } = keysOf(here, 'k', 'mem')
  const { cachePubSub } = here.connections
  await there('put').send('old').expect(201)
  await until('a process that listens', async () => {
    await here.request('get', '/v1/cache/mem/other')
    return cachePubSub.hears(clock)
  })

  proxy.delay(DELAY_MS)
  const before = here.request('get', path).then(({ text }) => text)
  await until('the read on its way', () => proxy.sent(entry) > 0)
  await there('delete').expect(204)
  await until('being out of sync', () => cachePubSub.silentForMs(clock) > 750)
  await here.request('get', path).expect(404)
  expect(await before).toBe('old')
})
