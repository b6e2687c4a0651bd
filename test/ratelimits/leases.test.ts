import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { limitKey } from '../../src/ratelimits/keys.js'
import { createLimitLeaseStore } from '../../src/ratelimits/leases/store.js'
import { useHarness } from '../support/harness.js'
import { faultAt, placeOf } from '../support/request-faults.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)
const { subject } = limits
let store: ReturnType<typeof createLimitLeaseStore>

/** Long enough that the duration of the test does not matter. */
const POLICY = { algorithm: 'concurrency', limit: 3, leaseMs: 1_000_000 } as const

beforeAll(async () => {
  store = createLimitLeaseStore(harness.binder)
  await limits.put('exports', POLICY).expect(201)
})

const post = (path: string, body: object, policy = 'exports') =>
  harness.request('post', `/v1/ratelimits/${policy}/leases${path}`).send(body)
const acquire = (key: string, more: object = {}, query = '') =>
  post(`/acquire${query}`, { key, ...more })
const stateKey = (key: string) =>
  limitKey(harness.namespace, 'n', { name: 'exports', key, inline: false })

describe('a lease', () => {
  it('is granted while there is room, and makes room when it is released', async () => {
    const key = subject()
    const leases = []
    for (const remaining of [2, 1, 0]) {
      const { body } = await acquire(key).expect(200)
      expect(body).toMatchObject({ policy: 'exports', key, allowed: true, limit: 3, remaining })
      expect(body.expiresInMs).toBeGreaterThan(800_000)
      expect(body.expiresInMs).toBeLessThanOrEqual(1_000_000)
      leases.push(body.token)
    }
    const denied = await acquire(key).expect(200)
    expect(denied.body).toMatchObject({ allowed: false, remaining: 0, unsatisfiable: false })
    expect(denied.body).not.toHaveProperty('token')

    const released = await post('/release', { key, token: leases[1] }).expect(200)
    expect(released.body).toEqual({ policy: 'exports', key, released: true })
    expect((await acquire(key)).body.allowed).toBe(true)
  })

  it('expires and makes room for another', async () => {
    const key = subject()
    for (let i = 0; i < 3; i++) {
      await acquire(key)
      harness.advance(100_000)
    }
    const { body, headers } = await acquire(key)
    expect(body.retryAfterMs).toBeGreaterThan(500_000)
    expect(body.retryAfterMs).toBeLessThanOrEqual(700_000)
    expect(headers['retry-after']).toBe(String(Math.ceil(body.retryAfterMs / 1_000)))
    harness.advance(body.retryAfterMs)
    expect((await acquire(key)).body).toMatchObject({ allowed: true, remaining: 0 })
    expect((await acquire(key)).body.allowed).toBe(false)
  })

  it('lives its time from the last renewal', async () => {
    const key = subject()
    const { body } = await acquire(key, { weight: 3 })
    const { token } = body
    for (let i = 0; i < 3; i++) {
      harness.advance(800_000)
      const renewed = await post('/renew', { key, token }).expect(200)
      expect(renewed.body).toMatchObject({ policy: 'exports', key, token })
      expect(renewed.body.expiresInMs).toBeGreaterThan(800_000)
    }
    expect((await acquire(key)).body.allowed).toBe(false)
    harness.advance(1_000_000)
    const late = await post('/renew', { key, token }).expect(410)
    expect(late.body.code).toBe('lease-expired')
    expect((await acquire(key, { weight: 3 })).body.allowed).toBe(true)
  })

  it('may weigh more than one', async () => {
    const key = subject()
    await acquire(key, { weight: 2 })
    expect((await acquire(key, { weight: 2 })).body).toMatchObject({ allowed: false, remaining: 1 })
    expect((await acquire(key)).body.allowed).toBe(true)
    const { body, headers } = await acquire(subject(), { weight: 4 })
    expect(body).toMatchObject({ allowed: false, unsatisfiable: true })
    expect(body).not.toHaveProperty('retryAfterMs')
    expect(headers).not.toHaveProperty('retry-after')
  })

  it('waits for as many to end as it needs', async () => {
    const key = subject()
    for (let i = 0; i < 3; i++) {
      await acquire(key)
      harness.advance(100_000)
    }
    const { body } = await acquire(key, { weight: 2 })
    expect(body.retryAfterMs).toBeGreaterThan(650_000)
    expect(body.retryAfterMs).toBeLessThanOrEqual(800_000)
  })

  it('is denied with 429 and headers on request', async () => {
    const key = subject()
    const { headers } = await acquire(key, { weight: 3 })
    expect(headers['ratelimit-policy']).toBe('"exports";q=3;qu="concurrent-requests";w=1000')
    expect(headers.ratelimit).toBe('"exports";r=0;t=1000')
    const denied = await acquire(key, {}, '?onDeny=reject').expect(429)
    expect(denied.body).toMatchObject({ code: 'concurrency-limited', key, limit: 3, remaining: 0 })
    expect(denied.body.detail).toBe('exports has no room for this request: 0 remain.')
    expect(denied.body.retryAfterMs).toBeGreaterThan(0)
  })

  it('is released once; a second release ends no other lease', async () => {
    const key = subject()
    const { body } = await acquire(key)
    const release = () => post('/release', { key, token: body.token }).expect(200)
    expect((await release()).body.released).toBe(true)
    await acquire(key)
    expect((await release()).body.released).toBe(false)
    expect((await acquire(key)).body.remaining).toBe(1)
    const foreign = await post('/release', { key: subject(), token: body.token })
    expect(foreign.body.released).toBe(false)
    await post('/renew', { key, token: body.token }).expect(410)
  })

  it('is one for one idempotency key, until it is over', async () => {
    const key = subject()
    const ask = () => acquire(key).set('idempotency-key', 'attempt-1')
    const first = await ask().expect(200)
    harness.advance(200_000)
    const again = await ask().expect(200)
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(again.body).toMatchObject({ allowed: true, token: first.body.token, remaining: 2 })
    expect(again.body.expiresInMs).toBeLessThanOrEqual(800_000)
    await acquire(key, { weight: 2 }).set('idempotency-key', 'attempt-1').expect(422)

    await post('/release', { key, token: first.body.token })
    const late = await ask().expect(410)
    expect(late.body.code).toBe('lease-expired')
  })

  it('of a denied call is not remembered', async () => {
    const key = subject()
    const { body } = await acquire(key, { weight: 3 })
    const ask = () => acquire(key).set('idempotency-key', 'attempt-1')
    expect((await ask()).body.allowed).toBe(false)
    await post('/release', { key, token: body.token })
    expect((await ask()).body.allowed).toBe(true)
  })

  it('is granted exactly as often as there is room, to concurrent calls', async () => {
    await limits.put('many', { ...POLICY, limit: 50 }).expect(201)
    const key = subject()
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => post('/acquire', { key }, 'many').expect(200)),
    )
    const granted = answers.filter(({ body }) => body.allowed)
    expect(granted).toHaveLength(50)
    expect(new Set(granted.map(({ body }) => body.token)).size).toBe(50)
  })

  it('obeys the override and the block of its subject', async () => {
    const key = subject()
    await harness
      .request('put', `/v1/ratelimit-policies/exports/overrides/${key}`)
      .send({ limit: 1 })
      .expect(201)
    expect((await acquire(key)).body).toMatchObject({ allowed: true, limit: 1, remaining: 0 })
    expect((await acquire(key)).body.allowed).toBe(false)

    const other = subject()
    await limits.post('exports/block', { key: other, ttlMs: 500_000 }).expect(200)
    const { body } = await acquire(other)
    expect(body).toMatchObject({ allowed: false, blocked: true })
    expect(body.retryAfterMs).toBeGreaterThan(400_000)
  })

  it('is forgotten by a reset', async () => {
    const key = subject()
    await acquire(key, { weight: 3 })
    await limits.post('exports/reset', { key }).expect(200)
    expect((await acquire(key)).body).toMatchObject({ allowed: true, remaining: 2 })
  })
})

