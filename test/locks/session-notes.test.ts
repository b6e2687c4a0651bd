import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { post, held } = lockDriver(harness)
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const open = async (prefix: string, ttlMs = 60_000): Promise<string> =>
  (await post('sessions', { prefix, ttlMs }).expect(201)).body.token
const keep = async (token: string) => (await post('sessions/keepalive', { token }).expect(200)).body
const revoke = (name: string, body: object = {}) =>
  post(`locks/${name}/revoke`, { reason: 'maintenance', ...body }).expect(200)
const { fence: _, ...nothing } = { fence: 0, expiresInMs: expect.any(Number), leaseCount: 1 }

describe('a keepalive', () => {
  it('shows which leases of its session are asked for, until they are released', async () => {
    const sessionToken = await open('asked')
    const one = await held('asked@a', { sessionToken })
    const other = await held('asked@b', { sessionToken })
    await revoke('asked@a')
    await revoke('asked@b', { graceMs: 50_000, fence: other.fence })
    const { revoke: asked } = await keep(sessionToken)
    expect(asked).toHaveLength(2)
    expect(asked).toContainEqual({ name: 'asked@a', fence: one.fence, reason: 'maintenance' })
    expect(asked).toContainEqual({
      name: 'asked@b',
      fence: other.fence,
      reason: 'maintenance',
      expiresInMs: expect.any(Number),
    })
    await post('locks/asked@b/release', { token: other.token }).expect(200)
    expect((await keep(sessionToken)).revoke).toHaveLength(1)
    await post('locks/asked@a/release', { token: one.token }).expect(200)
    expect(await keep(sessionToken)).toEqual({ ...nothing, leaseCount: 0 })
  })

  it('shows which leases others ended, for as long as that is remembered', async () => {
    const sessionToken = await open('ended', 600_000)
    const { fence } = await held('ended@a', { sessionToken })
    const short = await held('ended@b', { sessionToken, ttlMs: 20_000 })
    await held('ended@c', { sessionToken })
    await revoke('ended@a', { graceMs: 500 })
    harness.advance(20_001)
    for (const name of ['ended@a', 'ended@b']) await post(`locks/${name}/acquire`).expect(200)
    const seen = await keep(sessionToken)
    expect(seen).toMatchObject({ leaseCount: 1 })
    expect(seen).not.toHaveProperty('revoke')
    expect(seen.ended).toHaveLength(2)
    expect(seen.ended).toContainEqual({
      name: 'ended@a',
      fence,
      how: 'revoked',
      reason: 'maintenance',
    })
    expect(seen.ended).toContainEqual({ name: 'ended@b', fence: short.fence, how: 'expired' })
    expect((await keep(sessionToken)).ended).toHaveLength(2)
    harness.advance(60_001)
    expect(await keep(sessionToken)).toEqual(nothing)
  })

  it('shows no lease that was released, or that ended with the session', async () => {
    const session = await scripts.openSession('own', 60_000)
    const { token } = await scripts.acquire('own', { session, ttlMs: 0 })
    await scripts.acquire('own', { mode: 'shared' })
    await scripts.release('own', token)
    expect((await scripts.keepSession('own', session))?.notes).toEqual([])
    await scripts.acquire('own', { session, ttlMs: 0 })
    await scripts.endSession('own', session)
    expect(await harness.redis.exists(scripts.key('session-notes', 'own', session))).toBe(0)
  })

  it('keeps its notes as long as its session', async () => {
    const session = await scripts.openSession('lasts', 3_600_000)
    await scripts.acquire('lasts', { session, ttlMs: 0 })
    await scripts.revoke('lasts', -1)
    const left = () => harness.redis.pttl(scripts.key('session-notes', 'lasts', session))
    expect(await left()).toBeGreaterThan(3_600_000)
    await harness.redis.pexpire(scripts.key('session-notes', 'lasts', session), 60_000)
    await scripts.keepSession('lasts', session)
    expect(await left()).toBeGreaterThan(3_600_000)
  })

  it('forgets a note that was shown long enough', async () => {
    const session = await scripts.openSession('forgets', 3_600_000)
    await scripts.acquire('forgets', { session, ttlMs: 1_000 })
    harness.advance(1_001)
    await scripts.sweep('forgets')
    const key = scripts.key('session-notes', 'forgets', session)
    expect(await harness.redis.hlen(key)).toBe(1)
    harness.advance(60_001)
    await scripts.keepSession('forgets', session)
    expect(await harness.redis.hlen(key)).toBe(0)
  })

  it('shows at most a thousand of them', async () => {
    const session = await scripts.openSession('bound', 60_000)
    const key = scripts.key('session-notes', 'bound', session)
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`${i}`, '']))
    await harness.redis.hset(key, many)
    await scripts.acquire('bound', { session, ttlMs: 0 })
    await scripts.revoke('bound', -1)
    expect(await harness.redis.hlen(key)).toBe(1_000)
  })
})

