import { expect, it, onTestFinished, vi } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { start } from '../support/managed.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

const harness = useHarness({ environment: { LOCKSTEP_LOG_SAMPLE: '1' } })

const lineOf = (id: string) =>
  until('its line', () => {
    const line = harness.log.find((text) => text.includes(`"reqId":"${id}"`))
    return line && (JSON.parse(line) as Record<string, unknown>)
  })

it('has caller, route, outcome and Redis time of a request', async () => {
  await harness
    .request('post', '/v1/locks/logged/acquire')
    .set('x-request-id', 'one')
    .set('traceparent', `00-${TRACE}-00f067aa0ba902b7-01`)
    .expect(200)

  const line = await lineOf('one')
  expect(line).toMatchObject({
    level: 30,
    method: 'POST',
    route: '/v1/locks/:name/acquire',
    status: 200,
    outcome: 'ok',
    namespace: harness.namespace,
    address: '127.0.0.1',
    traceId: TRACE,
    msg: 'request',
  })
  expect(line.redisMs).toBeGreaterThan(0)
  expect(line.redisMs).toBeLessThanOrEqual(line.ms as number)
})

it('has no Redis time for a request that made no call', async () => {
  await harness.request('get', '/livez').set('x-request-id', 'two').expect(200)
  expect(await lineOf('two')).not.toHaveProperty('redisMs')
})

it('logs an error of the caller at info, with its code', async () => {
  await harness.request('post', '/v1/locks/logged/acquire').set('x-request-id', 'three').expect(423)
  expect(await lineOf('three')).toMatchObject({ level: 30, status: 423, outcome: 'lock-held' })
})

it('adds Redis time to the request that made the call, among many', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `many-${i}`)
  await Promise.all(
    ids.map((id, i) =>
      i % 2 === 0
        ? harness.request('post', `/v1/locks/${id}/acquire`).set('x-request-id', id).expect(200)
        : harness.request('get', '/livez').set('x-request-id', id).expect(200),
    ),
  )
  for (const [i, id] of ids.entries()) {
    expect([id, 'redisMs' in (await lineOf(id))]).toEqual([id, i % 2 === 0])
  }
})

it('names the caller', async () => {
  const locked = await startHarness({
    environment: { LOCKSTEP_LOG_SAMPLE: '1' },
    configFile: tokensYaml([{ token: 'secret', name: 'shop', scopes: ['locks:write'] }]),
  })
  await locked
    .request('post', '/v1/locks/logged/acquire')
    .set('authorization', 'Bearer secret')
    .expect(200)
  await locked.request('get', '/livez').expect(200)
  const lines = await until('two lines', () => {
    const found = locked.log.filter((line) => line.includes('"reqId"'))
    return found.length === 2 && found.map((line) => JSON.parse(line))
  })
  const [called, open] = lines
  expect(called).toMatchObject({ caller: 'shop', namespace: locked.namespace })
  expect(open).not.toHaveProperty('caller')
  await locked.close()
})

it('logs an expected failure a few times without a stack, then its count', async () => {
  const redis = await start()
  const away = await startHarness({ redisUrl: redis.url })
  await redis.stop()
  await until('the loss', () => !away.connection.isReady())
  const ask = () => away.request('post', '/v1/locks/away/acquire').expect(503)
  // The test says when the second is over.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  await Promise.all(Array.from({ length: 12 }, ask))
  await until('all are over', async () =>
    /_seconds_count\{.*acquire",status="503"\} 12/.test(await away.app.metrics.registry.metrics()),
  )
  vi.advanceTimersByTime(1_000)
  const lines = away.log.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome)
  const said = lines.filter(({ count }) => count === undefined)
  expect(said).toHaveLength(5)
  for (const line of said) {
    expect(line).toMatchObject({ level: 40, outcome: 'store-unavailable', msg: 'request failed' })
    expect(line).not.toHaveProperty('err')
  }
  expect(lines.filter(({ count }) => count)).toMatchObject([
    { level: 40, outcome: 'store-unavailable', count: 7, msg: 'more requests failed' },
  ])
  await away.close()
})
