import { beforeAll, expect, it } from 'vitest'
import { isProblem } from '../../clients/typescript/src/lockstep.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { connect, connectThroughFaults } from './service.js'

const harness = useHarness()
const patient = { timeoutMs: 60_000 }

beforeAll(async () => {
  const put = (name: string, policy: object) =>
    harness.request('put', `/v1/ratelimit-policies/${name}`).send(policy).expect(201)
  await put('one', { algorithm: 'sliding-log', limit: 1, windowMs: 3_600_000 })
  await put('flight', { algorithm: 'concurrency', limit: 1, leaseMs: 9_000 })
})

it('checks limits together, with the headers to pass on', async () => {
  const { limits } = connect(harness)
  const both = [
    { policy: 'one', key: 'user-7' },
    { name: 'address', algorithm: 'sliding-log' as const, limit: 9, windowMs: 60_000, key: '::1' },
  ]
  const first = await limits.check(both, patient)
  expect(first).toMatchObject({ allowed: true, decision: { remaining: 0 } })
  expect(first.headers).toMatchObject({ ratelimit: expect.stringContaining('"address";r=8') })
  const denied = await limits.check(both, patient)
  expect(denied.allowed).toBe(false)
  expect(Object.keys(denied.headers)).toContain('retry-after')
})

it('allows or denies, as asked, when the service does not answer', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  proxy.freeze()
  const limit = { policy: 'one', key: 'user-8' }
  const soon = { timeoutMs: 50 }
  expect(await client.limits.check(limit, soon)).toEqual({ allowed: true, headers: {} })
  const closed = await client.limits.check(limit, { ...soon, onNoAnswer: 'closed' })
  expect(closed).toEqual({ allowed: false, headers: {} })
})

it('throws for a policy that is not there, also where it would let calls pass', async () => {
  const checked = connect(harness).limits.check({ policy: 'none', key: 'k' }, patient)
  const error = await checked.catch((one) => one)
  expect(isProblem(error, 'policy-not-found')).toBe(true)
})

it('runs work under a concurrency lease, renews it, and frees its place', async () => {
  const { client, proxy } = await connectThroughFaults(harness)
  await client.limits.run('flight', { key: 'user-7' }, async () => {
    const second = client.limits.run('flight', { key: 'user-7' }, () => 'two')
    const error = await second.catch((one) => one)
    expect(isProblem(error, 'concurrency-limited')).toBe(true)
    await until('it is renewed', () => proxy.sent('/v1/ratelimits/flight/leases/renew') > 0)
  })
  expect(await client.limits.run('flight', { key: 'user-7' }, () => 'three')).toBe('three')
})
