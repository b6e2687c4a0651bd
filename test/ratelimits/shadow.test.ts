import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { untilNoonMs } from '../support/noon.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const limits = limitDriver(harness)

beforeAll(() => harness.advance(untilNoonMs()))

const WINDOW = { algorithm: 'fixed-window', windowMs: 86_400_000 }
const dark = (key: string, limit: number) => ({ name: 'dark', key, limit, ...WINDOW, shadow: true })
const real = (key: string, limit: number) => ({ name: 'real', key, limit, ...WINDOW })

describe('a limit in shadow', () => {
  it('never denies, and says what it would have said', async () => {
    const key = randomUUID()
    const body = { limits: [real(key, 10), dark(key, 1)] }
    await limits.check(body)
    const second = (await limits.check(body, '?onDeny=reject').expect(200)).body
    expect(second).toMatchObject({ allowed: true, remaining: 8, retryAfterMs: 0 })
    expect(second.results[0]).not.toHaveProperty('shadow')
    expect(second.results[1]).toMatchObject({ allowed: false, granted: 0, shadow: true })
    expect(second.results[1].retryAfterMs).toBeGreaterThan(0)
  })

  it('consumes nothing of a call that is denied', async () => {
    const key = randomUUID()
    const body = { limits: [real(key, 1), dark(key, 10)] }
    await limits.check(body)
    const { results } = (await limits.check(body)).body
    expect(results[1]).toMatchObject({ allowed: true, granted: 0, remaining: 9 })
  })

  it('keeps out of the headers', async () => {
    const key = randomUUID()
    const { headers } = await limits.check({ limits: [dark(key, 1), real(key, 5)] })
    expect(headers['ratelimit-policy']).toBe('"real";q=5;w=86400')
    const alone = await limits.check({ limits: [dark(key, 1)] }).expect(200)
    expect(alone.headers).not.toHaveProperty('ratelimit')
    expect(alone.body).toMatchObject({ allowed: true, remaining: 0, retryAfterMs: 0 })
  })

  it('does not affect what up-to grants', async () => {
    const key = randomUUID()
    const body = { limits: [real(key, 10), dark(key, 2)].map((limit) => ({ ...limit, cost: 5 })) }
    const { results } = (await limits.check({ ...body, take: 'up-to' })).body
    expect(results.map(({ granted }: { granted: number }) => granted)).toEqual([5, 2])
  })

  it('counts a repeat once, also where it would have denied the first', async () => {
    const key = randomUUID()
    const body = { limits: [real(key, 10), dark(key, 1)] }
    await limits.check({ limits: [dark(key, 1)] })
    await limits.check(body).set('idempotency-key', key)
    harness.advance(86_400_000)
    await limits.check(body).set('idempotency-key', key)
    const { results } = (await limits.check({ limits: [dark(key, 1)], peek: true })).body
    expect(results[0].remaining).toBe(1)
  })

  it('may be a stored policy', async () => {
    await limits.put('dark', { limit: 1, ...WINDOW, shadow: true }).expect(201)
    const key = randomUUID()
    await limits.post('dark/check', { key }).expect(200)
    const { body } = await limits.post('dark/check?onDeny=reject', { key }).expect(200)
    expect(body).toMatchObject({ allowed: true, results: [{ allowed: false, shadow: true }] })
  })
})

describe('a group', () => {
  const grouped = (key: string, group: string, more: object = {}) => ({
    name: 'g',
    key,
    limit: 5,
    ...WINDOW,
    group,
    ...more,
  })

  it('counts its subjects separately, with any names', async () => {
    const group = randomUUID()
    const keys = ['a', 'b', '{a}', '%7Ba%7D', 'x'.repeat(100), `${'x'.repeat(100)}y`, '/', 'a/b']
    const body = { limits: keys.map((key) => grouped(key, group)) }
    const { results } = (await limits.check(body).expect(200)).body
    expect(results.map(({ remaining }: { remaining: number }) => remaining)).toEqual(
      keys.map(() => 4),
    )
  })

  it('starts afresh after a change', async () => {
    const key = randomUUID()
    await limits.check({ limits: [grouped(key, 'one', { cost: 5 })] })
    const { body } = await limits.check({ limits: [grouped(key, 'two')] })
    expect(body.remaining).toBe(4)
  })

  it('is in one slot', async () => {
    const group = randomUUID()
    await limits.check({ limits: [grouped('a', group), grouped('b', group)] }).expect(200)
    const keys = await harness.redis.keys(`ls:{${harness.namespace}:g:${group}}:*`)
    expect(keys.sort()).toEqual([
      `ls:{${harness.namespace}:g:${group}}:W:g/a`,
      `ls:{${harness.namespace}:g:${group}}:W:g/b`,
    ])
  })
})