describe('what is in flight', () => {
  const inspect = (key: string, policy = 'exports') =>
    harness.request('get', `/v1/ratelimits/${policy}/leases`).query({ key })

  it('is returned by GET', async () => {
    const key = subject()
    const { body, headers } = await inspect(key).expect(200)
    const free = { policy: 'exports', key, limit: 3, inFlight: 0, leases: 0, remaining: 3 }
    expect(body).toEqual({ ...free, resetAfterMs: 0 })
    expect(headers.ratelimit).toBe('"exports";r=3;t=0')

    const { token } = (await acquire(key, { weight: 2 }).expect(200)).body
    harness.advance(0.4 * POLICY.leaseMs)
    await acquire(key).expect(200)
    const both = (await inspect(key).expect(200)).body
    expect(both).toMatchObject({ inFlight: 3, leases: 2, remaining: 0 })
    expect(both.resetAfterMs).toBeGreaterThan(0.6 * POLICY.leaseMs)
    expect(JSON.stringify(both)).not.toContain(token)
    harness.advance(0.6 * POLICY.leaseMs)
    expect((await inspect(key).expect(200)).body).toMatchObject({
      inFlight: 1,
      leases: 1,
      remaining: 2,
    })
    harness.advance(0.4 * POLICY.leaseMs)
    await inspect(key).expect(200)
    expect(await harness.redis.exists(stateKey(key))).toBe(0)
  })

  it('shows the override and the block of the subject', async () => {
    const key = subject()
    const { put, post } = limits
    await put('inspected', POLICY).expect(201)
    await harness
      .request('put', `/v1/ratelimit-policies/inspected/overrides/${key}`)
      .send({ limit: 5 })
      .expect(201)
    await post('inspected/block', { key, ttlMs: 600_000 }).expect(200)
    const { body } = await inspect(key, 'inspected').expect(200)
    expect(body).toMatchObject({ limit: 5, remaining: 5 })
    expect(body.blockExpiresInMs).toBeGreaterThan(500_000)
  })

  it('is nothing of a policy that counts calls', async () => {
    await limits.put('calls', { limit: 1, windowMs: 1_000 })
    await inspect('k', 'calls').expect(400)
    await inspect('k', 'nowhere').expect(404)
  })
})

