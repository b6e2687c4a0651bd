import { describe, expect, it } from 'vitest'
import type { Policy } from '../../src/ratelimits/policies/policy.js'
import { RedisClock } from '../../src/redis/clock.js'
import { useHarness } from '../support/harness.js'
import { faultAt } from '../support/request-faults.js'
import { checkStoreOf } from './check-store.js'
import { limitDriver } from './driver.js'

const harness = useHarness()
const { subject } = limitDriver(harness)
/** How far the clock of the scripts is ahead of the test's clock. */
let aheadMs = 0

/** Moves the clock of the scripts to a moment. */
function moveTo(at: string): void {
  const ms = Date.parse(at) - Date.now() - aheadMs
  aheadMs += ms
  harness.advance(ms)
}

const calendar = (key: string, more: object) => ({
  name: 'a',
  algorithm: 'fixed-window',
  align: 'calendar',
  limit: 2,
  key,
  ...more,
})

/** The answer to one check, and the end of the window it was counted in. */
async function check(limit: object) {
  const { body } = await harness
    .request('post', '/v1/ratelimits/check')
    .send({ limits: [limit] })
    .expect(200)
  const { takenAt, resetAfterMs } = body.results[0]
  return { ...body, end: new Date(Date.parse(takenAt) + resetAfterMs).toISOString() }
}

describe('windows of a calendar', () => {
  it.each([
    ['Europe/Berlin', 'day', '2030-03-31T21:30:00Z', '2030-03-31T22:00:00.000Z'],
    ['Europe/Berlin', 'day', '2030-10-27T22:30:00Z', '2030-10-27T23:00:00.000Z'],
    ['America/New_York', 'day', '2030-03-11T03:30:00Z', '2030-03-11T04:00:00.000Z'],
    ['America/New_York', 'hour', '2030-11-03T05:30:00Z', '2030-11-03T06:00:00.000Z'],
    ['Australia/Lord_Howe', 'day', '2030-10-06T12:30:00Z', '2030-10-06T13:00:00.000Z'],
    ['Australia/Lord_Howe', 'hour', '2030-10-05T15:40:00Z', '2030-10-05T16:00:00.000Z'],
    ['Pacific/Apia', 'day', '2011-12-30T09:30:00Z', '2011-12-30T10:00:00.000Z'],
    ['UTC', 'month', '2028-02-29T23:30:00Z', '2028-03-01T00:00:00.000Z'],
    ['UTC', 'year', '2028-12-31T23:59:00Z', '2029-01-01T00:00:00.000Z'],
  ])('end where the clock of %s says: a %s at %s', async (timeZone, period, at, end) => {
    const limit = calendar(subject(), { timeZone, period })
    moveTo(at)
    expect(await check({ ...limit, cost: 2 })).toMatchObject({ allowed: true, remaining: 0, end })
    const denied = await check(limit)
    expect(denied).toMatchObject({ allowed: false, end })

    moveTo(end)
    expect(await check(limit)).toMatchObject({ allowed: true, remaining: 1 })
  })

  it.each([
    ['week', { anchorDay: 7 }, '2030-06-12T12:00:00Z', '2030-06-16T00:00:00.000Z'],
    ['month', { anchorDay: 31 }, '2030-04-29T12:00:00Z', '2030-04-30T00:00:00.000Z'],
    ['month', { anchorDay: 15 }, '2030-12-20T12:00:00Z', '2031-01-15T00:00:00.000Z'],
    ['year', { anchorMonth: 4, anchorDay: 6 }, '2030-04-05T12:00:00Z', '2030-04-06T00:00:00.000Z'],
    ['minute', {}, '2030-04-05T12:00:30Z', '2030-04-05T12:01:00.000Z'],
  ])('begin where they are anchored: a %s with %j', async (period, anchor, at, end) => {
    moveTo(at)
    expect(await check(calendar(subject(), { period, ...anchor }))).toMatchObject({ end })
  })

  it('are those of UTC where no zone is named', async () => {
    moveTo('2030-07-01T10:00:00Z')
    const { end } = await check(calendar(subject(), { period: 'day' }))
    expect(end).toBe('2030-07-02T00:00:00.000Z')
  })

  it('keep what was consumed when the limit changes, and start afresh in another zone', async () => {
    moveTo('2030-07-01T10:00:00Z')
    const key = subject()
    await check(calendar(key, { period: 'day', cost: 2 }))
    expect(await check(calendar(key, { period: 'day', limit: 4 }))).toMatchObject({ remaining: 1 })
    const other = calendar(key, { period: 'day', timeZone: 'Asia/Tokyo' })
    expect(await check(other)).toMatchObject({ allowed: true, remaining: 1 })
  })

  it('have the length of the longest period in headers', async () => {
    const { headers } = await harness
      .request('post', '/v1/ratelimits/check')
      .send({ limits: [calendar(subject(), { period: 'month' })] })
    expect(headers['ratelimit-policy']).toBe('"a";q=2;w=2678400')
  })

  it.each([40 * 86_400_000, -3 * 86_400_000])(
    'are those of Redis for a process whose clock is off by %i ms',
    async (wrongMs) => {
      moveTo('2030-07-01T23:59:00Z')
      const clock = new RedisClock()
      clock.learn(Date.now() + aheadMs + wrongMs)
      const store = checkStoreOf(harness, clock)
      const policy: Policy = {
        algorithm: 'fixed-window',
        align: 'calendar',
        period: 'day',
        limit: 2,
      }
      const limit = { name: 'a', key: subject(), cost: 1, policy, inline: true }
      const ask = () =>
        store.check(harness.namespace, [limit], { mode: 'all', take: 'exact', peek: false })

      const outcome = await ask()
      if (outcome.kind !== 'decided') throw new Error(outcome.kind)
      const { takenAtUs, resetUs, remaining } = outcome.results[0]!
      expect(takenAtUs + resetUs).toBe(Date.parse('2030-07-02T00:00:00Z') * 1_000)
      expect(remaining).toBe(1)
      // The service has learnt the time of Redis, so its next call is right at once.
      expect(Math.abs(clock.nowMs() - Date.now() - aheadMs)).toBeLessThan(60_000)
    },
  )
})

