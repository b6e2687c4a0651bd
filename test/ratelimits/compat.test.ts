import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'

let harness: Harness
let key = ''
let subjects = 0

beforeAll(async () => {
  const fixed = { algorithm: 'fixed-window', align: 'first-hit' }
  const policies = {
    'shop.user': { ...fixed, limit: 2, windowMs: 60_000 },
    'shop.user.path': { ...fixed, limit: 5, windowMs: 3_600_000 },
    'shop.odd': { limit: 5, windowMs: 1_500 },
    'shop.month': { algorithm: 'fixed-window', align: 'calendar', period: 'month', limit: 5 },
    'shop.shadow': { ...fixed, limit: 1, windowMs: 1_000, shadow: true },
  }
  harness = await startHarness({ configFile: `policies: ${JSON.stringify(policies)}` })
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
          currentLimit: { requestsPerUnit: 2, unit: 'MINUTE' },
          limitRemaining: 1,
          durationUntilReset: '60s',
        },
      ],
    })
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['cache-control']).toBe('private, no-store')
    // What is 0 is left out, as protobuf's JSON does.
    expect((await ask([user()]).expect(200)).body.statuses[0]).not.toHaveProperty('limitRemaining')
    const denied = await ask([user()]).expect(429)
    expect(denied.body).toMatchObject({
      overallCode: 'OVER_LIMIT',
      statuses: [
        { code: 'OVER_LIMIT', durationUntilReset: expect.stringMatching(/^5\d\.\d{3}s$/) },
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

  it('limits nothing that no policy names', async () => {
    const { body } = await ask([{ entries: [entry('nobody', 'x')] }], { domain: 'a/b' }).expect(200)
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
    // 0 for the whole request is 1, as there.
    await ask([other], { [field]: 0 }).expect(200)
    await ask([other]).expect(200)
    await ask([other]).expect(429)
  })

  it('counts the same descriptor twice where it stands twice', async () => {
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

  it('takes values that can be no key, and none', async () => {
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
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
  })
})

describe('POST /v1/GetRateLimits of gubernator', () => {
  const ask = async (...requests: object[]) => {
    const { body } = await harness
      .request('post', '/v1/GetRateLimits')
      .send({ requests: requests.map((more) => ({ ...token(), ...more })) })
      .expect(200)
    return body.responses
  }
  const token = () => ({
    name: 'per_hour',
    unique_key: key,
    hits: 1,
    limit: 10,
    duration: 3_600_000,
  })
  const now = async () => {
    const [seconds] = await harness.redis.time()
    return Number(seconds) * 1_000
  }

  it('answers each request, integers as text', async () => {
    const answers = await ask({ hits: '3', limit: '10', duration: '3600000' }, { hits: 8 })
    const at = await now()
    expect(answers[0]).toEqual({
      status: 'UNDER_LIMIT',
      limit: '10',
      remaining: '7',
      reset_time: expect.stringMatching(/^\d{13}$/),
      error: '',
      metadata: {},
    })
    expect(Math.abs(Number(answers[0].reset_time) - at - 3_600_000)).toBeLessThan(60_000)
    expect(answers[1]).toMatchObject({ status: 'OVER_LIMIT', remaining: '7' })
  })

  it('takes camel case and snake case, and ignores what it does not know', async () => {
    const { body } = await harness.request('post', '/v1/GetRateLimits').send({
      requests: [
        { ...token(), unique_key: undefined, uniqueKey: key, metadata: {}, created_at: 1 },
      ],
    })
    expect(body.responses[0]).toMatchObject({ status: 'UNDER_LIMIT', remaining: '9', error: '' })
    expect(await ask({})).toMatchObject([{ remaining: '8' }])
  })

  it('asks only with no hits', async () => {
    for (const _ of [1, 2]) {
      expect(await ask({ hits: 0 })).toMatchObject([{ status: 'UNDER_LIMIT', remaining: '10' }])
    }
    await ask({ hits: 10 })
    expect(await ask({ hits: 0 })).toMatchObject([{ status: 'OVER_LIMIT', remaining: '0' }])
  })

  it('TOKEN_BUCKET is a window from the first hit', async () => {
    await ask({ hits: 10, algorithm: 'TOKEN_BUCKET' })
    harness.advance(3_599_000)
    expect(await ask({ algorithm: 0 })).toMatchObject([{ status: 'OVER_LIMIT' }])
    harness.advance(1_100)
    expect(await ask({})).toMatchObject([{ status: 'UNDER_LIMIT', remaining: '9' }])
  })

  it.each(['LEAKY_BUCKET', 1])('%s leaks evenly, up to its burst', async (algorithm) => {
    const leaky = { algorithm, burst: 5 }
    expect(await ask({ ...leaky, hits: 5 })).toMatchObject([{ remaining: '0' }])
    expect(await ask(leaky)).toMatchObject([{ status: 'OVER_LIMIT' }])
    harness.advance(361_000)
    expect(await ask(leaky)).toMatchObject([{ status: 'UNDER_LIMIT', remaining: '0' }])
  })

  it('changing the limit keeps the hits', async () => {
    await ask({ hits: 4 })
    expect(await ask({ limit: 20 })).toMatchObject([{ limit: '20', remaining: '15' }])
  })

  it.each(['RESET_REMAINING', 8, 9])('behavior %s starts afresh', async (behavior) => {
    await ask({ hits: 10 })
    expect(await ask({ behavior, hits: 3 })).toMatchObject([
      { status: 'UNDER_LIMIT', remaining: '10', reset_time: '0' },
    ])
    expect(await ask({})).toMatchObject([{ status: 'UNDER_LIMIT', remaining: '9' }])
  })

  it.each(['DRAIN_OVER_LIMIT', 32])('behavior %s takes what is left', async (behavior) => {
    await ask({ hits: 7 })
    expect(await ask({ behavior, hits: 5 })).toMatchObject([
      { status: 'OVER_LIMIT', remaining: '0' },
    ])
    expect(await ask({})).toMatchObject([{ status: 'OVER_LIMIT', remaining: '0' }])
    key = `${key}-fits`
    expect(await ask({ behavior, hits: 5 })).toMatchObject([
      { status: 'UNDER_LIMIT', remaining: '5' },
    ])
  })

  it('DURATION_IS_GREGORIAN ends with the period of the calendar', async () => {
    const gregorian = { behavior: 'DURATION_IS_GREGORIAN' }
    const answers = await ask(
      { ...gregorian, duration: 0, name: 'm' },
      { ...gregorian, duration: '5', name: 'y' },
      { ...gregorian, duration: 2, name: 'leaky', algorithm: 1 },
    )
    expect(answers.map(({ error }: { error: string }) => error)).toEqual(['', '', ''])
    const [minute, year] = answers.map(({ reset_time }: { reset_time: string }) =>
      new Date(Number(reset_time)).toISOString(),
    )
    expect(minute).toMatch(/:00\.000Z$/)
    expect(year).toMatch(/^\d{4}-01-01T00:00:00\.000Z$/)
  })

  it.each([
    [{ behavior: 'GLOBAL' }, /behavior GLOBAL/],
    [{ behavior: 16 }, /behavior 16/],
    [{ behavior: 'NONSENSE' }, /behavior NONSENSE/],
    [{ algorithm: 'SIEVE' }, /algorithm SIEVE/],
    [{ algorithm: 2 }, /algorithm 2/],
    [{ hits: -1 }, /hits/],
    [{ limit: 0 }, /limit/],
    [{ limit: '9223372036854775807' }, /limit/],
    [{ duration: 0 }, /duration/],
    [{ duration: 6, behavior: 4 }, /duration/],
    [{ unique_key: '' }, /unique_key/],
    [{ name: '' }, /name/],
    [{ algorithm: 1, limit: 1_000_000_000, duration: 1 }, /limit/],
  ])('answers %j with an error, and the others all the same', async (more, message) => {
    const [failed, fine] = await ask(more, { name: 'fine' })
    expect(failed.error).toMatch(message)
    expect(fine).toMatchObject({ error: '', remaining: '9' })
  })

  it('takes any name and any key', async () => {
    const odd = { name: 'requests per sec: a/b', unique_key: `${key} ${'x'.repeat(600)}\n` }
    expect(await ask(odd, odd)).toMatchObject([{ remaining: '9' }, { remaining: '8' }])
    expect(await ask({ ...odd, name: 'requests per sec: a/c' })).toMatchObject([{ remaining: '9' }])
  })

  it('takes up to 1000 requests', async () => {
    const many = await ask(...Array.from({ length: 1_000 }, (_, i) => ({ name: `n${i}` })))
    expect(many).toHaveLength(1_000)
    await harness
      .request('post', '/v1/GetRateLimits')
      .send({ requests: Array(1_001).fill(token()) })
      .expect(400)
  })
})
