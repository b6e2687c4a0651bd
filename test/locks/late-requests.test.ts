import { describe, expect, it, onTestFinished } from 'vitest'
import { startFaultProxy } from '../support/faults.js'
import { type Harness, startHarness, useHarness } from '../support/harness.js'
import { start } from '../support/managed.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const other = useHarness()
const { lock, held, look, queued } = lockDriver(harness)

/** Both instances share the clock of one Redis. */
const advance = (ms: number) => {
  for (const each of [harness, other]) each.advance(ms)
}

describe('a renewal after expiry', () => {
  it('is 410, although nobody took the lock', async () => {
    const { token, fence } = await held('renew', { ttlMs: 20_000 })
    advance(20_001)

    const { body } = await lock('renew', 'renew', { token, ttlMs: 60_000 }).expect(410)

    expect(body).toMatchObject({ code: 'lease-expired', fence })
    expect((await look('renew')).state).toBe('free')
  })
})

describe('a release after expiry', () => {
  it('is 410, although nobody took the lock', async () => {
    const { token, fence } = await held('release', { ttlMs: 20_000 })
    advance(20_001)

    const { body } = await lock('release', 'release', { token }).expect(410)

    expect(body).toMatchObject({ code: 'lease-expired', fence })
    expect(await look('release')).toMatchObject({ state: 'free', lastEnd: { how: 'expired' } })
  })

  it('is 409 once the end is forgotten', async () => {
    const { token } = await held('forgotten', { ttlMs: 20_000 })
    advance(20_001)
    await lock('forgotten', 'release', { token }).expect(410)
    const ended = `ls:{${harness.namespace}:${harness.lockTag('forgotten')}}:ended:forgotten`
    expect(await harness.redis.pttl(ended)).toBeGreaterThan(0)
    await harness.redis.pexpire(ended, 0)

    expect((await lock('forgotten', 'release', { token }).expect(409)).body.code).toBe('not-owner')
  })
})

describe('a late duplicate renewal', () => {
  it('with a shorter ttlMs does not take back what the newer one promised', async () => {
    const { token } = await held('duplicate', { ttlMs: 60_000 })
    await lock('duplicate', 'renew', { token, ttlMs: 600_000 }).expect(200)

    const { body } = await lock('duplicate', 'renew', { token, ttlMs: 60_000 }).expect(200)

    expect(body.expiresInMs).toBeGreaterThan(500_000)
    advance(60_001)
    await lock('duplicate', 'acquire').expect(423)
  })

  it('of one reader moves no end but its own', async () => {
    const shared = { mode: 'shared', ttlMs: 60_000 }
    const [one, two] = [await held('readers', shared), await held('readers', shared)]
    await lock('readers', 'renew', { token: one.token, ttlMs: 600_000 }).expect(200)
    advance(60_001)

    await lock('readers', 'renew', { token: two.token }).expect(410)
    expect((await look('readers')).holders).toMatchObject([{ fence: one.fence }])
  })
})

describe('a ttlMs shorter than the round trip', () => {
  it('is 410 for the acquire, and leaves no holder', async () => {
    const redis = await start()
    const proxy = await startFaultProxy(redis.url)
    const slow = await startHarness({ redisUrl: proxy.url })
    onTestFinished(async () => {
      await slow.close()
      await proxy.close()
    })
    await slow.request('post', '/v1/locks/warm/acquire').expect(200)
    proxy.delay(150)

    const { body } = await slow
      .request('post', '/v1/locks/slow/acquire')
      .send({ ttlMs: 100 })
      .expect(410)

    expect(body.code).toBe('lease-expired')
    const { body: state } = await slow.request('get', '/v1/locks/slow').expect(200)
    expect(state).toMatchObject({ state: 'free', lastEnd: { fence: body.fence } })

    // The repeat with the same key gets the end of the same lease.
    const keyed = () =>
      slow
        .request('post', '/v1/locks/keyed/acquire')
        .set('idempotency-key', 'short')
        .send({ ttlMs: 100 })
        .expect(410)
    const [first, second] = [await keyed(), await keyed()]
    expect(second.body.fence).toBe(first.body.fence)
  })
})

describe('a disconnect after a repeat at another instance', () => {
  it('leaves the place to the newer connection', async () => {
    const { token } = await held('elsewhere')
    const ask = (at: Harness) =>
      lock('elsewhere', 'acquire', { waitMs: 60_000 }, at).set('idempotency-key', 'k')
    const first = ask(harness)
    first.end(() => undefined)
    await queued('elsewhere', 1)
    const second = ask(other).then((response) => response)
    const waiters = `ls:{${harness.namespace}:${harness.lockTag('elsewhere')}}:waiters:elsewhere`
    await until('the repeat is attached', async () =>
      (await harness.redis.hvals(waiters)).some((waiter) => waiter.includes('attach\u0002')),
    )

    first.abort()
    // The abandon changes nothing: the connection is gone, and the place stays queued.
    await until('the first is forgotten', async () => {
      const { text } = await harness.request('get', '/metrics')
      return /^lockstep_locks_waiters 0$/m.test(text)
    })
    expect(await harness.redis.hlen(waiters)).toBe(1)
    await lock('elsewhere', 'release', { token }).expect(200)

    expect((await second).status).toBe(200)
  })
})
