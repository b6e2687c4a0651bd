import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const harness = useHarness()

/** Gives a key of the board the wrong type, so that a script fails after its first write. */
async function breakBoard(board: string): Promise<{ places: string }> {
  const tag = `ls:{${harness.namespace}:b:${board}}:all`
  await harness.redis.set(`${tag}:order`, 'no sorted set')
  return { places: `${tag}:places` }
}

const submit = (board: string, headers: Record<string, string> = {}) =>
  harness
    .request('post', `/v1/leaderboards/${board}/scores`)
    .set(headers)
    .send({ entries: [{ member: 'ada', score: 1 }] })

interface Line {
  readonly level: number
  readonly err?: { readonly cause?: { readonly message: string } }
}
const errorsSince = (from: number): Line[] =>
  harness.log
    .slice(from)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ level }) => level >= 50)

describe('a script that fails half-way', () => {
  it('is outcome-unknown if it has written', async () => {
    await breakBoard('written')
    const { body } = await submit('written').expect(503)
    expect(body).toMatchObject({ code: 'outcome-unknown' })
    const key = `ls:{${harness.namespace}:b:written}:board`
    expect(await harness.redis.hexists(key, 'version')).toBe(1)
  })

  it('is outcome-unknown if it only reads', async () => {
    await submit('read').expect(200)
    await harness.redis.del(`ls:{${harness.namespace}:b:read}:all:order`)
    await breakBoard('read')
    const { body } = await harness.request('get', '/v1/leaderboards/read/entries').expect(503)
    expect(body).toMatchObject({ code: 'outcome-unknown' })
  })

  it('names its error in the log and in the metrics, not in the answer', async () => {
    await breakBoard('logged')
    const from = harness.log.length
    const { text } = await submit('logged').expect(503)
    expect(text).not.toContain('WRONGTYPE')
    expect(errorsSince(from)).toMatchObject([
      { err: { cause: { message: expect.stringContaining('WRONGTYPE') } } },
    ])
    const metrics = await harness.request('get', '/metrics').expect(200)
    expect(metrics.text).toMatch(/^lockstep_redis_errors_total\{kind="script-error"\} [1-9]/m)
  })

  it('does not fail a limit open: only an outage does', async () => {
    const policy = '/v1/ratelimit-policies/broken'
    await harness.request('put', policy).send({ limit: 1, windowMs: 60_000 }).expect(201)
    await harness.redis.hset(`ls:{${harness.namespace}:r:k}:g:broken`, 'no', 'string')
    const check = () => harness.request('post', '/v1/ratelimits/broken/check').send({ key: 'k' })
    expect((await check().expect(503)).body.code).toBe('outcome-unknown')
    expect((await check().expect(503)).body.code).toBe('outcome-unknown')
  })

  it('leaves no lock that no caller could release', async () => {
    const timers = `ls:{${harness.namespace}:${harness.lockTag('half')}}:timers`
    await harness.redis.del(timers)
    await harness.redis.set(timers, 'no sorted set')
    const acquire = () => harness.request('post', '/v1/locks/half/acquire').send({ ttlMs: 600_000 })
    expect((await acquire().expect(503)).body.code).toBe('outcome-unknown')
    await harness.redis.del(timers)

    await until('it is free', async () => (await acquire()).status === 200)
  })
})
