import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'

let harness: Harness
let key = ''
let subjects = 0

beforeAll(async () => {
  const fixed = { algorithm: 'fixed-window', align: 'first-hit' }
  const policies = {
    'shop.user': { ...fixed, limit: 2, windowMs: 3_600_000 },
    'shop.user.path': { ...fixed, limit: 5, windowMs: 3_600_000 },
    'shop.odd': { limit: 5, windowMs: 1_500 },
    'shop.month': { algorithm: 'fixed-window', align: 'calendar', period: 'month', limit: 5 },
    'shop.shadow': { ...fixed, limit: 1, windowMs: 1_000, shadow: true },
  }
  harness = await startHarness({
    configFile: `policies: ${JSON.stringify(policies)}`,
    environment: { LOCKSTEP_COMPAT: 'true' },
  })
})
afterAll(() => harness.close())
beforeEach(() => {
  key = `s${subjects++}`
})

const entry = (name: string, value?: string) => ({ key: name, value })

describe('POST /json of envoyproxy/ratelimit', () => {
  const ask = (descriptors: object[], more: object = {}) =>
    harness.request('post', '/json').send({ domain: 'shop', descriptors, ...more })
  const user = () => ({ entries: [entry('user', key)] })

  it('answers 200 with what is left, and 429 beyond', async () => {
    const { body, headers } = await ask([user()]).expect(200)
    expect(body).toEqual({
      overallCode: 'OK',
      statuses: [
        {
          code: 'OK',
          currentLimit: { requestsPerUnit: 2, unit: 'HOUR' },
          limitRemaining: 1,
          durationUntilReset: '3600s',
        },
      ],
    })
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['cache-control']).toBe('private, no-store')
    // The answer leaves out fields that are 0, as protobuf's JSON does.
    expect((await ask([user()]).expect(200)).body.statuses[0]).not.toHaveProperty('limitRemaining')
    const denied = await ask([user()]).expect(429)
    expect(denied.body).toMatchObject({
      overallCode: 'OVER_LIMIT',
      statuses: [
        { code: 'OVER_LIMIT', durationUntilReset: expect.stringMatching(/^35\d\d\.\d{3}s$/) },
      ],
    })
    const { body: seen } = await harness
      .request('post', '/v1/ratelimits/shop.user/peek')
      .send({ key })
    expect(seen).toMatchObject({ allowed: false, remaining: 0 })
  })

  it('checks each descriptor for itself, and one that is over decides', async () => {
    const path = { entries: [entry('user', key), entry('path', '/a')] }
    await ask([user()], { hitsAddend: 2 }).expect(200)
    const { body } = await ask([user(), path]).expect(429)
    expect(body.statuses.map(({ code }: { code: string }) => code)).toEqual(['OVER_LIMIT', 'OK'])
    expect(body.statuses[1].limitRemaining).toBe(4)
    const stored = await harness
      .request('post', '/v1/ratelimits/shop.user.path/peek')
      .send({ key: `${key}/%2Fa` })
    expect(stored.body.remaining).toBe(4)
  })

  it('keeps lists of values apart', async () => {
    const both = (a: string, b: string) => ({ entries: [entry('user', a), entry('path', b)] })
    await ask([both(`${key}/a`, 'b')], { hitsAddend: 5 }).expect(200)
    await ask([both(key, 'a/b')], { hitsAddend: 5 }).expect(200)
    await ask([both(`${key}/a`, 'b')]).expect(429)
  })

  it('does not limit a descriptor without a policy', async () => {
    const { body } = await ask([{ entries: [entry('unknown', 'x')] }], { domain: 'a/b' }).expect(
      200,
    )
    expect(body).toEqual({ overallCode: 'OK', statuses: [{ code: 'OK' }] })
  })

  it.each([
    ['hitsAddend', 2],
    ['hits_addend', '2'],
  ])('takes %s %j, and that of a descriptor before it', async (field, hits) => {
    await ask([user()], { [field]: hits }).expect(200)
    await ask([{ ...user(), [field]: 1 }]).expect(429)
    const peeked = await ask([{ ...user(), [field]: 0 }]).expect(429)
    expect(peeked.body.statuses[0].code).toBe('OVER_LIMIT')
    const other = { entries: [entry('user', `${key}-b`)] }
    for (const _ of [1, 2, 3]) await ask([{ ...other, [field]: 0 }]).expect(200)
    // 0 for the whole request means 1, as in Envoy.
    await ask([other], { [field]: 0 }).expect(200)
    await ask([other]).expect(200)
    await ask([other]).expect(429)
  })

  it('counts a descriptor twice that is sent twice', async () => {
    await ask([user(), user()]).expect(200)
    await ask([user()]).expect(429)
  })

  it('names the unit where the window is one', async () => {
    const limitOf = async (name: string) =>
      (await ask([{ entries: [entry(name, key)] }])).body.statuses[0].currentLimit
    expect(await limitOf('odd')).toEqual({ requestsPerUnit: 5 })
    expect(await limitOf('month')).toEqual({ requestsPerUnit: 5, unit: 'MONTH' })
  })

  it('is OK where a limit is in shadow', async () => {
    const shadow = { entries: [entry('shadow', key)] }
    for (const _ of [1, 2, 3]) await ask([shadow]).expect(200)
  })

  it('takes values that are no valid key, and empty ones', async () => {
    for (const value of ['x'.repeat(600), 'a\nb', '..', undefined]) {
      const { body } = await ask([{ entries: [entry('odd', value)] }]).expect(200)
      expect(body.statuses[0].limitRemaining).toBe(4)
    }
  })

  it('takes JSON under any content type, as curl --data sends it', async () => {
    const text = JSON.stringify({ domain: 'shop', descriptors: [user()] })
    for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
      await harness.request('post', '/json').set('content-type', type).send(text).expect(200)
    }
  })

  it.each([
    ['no domain', { descriptors: [{ entries: [{ key: 'user' }] }] }, 'body/domain'],
    ['an empty domain', { domain: '', descriptors: [{ entries: [{ key: 'a' }] }] }, 'body/domain'],
    ['no descriptors', { domain: 'shop' }, 'body/descriptors'],
    ['an empty list', { domain: 'shop', descriptors: [] }, 'body/descriptors'],
    [
      'a limit of its own',
      { domain: 'shop', descriptors: [{ entries: [{ key: 'a' }], limit: {} }] },
      'body/descriptors/0/limit',
    ],
    [
      'hits below 0',
      { domain: 'shop', descriptors: [{ entries: [{ key: 'a' }] }], hitsAddend: -1 },
      'body/hitsAddend',
    ],
  ])('refuses %s', async (_what, body, pointer) => {
    const answer = await harness.request('post', '/json').send(body).expect(400)
    expect(answer.body.errors).toContainEqual(faultAt(pointer))
  })
})