describe('the key of a subject', () => {
  it('expires with the last lease', async () => {
    const key = subject()
    const first = (await acquire(key)).body
    harness.advance(600_000)
    const second = (await acquire(key)).body
    expect(await harness.redis.pttl(stateKey(key))).toBeGreaterThan(900_000)

    await post('/release', { key, token: second.token })
    const left = await harness.redis.pttl(stateKey(key))
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(400_000)
    await post('/release', { key, token: first.token })
    expect(await harness.redis.exists(stateKey(key))).toBe(0)
  })

  it('contains no expired lease', async () => {
    const key = subject()
    await acquire(key, { weight: 3 })
    harness.advance(1_000_000)
    await acquire(key)
    // Two members remain: the lease and the sum of weights.
    expect(await harness.redis.zcard(stateKey(key))).toBe(2)
    expect(await harness.redis.zscore(stateKey(key), 'used')).toBe('1')
  })

  it('does not exist after a late renewal', async () => {
    const key = subject()
    const { body } = await acquire(key)
    harness.advance(1_000_000)
    await post('/renew', { key, token: body.token }).expect(410)
    expect(await harness.redis.exists(stateKey(key))).toBe(0)
  })
})

describe('a policy of concurrency', () => {
  it('reports how much may be in flight', async () => {
    const { body } = await harness.request('get', '/v1/ratelimit-policies/exports').expect(200)
    expect(body).toMatchObject({ ...POLICY, maxInAnyWindow: 3 })
  })

  it.each([
    ['leaseMs', { limit: 3 }],
    ['limit', { limit: 10_001, leaseMs: 1_000 }],
    ['windowMs', { limit: 3, leaseMs: 1_000, windowMs: 1_000 }],
    ['shadow', { limit: 3, leaseMs: 1_000, shadow: true }],
    ['onError', { limit: 3, leaseMs: 1_000, onError: 'open' }],
  ])('is refused with a pointer to %s: %j', async (field, policy) => {
    const { body } = await limits.put('faulty', { algorithm: 'concurrency', ...policy }).expect(400)
    expect(body.errors).toEqual([faultAt(`body/${field}`)])
  })

  it('is not asked with check, and others have no leases', async () => {
    const { check, put } = limits
    const answer = await check({ limits: [{ policy: 'exports', key: 'k' }] }).expect(400)
    expect(placeOf(answer.body.errors[0])).toBe('body/limits/0/policy')
    const short = limits.post('exports/check', { key: 'k' })
    expect((await short.expect(400)).body.code).toBe('invalid-request')
    await limits.post('exports/refund', { key: 'k' }).expect(400)
    await check({
      limits: [{ name: 'a', algorithm: 'concurrency', limit: 1, key: 'k' }],
    }).expect(400)

    await put('calls', { limit: 3, windowMs: 1_000 })
    await post('/acquire', { key: 'k' }, 'calls').expect(400)
    await post('/acquire', { key: 'k' }, 'unknown').expect(404)
    await post('/renew', { key: 'k', token: 'used' }).expect(400)
  })
})

