import { expect, it } from 'vitest'
import { createInstanceMetrics } from '../../src/metrics/instance.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { hasOpenssl, makeCertificate } from '../support/certificates.js'
import { useHarness } from '../support/harness.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

const harness = useHarness()

const textOf = async () => (await harness.request('get', '/metrics').expect(200)).text

async function metricOf(name: string): Promise<number> {
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(await textOf()) ?? []
  return Number(value)
}

const untilIs = (name: string, fits: (value: number) => boolean) =>
  until(name, async () => fits(await metricOf(name)))

it('counts running requests, also of a client that disconnected, and connections', async () => {
  const IN_FLIGHT = 'lockstep_http_requests_in_flight'
  const acquire = (waitMs: number) =>
    harness.request('post', '/v1/locks/waited/acquire').send({ ttlMs: 60_000, waitMs })
  await untilIs(IN_FLIGHT, (count) => count === 0)
  await acquire(0).expect(200)
  const waiting = acquire(60_000)
  waiting.end(() => undefined)
  await untilIs(IN_FLIGHT, (count) => count === 1)
  expect(await metricOf('lockstep_http_connections')).toBeGreaterThanOrEqual(2)
  waiting.abort()
  await untilIs(IN_FLIGHT, (count) => count === 0)
})

it('has buckets for the longest wait, and names counters _total', async () => {
  await harness.request('get', '/livez').expect(200)
  const text = await until('a request in it', async () => {
    const all = await textOf()
    return all.includes('le="240",method="GET",route="/livez"') && all
  })
  expect(text).toMatch(/^# TYPE lockstep_redis_evicted_keys_total counter$/m)
})

it('shows whether it is ready, and whether it shuts down', async () => {
  await untilIs('lockstep_ready', (ready) => ready === 1)
  expect(await metricOf('lockstep_draining')).toBe(0)
})

it('shows whether the last read of the configuration succeeded, and when it was', async () => {
  const GOOD = 'lockstep_config_last_reload_successful'
  const AT = 'lockstep_config_last_reload_timestamp_seconds'
  expect(await metricOf(GOOD)).toBe(1)
  const start = await metricOf(AT)
  expect(() => harness.reload('policies: 7')).toThrow()
  await untilIs(GOOD, (good) => good === 0)
  const failed = await metricOf(AT)
  expect(failed).toBeGreaterThan(start)
  harness.reload('')
  await untilIs(GOOD, (good) => good === 1)
  expect(await metricOf(AT)).toBeGreaterThan(failed)
})

it('shows when its certificate expires, also after a renewal', async ({ skip }) => {
  if (!hasOpenssl()) skip('openssl is not installed, which makes the certificates')
  const metrics = createMetrics('0')
  let certificate: string | undefined
  createInstanceMetrics(metrics, {
    isReady: () => true,
    isDraining: () => false,
    lastRead: () => ({ isGood: true, atMs: 0 }),
    certificate: () => certificate,
    tokenEnds: () => new Map(),
  })
  const read = async () =>
    /^lockstep_tls_certificate_end_timestamp_seconds (\d+)$/m.exec(
      await metrics.registry.metrics(),
    )?.[1]
  expect(await read()).toBeUndefined()
  certificate = makeCertificate(tempFolder(), 'lockstep').cert
  const inTwoDays = Date.now() / 1_000 + 2 * 86_400
  expect(Math.abs(Number(await read()) - inTwoDays)).toBeLessThan(3_600)
})
