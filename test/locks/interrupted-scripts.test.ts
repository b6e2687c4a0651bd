import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'

/**
 * During a slot migration on a Cluster, a script may reach a key that has moved already. It stops
 * there, and its earlier writes stay.
 */
const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

/** Sweeps, and claims what that granted before its two seconds are over. */
async function sweptAndClaimed(name: string, token: string) {
  await scripts.load(name)
  const [, claimed] = await Promise.all([scripts.sweep(name), scripts.claim(name, token)])
  return claimed
}

/** Stops a script at a key that holds text, where the script expects another type. */
async function stopsAt(part: string, name: string, call: () => Promise<unknown>): Promise<void> {
  const key = scripts.key(part, name)
  await harness.redis.set(key, 'in the way')
  await expect(call()).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/WRONGTYPE|wrong kind/) },
  })
  await harness.redis.del(key)
}

describe('a release that stopped half way', () => {
  it('frees the lock at the end of the lease at the latest', async () => {
    const { token } = await scripts.acquire('sole', { ttlMs: 10_000 })
    const waiter = await scripts.acquire('sole', { waitMs: 60_000 })
    await stopsAt('ended', 'sole', () => scripts.release('sole', token))
    expect(await scripts.inspect('sole')).toMatchObject({ holders: [], queueLength: 1 })

    harness.advance(10_001)

    expect(await sweptAndClaimed('sole', waiter.token)).toMatchObject({ kind: 'granted' })
  })

  it('takes nothing from the other holders of the lock', async () => {
    const reader = { mode: 'shared', owner: 'o', caller: '', reentrant: true }
    const { token } = await scripts.acquire('shared', { ...reader, ttlMs: 10_000 })
    const other = await scripts.acquire('shared', { ...reader, ttlMs: 60_000 })
    const again = await scripts.acquire('shared', { ...reader, reentrant: true, ttlMs: 60_000 })
    await stopsAt('ended', 'shared', () => scripts.release('shared', token))

    harness.advance(10_001)

    expect(await scripts.renew('shared', other.token, 60_000)).toMatchObject({ kind: 'renewed' })
    expect(await scripts.acquire('shared')).toMatchObject({ kind: 'held' })
    for (const one of [other, again]) await scripts.release('shared', one.token)
    expect(await scripts.acquire('shared')).toMatchObject({ kind: 'granted' })
  })
})

describe('a release that stopped after its first command', () => {
  const reader = { mode: 'shared', ttlMs: 600_000 }
  const loseRecord = (name: string, token: string) =>
    harness.redis.hdel(scripts.key('lock', name), `>${token}`)
  const indexes = (name: string) =>
    harness.redis.exists(scripts.key('holders', name), scripts.key('fences', name))

  it('takes nothing from other holders, nor from a minimal hold that begins', async () => {
    const session = await scripts.openSession('index@1', 3_600_000)
    const name = 'index@2'
    await scripts.acquire('index@1', { session })
    await scripts.acquire(name, { ...reader, session, ttlMs: 0, min_hold_ms: 120_000 })
    const { token: lost } = await scripts.acquire(name, { ...reader, ttlMs: 60_000 })
    const { token: live } = await scripts.acquire(name, reader)
    await loseRecord(name, lost)
    await scripts.endSession(name, session, 1)
    harness.advance(60_001)

    expect(await scripts.acquire(name)).toMatchObject({ kind: 'held' })
    expect(await scripts.release(name, live)).toMatchObject({ kind: 'released' })
    expect(await scripts.acquire(name)).toMatchObject({ kind: 'held' })
    harness.advance(60_001)
    expect(await scripts.acquire(name)).toMatchObject({ kind: 'granted' })
    expect(await indexes(name)).toBe(0)
  })

  it('lets those behind it advance although the set that found it has to wait', async () => {
    const { token } = await scripts.acquire('moves@1', { ttlMs: 600_000 })
    const { token: lost } = await scripts.acquire('moves@2', { ttlMs: 10_000 })
    const behind = await scripts.acquire('moves@2', { waitMs: 60_000 })
    await scripts.acquire(['moves@1', 'moves@2'], { waitMs: 60_000 })
    await loseRecord('moves@2', lost)
    harness.advance(10_001)

    const claimed = await scripts.handOver('moves@1', token, 'moves@2', behind.token)

    expect(claimed).toMatchObject({ kind: 'granted' })
    expect(await scripts.inspect('moves@2')).toMatchObject({ holderCount: 1, queueLength: 1 })
  })

  it('leaves one lease to the tokens that entered it again, and no record of its own', async () => {
    const again = { ...reader, owner: 'o', caller: '', reentrant: true }
    const first = await scripts.acquire('again', again)
    const { token } = await scripts.acquire('again', { ...again, owner: 'lost', ttlMs: 60_000 })
    await scripts.acquire('again', again)
    await loseRecord('again', token)
    harness.advance(60_001)

    expect(await scripts.acquire('again')).toMatchObject({ kind: 'held' })

    expect(await scripts.inspect('again')).toMatchObject({ holderCount: 1 })
    const fields = await harness.redis.hkeys(scripts.key('lock', 'again'))
    expect(fields.filter((field) => field.startsWith('@'))).toEqual(['@\no'])
    expect(await scripts.acquire('again', again)).toMatchObject({
      fences: (first as unknown as { fences: number[] }).fences,
      holdCount: 3,
    })
  })
})