/** A lease that was granted. Real time goes on, so its end is known to a few ms. */
interface Known {
  readonly weight: number
  earliest: number
  latest: number
  released: boolean
}

/** In ms; no lease ends within this time after a call begins. */
const SLACK = 1_000

it('answers like its model', async () => {
  const operation = fc.oneof(
    fc.record({ verb: fc.constant('acquire' as const), weight: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ verb: fc.constantFrom('renew' as const, 'release' as const), pick: fc.nat(20) }),
  )
  const step = fc.record({ advanceMs: fc.nat({ max: 6_000 }), operation })
  const policy = { algorithm: 'concurrency', limit: 5, leaseMs: 15_000 } as const
  let advanced = 0
  const advance = (ms: number) => {
    harness.advance(ms)
    advanced += ms
  }
  const now = () => performance.now() + advanced

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const limit = { name: 'm', key: randomUUID(), inline: false, policy }
      const leases = new Map<string, Known>()
      const isLive = ({ released, latest }: Known) => !released && latest > now()
      const isClose = (lease: Known) => isLive(lease) && lease.earliest < now() + SLACK
      for (const { advanceMs, operation } of steps) {
        advance(advanceMs)
        while ([...leases.values()].some(isClose)) advance(SLACK)
        const began = now()
        const live = [...leases.values()].filter(isLive)
        const ends = () => ({ earliest: began + policy.leaseMs, latest: now() + policy.leaseMs })
        let expected: unknown
        let answer: unknown
        if (operation.verb === 'acquire') {
          const { weight } = operation
          const used = live.reduce((sum, lease) => sum + lease.weight, 0)
          const fits = used + weight <= policy.limit
          const reply = await store.acquire(harness.namespace, limit, weight, undefined)
          if (fits) leases.set(reply.lease, { weight, released: false, ...ends() })
          expected = fits ? ['granted', used + weight] : ['denied', used]
          answer = [reply.kind, reply.used]
        } else if (leases.size > 0) {
          const [id, lease] = [...leases][operation.pick % leases.size]!
          expected = live.includes(lease)
          if (operation.verb === 'renew') {
            answer = (await store.renew(harness.namespace, limit, id)) !== undefined
            if (expected) Object.assign(lease, ends())
          } else {
            answer = await store.release(harness.namespace, limit, id)
            lease.released = true
          }
        }
        // The machine paused, so the model cannot know which leases expired.
        if (now() - began > SLACK) return
        expect(answer).toEqual(expected)
      }
    }),
    { numRuns: 40 },
  )
})
