import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type Harness, startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { cacheDriver, leaseOf, leaseStatusOf } from './driver.js'
import { keysOf } from './keys.js'

/** Two instances: a change at one of them must wake the requests that wait at the other. */
const configFile =
  'spaces: { users: { staleMs: 60000, jitter: 0, leaseMs: 600000 }, brief: { leaseMs: 500 } }'
const harness = useHarness({ configFile })
const other = useHarness({ configFile })

const request = (instance: Harness, ...call: Parameters<Harness['request']>) =>
  instance.request(...call).set('lockstep-namespace', harness.namespace)
const ask = (instance: Harness, key: string, waitMs = 0, space = 'users') =>
  request(instance, 'get', at(key, space)).query({ lease: true, waitMs })
const win = async (key: string, space = 'users') =>
  leaseOf(await ask(harness, key, 0, space).expect(404)) as string
const fill = (key: string, token: string, value: string) =>
  request(harness, 'put', at(key)).set('lockstep-lease', token).send(value)

interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number | undefined>>
  readonly metricName?: string
}

/** /metrics caches a scrape for a second; the registry does not. */
async function samplesOf({ app }: Harness, name: string): Promise<readonly Sample[]> {
  return (await app.metrics.registry.getSingleMetric(name)?.get())?.values ?? []
}

const waitersAt = async (instance: Harness) =>
  (await samplesOf(instance, 'lockstep_cache_waiters'))[0]?.value ?? 0

/** Number of reads that an instance sent to Redis. */
async function readsOf(instance: Harness): Promise<number> {
  const samples = await samplesOf(instance, 'lockstep_redis_batch_calls')
  const sum = samples.find(
    ({ labels, metricName }) => labels.script === 'cache.read' && metricName?.endsWith('_sum'),
  )
  return sum?.value ?? 0
}

/** Sends requests to the other instance, and returns once they wait. */
async function waiting(key: string, count = 1) {
  const before = await waitersAt(other)
  const answers = Array.from({ length: count }, async () => ask(other, key, 30_000))
  await until('the waiters', async () => (await waitersAt(other)) === before + count)
  return answers
}