describe('a lock that was released half way', () => {
  it('is freed by a revocation', async () => {
    const { token } = await scripts.acquire('revoke')
    await stopsAt('ended', 'revoke', () => scripts.release('revoke', token))
    await scripts.revoke('revoke', 0)
    expect(await scripts.acquire('revoke')).toMatchObject({ kind: 'granted' })
  })

  it('lets further readers in', async () => {
    const reader = { mode: 'shared' }
    const { token } = await scripts.acquire('reader', reader)
    await stopsAt('ended', 'reader', () => scripts.release('reader', token))
    const other = await scripts.acquire('reader', reader)
    await scripts.release('reader', other.token)
    expect(await scripts.acquire('reader')).toMatchObject({ kind: 'granted' })
  })
})

describe('a waiter that was enqueued half way', () => {
  it('does not block those behind it', async () => {
    const { token } = await scripts.acquire('queue')
    await stopsAt('waiters', 'queue', () => scripts.acquire('queue', { waitMs: 60_000 }))
    const behind = await scripts.acquire('queue', { waitMs: 60_000 })

    expect(await scripts.handOver('queue', token, 'queue', behind.token)).toMatchObject({
      kind: 'granted',
    })
  })
})

describe('places without a waiter', () => {
  it('do not block those behind them, however many they are', async () => {
    const { token } = await scripts.acquire('places')
    const behind = await scripts.acquire('places', { waitMs: 60_000 })
    const lost = Array.from({ length: 65 }, (_, i) => [i, `lost-${i}`])
    await harness.redis.zadd(scripts.key('queue', 'places'), ...lost.flat())

    expect(await scripts.release('places', token)).toMatchObject({ nextMs: 1 })

    expect(await sweptAndClaimed('places', behind.token)).toMatchObject({ kind: 'granted' })
  })

  it('block nobody once they are gone as well', async () => {
    const { token } = await scripts.acquire('empty')
    await scripts.acquire('empty', { waitMs: 60_000 })
    await harness.redis.del(scripts.key('queue', 'empty'), scripts.key('waiters', 'empty'))
    await scripts.release('empty', token)
    expect(await scripts.acquire('empty')).toMatchObject({ kind: 'granted' })
  })
})

describe('a set that is in some of its queues only', () => {
  it('does not block those behind it', async () => {
    const { token } = await scripts.acquire('set@a')
    await stopsAt('waiters', 'set@b', () => scripts.acquire(['set@a', 'set@b'], { waitMs: 60_000 }))
    const behind = await scripts.acquire('set@a', { waitMs: 60_000 })

    expect(await scripts.handOver('set@a', token, 'set@a', behind.token)).toMatchObject({
      kind: 'granted',
    })
    expect(await scripts.acquire('set@b')).toMatchObject({ kind: 'granted' })
  })
})

describe('a grant that stopped half way', () => {
  it('leaves a place that is restored', async () => {
    const { token } = await scripts.acquire('grant', { ttlMs: 10_000 })
    const { token: waiter } = await scripts.acquire('grant', { waitMs: 60_000 })
    await stopsAt('waiters', 'grant', () => scripts.release('grant', token))
    await scripts.restore('grant', { token: waiter })

    harness.advance(10_001)

    expect(await sweptAndClaimed('grant', waiter)).toMatchObject({ kind: 'granted' })
  })
})
