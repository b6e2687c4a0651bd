import { expect, it, onTestFinished } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { until } from '../support/until.js'

const redis = useRedis()

async function start(limitMs: number): Promise<{ harness: Harness; proxy: FaultProxy }> {
  const proxy = await startFaultProxy(redis.url)
  const harness = await startHarness({
    redisUrl: proxy.url,
    environment: { LOCKSTEP_OVERLOAD_DELAY_MS: `${limitMs}` },
  })
  onTestFinished(async () => {
    proxy.heal()
    await harness.close()
    await proxy.close()
  })
  return { harness, proxy }
}

const acquire = (harness: Harness, name: string) =>
  harness.request('post', `/v1/locks/${name}/acquire`).send({ ttlMs: 600_000 })

/** On a busy machine any request may be refused. */
const acquired = (harness: Harness, name: string) =>
  until('it is acquired', async () => {
    const { status, body } = await acquire(harness, name)
    return status === 200 && (body as { token: string })
  })

const refusedOf = async (harness: Harness, signal: 'redis' | 'eventLoop'): Promise<number> => {
  const { body } = await harness.request('get', '/v1/status').expect(200)
  return body.load[signal].refusedPercent
}

/** Asks for other locks until one is refused. */
const untilShed = (harness: Harness, reason: string) =>
  until(`a refusal for ${reason}`, async () => {
    const names = Array.from({ length: 8 }, (_, i) => `other-${i}-${Math.random()}`)
    const answers = await Promise.all(names.map((name) => acquire(harness, name)))
    return answers.some(({ status, body }) => status === 503 && body.reason === reason)
  })

const renewals = (harness: Harness, token: string) =>
  Promise.all(
    Array.from({ length: 8 }, () =>
      harness.request('post', '/v1/locks/kept/renew').send({ token }).expect(200),
    ),
  )

it('refuses acquires while Redis is slow, and no renewal', async () => {
  const { harness, proxy } = await start(200)
  const lease = await acquired(harness, 'kept')

  proxy.delay(600)
  await untilShed(harness, 'redis')
  await renewals(harness, lease.token)
  // Of a policy that is not there: what Redis is slow for is not why.
  const { body } = await harness.request('post', '/v1/ratelimits/none/check').send({ key: 'k' })
  expect(body.reason).not.toBe('redis')
  const reads = await Promise.all(
    Array.from({ length: 20 }, () => harness.request('get', '/v1/cache/none/k')),
  )
  expect(reads.map((read) => read.body.reason)).not.toContain('redis')
  await harness.request('get', '/livez').expect(200)
  expect(await refusedOf(harness, 'redis')).toBeGreaterThan(0)

  proxy.heal()
  await until('the end', async () => (await refusedOf(harness, 'redis')) === 0)
  await acquired(harness, 'after')
})

it('refuses acquires while the event loop is late, and no renewal', async () => {
  const { harness } = await start(150)
  const lease = await acquired(harness, 'kept')

  let isBusy = true
  const block = () => {
    const ends = performance.now() + 300
    while (performance.now() < ends);
    if (isBusy) setTimeout(block, 0)
  }
  block()
  try {
    await untilShed(harness, 'event-loop')
    await renewals(harness, lease.token)
  } finally {
    isBusy = false
  }
  await until('the end', async () => (await refusedOf(harness, 'eventLoop')) === 0)
  await acquired(harness, 'after')
})
