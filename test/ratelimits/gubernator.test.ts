import { beforeEach, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'

const harness = useHarness({ environment: { LOCKSTEP_COMPAT: 'true' } })
let key = ''
let subjects = 0

beforeEach(() => {
  key = `s${subjects++}`
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

  it('sends a hundred at a time to Redis, so that others get their turn', async () => {
    const batches = async () => {
      const name = 'lockstep_redis_batch_calls'
      const text = await harness.app.metrics.registry.getSingleMetricAsString(name)
      const count = /_count\{script="ratelimits.check"\} (\d+)/.exec(text)
      return Number(count?.[1] ?? 0)
    }
    const before = await batches()
    const answers = await ask(...Array(256).fill({ limit: 250 }))
    // Calls that are sent in one turn would need only two batches.
    expect((await batches()) - before).toBeGreaterThanOrEqual(3)
    const under = answers.map(({ status }: { status: string }) => status === 'UNDER_LIMIT')
    expect(under).toEqual([...Array(250).fill(true), ...Array(6).fill(false)])
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

  it('only peeks without hits', async () => {
    for (const _ of [1, 2]) {
      expect(await ask({ hits: 0 })).toMatchObject([{ status: 'UNDER_LIMIT', remaining: '10' }])
    }
    await ask({ hits: 10 })
    expect(await ask({ hits: 0 })).toMatchObject([{ status: 'OVER_LIMIT', remaining: '0' }])
  })

  it('TOKEN_BUCKET is a window from the first hit', async () => {
    const duration = 3_600_000_000
    await ask({ hits: 10, duration, algorithm: 'TOKEN_BUCKET' })
    harness.advance(3_599_000_000)
    expect(await ask({ duration, algorithm: 0 })).toMatchObject([{ status: 'OVER_LIMIT' }])
    harness.advance(1_000_100)
    expect(await ask({ duration })).toMatchObject([{ status: 'UNDER_LIMIT', remaining: '9' }])
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