describe('a policy', () => {
  const put = (policy: object) =>
    harness
      .request('put', '/v1/ratelimit-policies/billing')
      .send({ algorithm: 'fixed-window', limit: 5, ...policy })

  it('may follow a calendar', async () => {
    const policy = { align: 'calendar', period: 'month', timeZone: 'Europe/Berlin', anchorDay: 31 }
    const { body } = await put(policy).expect(201)
    expect(body).toMatchObject({ ...policy, maxInAnyWindow: 10 })
  })

  it.each([
    ['period', { align: 'calendar' }],
    ['windowMs', { align: 'calendar', period: 'day', windowMs: 1_000 }],
    ['timeZone', { align: 'calendar', period: 'day', timeZone: 'Mars/Base' }],
    ['timeZone', { align: 'calendar', period: 'day', timeZone: '+01:00' }],
    ['anchorDay', { align: 'calendar', period: 'day', anchorDay: 1 }],
    ['anchorDay', { align: 'calendar', period: 'week', anchorDay: 8 }],
    ['anchorMonth', { align: 'calendar', period: 'month', anchorMonth: 4 }],
    ['period', { windowMs: 1_000, period: 'day' }],
    ['timeZone', { windowMs: 1_000, align: 'first-hit', timeZone: 'UTC' }],
    ['align', { algorithm: 'sliding-log', windowMs: 1_000, align: 'calendar' }],
  ])('is refused with a pointer to %s: %j', async (field, policy) => {
    const { body } = await put(policy).expect(400)
    expect(body.errors).toEqual([faultAt(`body/${field}`)])
  })
})
