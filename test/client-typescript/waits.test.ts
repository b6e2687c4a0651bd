import { expect, it } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { connect, connectThrough, refusal, urlOf } from './service.js'

const harness = useHarness()

const queueOf = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body.queueLength

it('waits longer than one request may, under one key, which keeps its place', async () => {
  const { token } = await connect(harness).locks.acquire('long', { ttlMs: 600_000 })
  const waits: number[] = []
  const keys = new Set<string>()
  const client = connect(harness, {
    // Each request waits a hundredth of what it asks for.
    fetch: (url, init) => {
      const body = JSON.parse(String(init?.body))
      waits.push(body.waitMs)
      keys.add(new Headers(init?.headers).get('idempotency-key') ?? '')
      return fetch(url, { ...init, body: JSON.stringify({ ...body, waitMs: body.waitMs / 100 }) })
    },
  })
  const waiting = client.locks.acquire('long', { waitMs: 3_600_000 })
  await until('it has asked three times', () => waits.length > 2)
  await connect(harness).locks.release('long', token)
  await waiting
  expect(waits.slice(0, 3)).toEqual([25_000, 25_000, 25_000])
  expect(keys.size).toBe(1)
})

it('goes on waiting at another instance when its own shuts down', async () => {
  const other = await startHarness()
  const { token } = await connect(harness).locks.acquire('moved', { ttlMs: 600_000 })
  const url = [urlOf(other), urlOf(harness)]
  const asked: string[] = []
  const client = connect(harness, {
    url,
    fetch: (to, init) => {
      asked.push(
        `${new URL(String(to)).origin} ${new Headers(init?.headers).get('idempotency-key')}`,
      )
      return fetch(to, init)
    },
  })
  const waiting = client.locks.acquire('moved', { waitMs: 600_000 })
  await until('it waits', async () => (await queueOf('moved')) === 1)
  const closed = other.close()
  await until('it waits elsewhere', () => asked.length > 1)
  other.app.server.closeIdleConnections()
  await closed
  await connect(harness).locks.release('moved', token)
  expect((await waiting).fence).toBeGreaterThan(0)
  const [key] = asked.map((one) => one.split(' ')[1])
  expect(asked.slice(0, 2)).toEqual(url.map((one) => `${one} ${key}`))
})

it.each(['overloaded', 'store-unavailable', 'draining', 'outcome-unknown'])(
  'repeats a call that is answered %s under the same key, no sooner than Retry-After',
  async (code) => {
    const at: number[] = []
    const client = connect(harness, {
      fetch: async (url, init) => {
        at.push(performance.now())
        const body = JSON.stringify({ code, status: 503, detail: 'in a test', retryAfterMs: 150 })
        const headers = { 'content-type': 'application/problem+json', 'retry-after': '1' }
        const answer = await fetch(url, init)
        return at.length === 1 ? new Response(body, { status: 503, headers }) : answer
      },
    })
    expect(await client.cache.increment('stats', code)).toBe(1n)
    expect(at).toHaveLength(2)
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(150)
  },
)

it('does not wait for a Retry-After beyond the time of the call', async () => {
  let asked = 0
  const client = connectThrough(harness, async () => {
    asked++
    return refusal(503, 'overloaded')
  })
  await expect(client.cache.increment('stats', 'late')).rejects.toMatchObject({
    code: 'overloaded',
  })
  expect(asked).toBe(1)
})

it('repeats no other refusal', async () => {
  let asked = 0
  const client = connectThrough(harness, async () => {
    asked++
    return refusal(429, 'rate-limited')
  })
  await expect(client.cache.increment('stats', 'no')).rejects.toMatchObject({
    code: 'rate-limited',
  })
  expect(asked).toBe(1)
})