describe('what a session carries', () => {
  it('leaves out expired leases, and places whose wait is over', async () => {
    const session = await scripts.openSession('count', 600_000)
    await scripts.acquire('count@a', { session, ttlMs: 60_000 })
    await scripts.acquire('count@b', { session, ttlMs: 500_000 })
    await scripts.acquire('count@b', { session, waitMs: 60_000 })
    const shown = async () => ({
      count: (await scripts.keepSession('count', session))?.leaseCount,
      names: (await scripts.showSession('count', session))?.stored,
    })
    expect(await shown()).toMatchObject({ count: 3 })
    harness.advance(60_001)
    expect(await shown()).toEqual({ count: 1, names: ['count@b'] })
  })

  it('counts renewed leases', async () => {
    const session = await scripts.openSession('renewed', 600_000)
    const { token } = await scripts.acquire('renewed', { session, ttlMs: 60_000 })
    await scripts.renew('renewed', token, 500_000)
    harness.advance(60_001)
    expect(await scripts.keepSession('renewed', session)).toMatchObject({ leaseCount: 1 })
  })

  it('has room for another lease in place of an expired one', async () => {
    const session = await scripts.openSession('room', 600_000)
    const key = scripts.key('session-leases', 'room', session)
    const past = Array.from({ length: 1_000 }, (_, i) => [1, `past-${i}`]).flat()
    await harness.redis.zadd(key, ...(past as [number, string]))
    expect(await scripts.acquire('room', { session, ttlMs: 0 })).toMatchObject({
      kind: 'granted',
    })
    const live = Array.from({ length: 999 }, (_, i) => [2 ** 53 - 1, `live-${i}`]).flat()
    await harness.redis.zadd(key, ...(live as [number, string]))
    expect(await scripts.acquire('room', { mode: 'shared', session, ttlMs: 0 })).toMatchObject({
      kind: 'session-full',
    })
  })
})

describe('a session that expired', () => {
  const over = async (name: string, seen: (id: string, token: string) => Promise<unknown>) => {
    const session = await scripts.openSession(name, 100_000)
    const { token } = await scripts.acquire(name, { session, ttlMs: 0 })
    harness.advance(100_001)
    await seen(session, token)
    harness.advance(-100_001)
    const kept = await scripts.keepSession(name, session)
    const taken = await scripts.acquire(`${name}@2`, { session, ttlMs: 0 })
    return [kept, taken.kind]
  }

  it.each([
    ['its keepalive', (id: string) => scripts.keepSession('k', id)],
    ['the sweep', () => scripts.sweep('k')],
    ['a renewal', (_: string, token: string) => scripts.renew('k', token, 1_000)],
  ])('and was seen to be over by %s stays over when the clock steps back', async (_, seen) => {
    expect(await over('k', seen)).toEqual([undefined, 'session-ended'])
  })

  it('without a lease is ended by the sweep as well', async () => {
    const session = await scripts.openSession('alone', 500_000)
    harness.advance(400_000)
    await scripts.keepSession('alone', session)
    harness.advance(400_000)
    const { nextMs } = await scripts.sweep('alone')
    expect(nextMs).toBeGreaterThan(0)
    expect(nextMs).toBeLessThanOrEqual(100_000)
    harness.advance(100_001)
    await scripts.sweep('alone')
    harness.advance(-500_000)
    expect(await scripts.keepSession('alone', session)).toBeUndefined()
    harness.advance(500_000)
  })

  it('is ended by the sweep in time, also after the clock stepped back', async () => {
    const session = await scripts.openSession('in-time', 10_000)
    const timers = scripts.key('timers', 'in-time', '')
    const lateMs = async () => {
      const until = await harness.redis.hget(scripts.key('session', 'in-time', session), 'until')
      return (Number(await harness.redis.zscore(timers, `{${session}`)) - Number(until)) / 1_000
    }
    harness.advance(-3_600_000)
    await scripts.keepSession('in-time', session)
    expect(await lateMs()).toBe(0)
    await scripts.acquire('in-time', { session, ttlMs: 0 })
    harness.advance(-3_600_000)
    await scripts.acquire('in-time', { mode: 'shared' })
    expect(await lateMs()).toBe(0)
    harness.advance(7_200_000)
  })

  it('is remembered for a while', async () => {
    const session = await scripts.openSession('while', 3_600_000)
    harness.advance(3_600_001)
    await scripts.keepSession('while', session)
    const left = await harness.redis.pttl(scripts.key('session', 'while', session))
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(600_000)
  })

  it('and was ended on purpose is not swept again', async () => {
    const session = await scripts.openSession('purpose', 100_000)
    const timers = () => harness.redis.zscore(scripts.key('timers', 'purpose', ''), `{${session}`)
    expect(await timers()).not.toBeNull()
    await scripts.endSession('purpose', session)
    expect(await timers()).toBeNull()
  })
})
