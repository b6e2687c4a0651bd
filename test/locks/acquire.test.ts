import { describe, expect, it } from 'vitest'
import { lockKey } from '../../src/locks/keys.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'

const harness = useHarness()

const acquire = (name: string, body?: object) =>
  harness.request('post', `/v1/locks/${encodeURIComponent(name)}/acquire`).send(body)

const TOKEN = /^[A-Za-z0-9_-]{22}$/

describe('acquire', () => {
  it('answers an empty POST with a lease of 30 seconds', async () => {
    const { body } = await harness.request('post', '/v1/locks/empty/acquire').expect(200)

    expect(body).toEqual({
      name: 'empty',
      token: expect.stringMatching(TOKEN),
      fence: expect.any(Number),
      mode: 'exclusive',
      expiresInMs: expect.any(Number),
      waitedMs: 0,
      holdCount: 1,
    })
    expect(body.expiresInMs).toBeGreaterThan(25_000)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
  })

  it('grants exactly one of 200 who ask at the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => acquire('race')))

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 423)).toHaveLength(199)
  })

  it('answers the loser who holds the lock, and when to retry', async () => {
    const { body: held } = await acquire('busy', {
      ttlMs: 90_000,
      owner: 'a',
      metadata: { job: 7 },
    })

    const { body, headers } = await acquire('busy').expect(423)

    expect(headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(headers['retry-after']).toBe('30')
    expect(body).toMatchObject({
      type: '/errors/lock-held',
      status: 423,
      code: 'lock-held',
      holders: [{ owner: 'a', metadata: { job: 7 }, fence: held.fence }],
      holderCount: 1,
      queueLength: 0,
    })
    expect(body.retryAfterMs).toBeGreaterThan(60_000)
    expect(JSON.stringify(body)).not.toContain(held.token)
  })

  it('gives every new lease a higher fence', async () => {
    const first = await acquire('fences')
    await harness
      .request('post', '/v1/locks/fences/release')
      .send({ token: first.body.token })
      .expect(200)
    const second = await acquire('fences').expect(200)

    expect(second.body.fence).toBeGreaterThan(first.body.fence)
  })

  it('grants the lock again once the lease has expired', async () => {
    const first = await acquire('over', { ttlMs: 20_000 })
    harness.advance(20_001)

    const second = await acquire('over').expect(200)

    expect(second.body.fence).toBeGreaterThan(first.body.fence)
  })

  it('keeps the fence growing when its counter is lost', async () => {
    const first = await acquire('lost-fence', { ttlMs: 20_000 })
    await harness.redis.del(`ls:{${harness.namespace}:${harness.lockTag('lost-fence')}}:fence`)
    harness.advance(20_001)

    const second = await acquire('lost-fence').expect(200)

    expect(second.body.fence).toBeGreaterThan(first.body.fence)
  })

  it('takes ttlMs from the query, but not twice', async () => {
    const { body } = await harness.request('post', '/v1/locks/query/acquire?ttlMs=5000').expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(5_000)

    const twice = await harness
      .request('post', '/v1/locks/query/acquire?ttlMs=5000')
      .send({ ttlMs: 5_000 })
      .expect(400)
    expect(twice.body.errors).toEqual([faultAt('query/ttlMs')])
  })

  it('leaves no key without an expiry', async () => {
    await acquire('bounded', { ttlMs: 5_000 })

    const lock = lockKey(harness.namespace, harness.lockTag('bounded'), 'bounded')
    expect(await harness.redis.pttl(lock)).toBeGreaterThan(0)
    expect(
      await harness.redis.pttl(`ls:{${harness.namespace}:${harness.lockTag('bounded')}}:fence`),
    ).toBeGreaterThan(0)
  })
})

describe('acquire with an idempotency key', () => {
  const keyed = (name: string, key: string, body?: object) =>
    acquire(name, body).set('idempotency-key', key)

  it('gives the same request the same lease', async () => {
    const first = await keyed('again', 'k1').expect(200)
    const second = await keyed('again', 'k1').expect(200)

    expect(second.headers['idempotent-replayed']).toBe('true')
    expect(second.body).toEqual({ ...first.body, expiresInMs: expect.any(Number) })
  })

  it('gives the same request what is left of its lease', async () => {
    const first = await keyed('left', 'k0').expect(200)
    harness.advance(10_000)
    const second = await keyed('left', 'k0').expect(200)

    // Each answer subtracts the time that its own call took.
    expect(second.body.expiresInMs).toBeLessThanOrEqual(20_000)
    expect(second.body.expiresInMs).toBeGreaterThan(0)
    expect(second.body.fence).toBe(first.body.fence)
  })

  it('refuses another request under the same key', async () => {
    await keyed('conflict', 'k2').expect(200)

    const { body } = await keyed('conflict', 'k2', { ttlMs: 5_000 }).expect(422)
    expect(body.code).toBe('idempotency-conflict')
  })

  it('says that the lease of the first request has ended', async () => {
    const first = await keyed('gone', 'k3', { ttlMs: 20_000 }).expect(200)
    harness.advance(20_001)

    const { body } = await keyed('gone', 'k3', { ttlMs: 20_000 }).expect(410)
    expect(body).toMatchObject({ code: 'lease-expired', fence: first.body.fence })
  })

  it('never grants a second lease under the key, even when the end of the first is forgotten', async () => {
    const { body } = await keyed('forgotten', 'k7').expect(200)
    await harness.request('post', '/v1/locks/forgotten/release').send({ token: body.token })
    const ended = `ls:{${harness.namespace}:${harness.lockTag('forgotten')}}:ended:forgotten`
    expect(await harness.redis.del(ended)).toBe(1)

    const repeat = await keyed('forgotten', 'k7').expect(410)
    expect(repeat.body).toMatchObject({ code: 'lease-released', fence: body.fence })
  })

  it('does not remember a refusal', async () => {
    const { body } = await acquire('later')
    await keyed('later', 'k4').expect(423)
    await harness.request('post', '/v1/locks/later/release').send({ token: body.token }).expect(200)

    await keyed('later', 'k4').expect(200)
  })
})

describe('bad input', () => {
  it.each([
    ['a ttl below the bound', { ttlMs: 99 }, 'body/ttlMs'],
    ['a ttl sent as text', { ttlMs: '5000' }, 'body/ttlMs'],
    ['a misspelt field', { ttl: 1 }, 'body/ttl'],
    ['an empty owner', { owner: '' }, 'body/owner'],
    ['an owner of 201 bytes', { owner: 'ä'.repeat(101) }, 'body/owner'],
    ['metadata that is no object', { metadata: 7 }, 'body/metadata'],
    ['metadata above 1 KiB', { metadata: { a: 'x'.repeat(1_024) } }, 'body/metadata'],
  ])('answers 400 for %s', async (_what, body, pointer) => {
    const response = await acquire('bad', body).expect(400)

    expect(response.body.code).toBe('invalid-request')
    expect(response.body.errors).toEqual([faultAt(pointer)])
  })

  it('answers 400 for JSON that cannot be read', async () => {
    const response = await harness
      .request('post', '/v1/locks/bad/acquire')
      .set('content-type', 'application/json')
      .send('{"ttlMs":')
      .expect(400)

    expect(response.body.code).toBe('invalid-request')
  })

  it('answers 415 for a form, and says what to send', async () => {
    const { body } = await harness
      .request('post', '/v1/locks/bad/acquire')
      .type('form')
      .send('ttlMs=5')
      .expect(415)

    expect(body.detail).toContain('curl --json')
  })
})