describe('a waiting request', () => {
  it('gets what the loader of another instance stores', async () => {
    const token = await win('load')
    const answers = await waiting('load', 20)
    await fill('load', token, 'the value').expect(201)
    for (const { status, text, headers } of await Promise.all(answers)) {
      expect([status, text, headers['lockstep-lease-status']]).toEqual([
        200,
        'the value',
        undefined,
      ])
    }
    expect(await waitersAt(other)).toBe(0)
  })

  it('costs no read of its own', async () => {
    const token = await win('shared')
    const answers = await waiting('shared', 50)
    const [before, began] = [await readsOf(other), performance.now()]
    await fill('shared', token, 'x').expect(201)
    await Promise.all(answers)
    const reads = (await readsOf(other)) - before
    // The instance also reads every second, without a message.
    expect(reads).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - began) / 1_000))
  })

  it('is answered held when its time is over', async () => {
    await win('timeout')
    const { status, headers, body } = await ask(other, 'timeout', 100)
    expect([status, headers['lockstep-lease-status'], body.code]).toEqual([
      404,
      'held',
      'cache-miss',
    ])
    expect(body.retryAfterMs).toBeGreaterThan(0)
  })

  it('does not wait for a stale value, a known absence or a back-off', async () => {
    const value = request(harness, 'put', `${at('w-stale')}?ttlMs=1000`).send('old')
    await value.expect(201)
    for (const instance of [harness, other]) instance.advance(2_000)
    await ask(harness, 'w-stale').expect(200)
    expect((await ask(other, 'w-stale', 30_000).expect(200)).text).toBe('old')

    const absent = request(harness, 'put', at('w-absent')).set('lockstep-negative', 'true')
    await absent.expect(201)
    await ask(other, 'w-absent', 30_000).expect(404)

    const token = await win('w-broken')
    const body = { token, failed: true, backoffMs: 600_000 }
    await request(harness, 'post', `${at('w-broken')}/lease/cancel`)
      .send(body)
      .expect(200)
    expect(leaseStatusOf(await ask(other, 'w-broken', 30_000).expect(404))).toBe('backoff')
  })

  it('is answered backoff when the load fails', async () => {
    const token = await win('failing')
    const [answer] = await waiting('failing')
    const body = { token, failed: true, backoffMs: 600_000 }
    await request(harness, 'post', `${at('failing')}/lease/cancel`)
      .send(body)
      .expect(200)
    expect(leaseStatusOf((await answer) as never)).toBe('backoff')
  })

  it.each([
    [
      'cancels',
      (key: string, token: string) =>
        request(harness, 'post', `${at(key)}/lease/cancel`)
          .send({ token })
          .expect(200),
    ],
    ['is voided by a DELETE', (key: string) => request(harness, 'delete', at(key)).expect(204)],
    [
      'is voided with the whole space',
      () =>
        request(harness, 'post', '/v1/cache/users/invalidate')
          .send({ all: true, mode: 'hard' })
          .expect(204),
    ],
    [
      'fills what a hard mark ended',
      async (key: string, token: string) => {
        const gone = { tags: ['gone'], mode: 'hard' }
        await request(harness, 'post', '/v1/cache/users/invalidate').send(gone).expect(204)
        await fill(key, token, 'late').set('surrogate-key', 'gone').expect(412)
      },
    ],
  ])('gets the lease, one of all that wait, when the loader %s', async (name, end) => {
    const key = `next: ${name}`
    const token = await win(key)
    const answers = await waiting(key, 5)
    await end(key, token)
    const first = await Promise.race(answers)
    expect(first.status).toBe(404)
    const next = leaseOf(first) as string
    expect(next).toMatch(/^[\w-]{22}\.\d+$/)
    expect(await waitersAt(other)).toBe(4)

    await fill(key, next, 'loaded').expect(201)

    const texts = (await Promise.all(answers)).map(({ text, status }) => status === 200 && text)
    expect(texts.filter((text) => text === 'loaded')).toHaveLength(4)
  })

  it('gets the lease when that of a dead loader runs out', async () => {
    await win('died', 'brief')
    // Does not wait for the waiter metric: the lease may expire first.
    const answers = [1, 2].map(async () => ask(other, 'died', 30_000, 'brief'))
    expect(leaseOf(await Promise.race(answers))).toMatch(/^[\w-]{22}\.\d+$/)
    // The lease of the first one expires after 500 ms as well.
    for (const answer of await Promise.all(answers))
      expect(leaseOf(answer)).toMatch(/^[\w-]{22}\.\d+$/)
  })

  it('reads by its timer where a message was lost', async () => {
    const token = await win('silent')
    const [answer] = await waiting('silent')
    // Simulates a write whose message was lost: copies an entry of the same partition.
    const to = keysOf(harness, 'silent')
    const twins = Array.from({ length: 2_000 }, (_, i) => `twin-${i}`)
    const twin = twins.find((name) => keysOf(harness, name).clock === to.clock) as string
    await fill(twin, await win(twin), 'x').expect(201)
    await harness.redis.copy(keysOf(harness, twin).entry, to.entry)
    expect(((await answer) as { text: string }).text).toBe('x')
    expect(token).toMatch(/^[\w-]{22}\.\d+$/)
  })

  it('waits on when another one times out', async () => {
    const token = await win('coming')
    const answers = await waiting('coming')
    await ask(other, 'coming', 50).expect(404)
    await fill('coming', token, 'x').expect(201)
    expect(((await answers[0]) as { text: string }).text).toBe('x')
  })

  it('is served only what its Cache-Control accepts', async () => {
    const token = await win('picky')
    const picky = ask(other, 'picky', 30_000).set('cache-control', 'min-fresh=1000')
    const first = picky.then((answer) => answer)
    await until('the first', async () => (await waitersAt(other)) === 1)
    const [second] = await waiting('picky')
    await request(harness, 'put', `${at('picky')}?ttlMs=5000`)
      .set('lockstep-lease', token)
      .send('short')
      .expect(201)
    expect(leaseOf(await first)).toMatch(/^[\w-]{22}\.\d+$/)
    expect((await second)?.text).toBe('short')
  })
})
const { at } = cacheDriver(harness)

describe('a client that went away', () => {
  /** @returns a function that closes the connection. */
  function call(key: string, query: string): () => void {
    const { port } = other.app.server.address() as AddressInfo
    const sent = httpRequest({
      port,
      path: `${at(key)}?${query}`,
      headers: { 'lockstep-namespace': harness.namespace },
    })
    sent.on('error', () => undefined)
    sent.end()
    return () => sent.destroy()
  }

  it('waits no longer', async () => {
    await win('gone')
    const hangUp = call('gone', 'lease=true&waitMs=30000')
    await until('the waiter', async () => (await waitersAt(other)) === 1)
    hangUp()
    await until('its end', async () => (await waitersAt(other)) === 0)
  })

  it('loses the lease that was on its way to it', async () => {
    const key = `won-and-gone-${randomUUID()}`
    const token = await win(key)
    const hangUp = call(key, 'lease=true&waitMs=30000')
    await until('the waiter', async () => (await waitersAt(other)) === 1)
    // The service writes the answer to the waiter after its client disconnected.
    const freed = request(harness, 'delete', at(key)).expect(204)
    hangUp()
    await freed
    await until('a free lease', async () => {
      const lease = leaseOf(await ask(harness, key))
      return lease !== undefined && lease !== token
    })
  })
})

it('answers waiting requests when the instance shuts down', async () => {
  const third = await startHarness()
  const token = await win('draining')
  const answer = request(third, 'get', at('draining'))
    .query({ lease: true, waitMs: 30_000 })
    .then((response) => response)
  await until('the waiter', async () => (await waitersAt(third)) === 1)
  const closed = third.close()
  expect(leaseStatusOf(await answer)).toBe('held')
  await closed
  await fill('draining', token, 'x').expect(201)
})
