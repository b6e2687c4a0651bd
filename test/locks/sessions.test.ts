import { describe, expect, it } from 'vitest'
import { acquireScript } from '../../src/locks/leases/scripts.js'
import { sessionIdOf } from '../../src/locks/sessions/keys.js'
import { randomToken } from '../../src/redis/random.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { code, lockDriver, start } from './driver.js'

const harness = useHarness()
const { post, acquire, get, look, queued } = lockDriver(harness)

/** On a Cluster the names of a session share the part before "@". */
const open = async (prefix: string, ttlMs = 60_000, body: object = {}): Promise<string> =>
  (await post('sessions', { prefix, ttlMs, ...body }).expect(201)).body.token
const keep = (token: string) => post('sessions/keepalive', { token })
const end = (token: string) => post('sessions/end', { token })
const pathOf = (token: string) => `sessions/${sessionIdOf(token)}`

const ownKeys = async () => {
  const keys = await Promise.all(
    (await allNodes()).map((node) => node.keys(`ls:{${harness.namespace}:*`)),
  )
  return keys.flat().filter((key) => !/:(fence|guard)$/.test(key))
}
const allNodes = async () =>
  'nodes' in harness.redis ? (harness.redis as never as Nodes).nodes('master') : [harness.redis]
interface Nodes {
  nodes(role: string): { keys(pattern: string): Promise<string[]> }[]
}

describe('a session', () => {
  it('carries leases without a deadline of their own by one keepalive', async () => {
    const sessionToken = await open('carry')
    const { body: a } = await acquire('carry@a', { sessionToken }).expect(200)
    await acquire('carry@b', { sessionToken, mode: 'shared' }).expect(200)
    expect(a.expiresInMs).toBeGreaterThan(30_000)
    expect(a.expiresInMs).toBeLessThanOrEqual(60_000)

    for (let i = 0; i < 4; i++) {
      harness.advance(36_000)
      const { body } = await keep(sessionToken).expect(200)
      expect(body).toEqual({ expiresInMs: expect.any(Number), leaseCount: 2 })
      expect(body.expiresInMs).toBeGreaterThan(30_000)
    }

    await acquire('carry@a', {}).expect(423)
    const { expiresInMs } = (await look('carry@a')).holders[0]
    expect(expiresInMs).toBeGreaterThan(30_000)
    await post('locks/carry@a/release', { token: a.token }).expect(200)
    expect((await keep(sessionToken).expect(200)).body.leaseCount).toBe(1)
  })

  it('expires without a keepalive, and its leases with it, uncleanly and at that moment', async () => {
    const sessionToken = await open('expire')
    const terms = { sessionToken, lockDelayMs: 360_000 }
    const { body } = await acquire('expire@a', terms).expect(200)
    harness.advance(30_000)
    await keep(sessionToken).expect(200)
    harness.advance(90_000)

    expect(await code(acquire('expire@a', {}), 423)).toBe('lock-delayed')
    const state = await look('expire@a')
    expect(state).toMatchObject({
      state: 'delayed',
      lastEnd: { how: 'expired', fence: body.fence },
    })
    // The lock delay counts from the end of the session, 30 s ago, not from its first deadline.
    expect(state.retryAfterMs).toBeGreaterThan(300_001)
    expect(state.retryAfterMs).toBeLessThanOrEqual(330_000)
    expect(await code(post('locks/expire@a/renew', { token: body.token }), 410)).toBe(
      'lease-expired',
    )
    expect(await code(keep(sessionToken), 410)).toBe('session-ended')
    expect(await code(acquire('expire@b', { sessionToken }), 410)).toBe('session-ended')
    expect(await code(end(sessionToken), 410)).toBe('session-ended')
    expect(await code(harness.request('get', `/v1/${pathOf(sessionToken)}`), 404)).toBe(
      'session-not-found',
    )
  })

  it('passes its lock to a waiter when it expires, without another request', async () => {
    const sessionToken = await open('wake')
    await acquire('wake@a', { sessionToken }).expect(200)
    const waiting = start(acquire('wake@a', { waitMs: 240_000 }))
    await queued('wake@a', 1)
    harness.advance(36_000)
    await keep(sessionToken).expect(200)
    harness.advance(36_000)
    expect((await look('wake@a')).queueLength).toBe(1)

    harness.advance(24_001)

    expect((await waiting).status).toBe(200)
  })

  it('bounds a lease by the earlier of both ends', async () => {
    const sessionToken = await open('shorter')
    const { body: own } = await acquire('shorter@a', { sessionToken, ttlMs: 12_000 }).expect(200)
    const { body: long } = await acquire('shorter@b', { sessionToken, ttlMs: 360_000 }).expect(200)
    expect(own.expiresInMs).toBeLessThanOrEqual(12_000)
    expect(long.expiresInMs).toBeLessThanOrEqual(60_000)
    harness.advance(12_001)
    await acquire('shorter@a', {}).expect(200)
    await acquire('shorter@b', {}).expect(423)
    harness.advance(48_000)
    await acquire('shorter@b', {}).expect(200)
  })

  it('gives a lease no deadline of its own when the lease is renewed', async () => {
    const sessionToken = await open('renew')
    const { body } = await acquire('renew@a', { sessionToken }).expect(200)

    const renewed = await post('locks/renew@a/renew', { token: body.token, ttlMs: 500 }).expect(200)

    expect(renewed.body.expiresInMs).toBeGreaterThan(30_000)
    harness.advance(36_000)
    await keep(sessionToken).expect(200)
    harness.advance(36_000)
    expect((await look('renew@a')).state).toBe('held')
  })

  it('bounds renewals of a lease with a ttlMs', async () => {
    const sessionToken = await open('bounded')
    const { body } = await acquire('bounded@a', { sessionToken, ttlMs: 12_000 }).expect(200)
    const { token } = body
    const renewed = await post('locks/bounded@a/renew', { token, ttlMs: 360_000 }).expect(200)
    expect(renewed.body.expiresInMs).toBeGreaterThan(30_000)
    expect(renewed.body.expiresInMs).toBeLessThanOrEqual(60_000)
    harness.advance(36_000)
    await keep(sessionToken).expect(200)
    harness.advance(36_000)
    await post('locks/bounded@a/renew', { token }).expect(200)
  })

  it('keeps to maxHoldMs', async () => {
    const sessionToken = await open('max')
    const { body } = await acquire('max@a', { sessionToken, maxHoldMs: 72_000 }).expect(200)
    harness.advance(36_000)
    await keep(sessionToken).expect(200)
    harness.advance(36_001)
    expect(await code(post('locks/max@a/renew', { token: body.token }), 410)).toBe('lease-expired')
  })

  it('ended on purpose releases everything, and begins no lock delay', async () => {
    const sessionToken = await open('clean')
    const terms = { sessionToken, lockDelayMs: 60_000 }
    const { body } = await acquire('clean@a', terms).expect(200)
    await acquire('clean@b', { ...terms, ttlMs: 30_000 }).expect(200)
    await acquire('clean@c', { ...terms, minHoldMs: 30_000 }).expect(200)
    const waiting = start(acquire('clean@a', { waitMs: 60_000 }))
    await queued('clean@a', 1)

    expect((await end(sessionToken).expect(200)).body).toEqual({ ended: true, leaseCount: 3 })

    expect((await waiting).status).toBe(200)
    expect(await look('clean@b')).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
    // The name stays taken until its minimum hold time is over.
    await acquire('clean@c', {}).expect(423)
    harness.advance(30_001)
    await acquire('clean@c', {}).expect(200)
    expect(await code(post('locks/clean@a/renew', { token: body.token }), 410)).toBe(
      'lease-released',
    )
    expect(await code(keep(sessionToken), 410)).toBe('session-ended')
    expect((await end(sessionToken).expect(200)).body).toEqual({
      ended: false,
      replayed: true,
      leaseCount: 0,
    })
  })

  it('answers its waiters when it is ended, and leaves no place behind', async () => {
    const sessionToken = await open('waiters')
    const { body } = await acquire('waiters@a', {}).expect(200)
    const first = start(acquire('waiters@a', { sessionToken, waitMs: 60_000 }))
    await queued('waiters@a', 1)
    const second = start(acquire('waiters@a', { waitMs: 60_000 }))
    await queued('waiters@a', 2)
    expect((await get(pathOf(sessionToken))).names).toEqual(['waiters@a'])

    await end(sessionToken).expect(200)

    expect((await first).body.code).toBe('session-ended')
    expect((await look('waiters@a')).queueLength).toBe(1)
    await post('locks/waiters@a/release', { token: body.token }).expect(200)
    expect((await second).status).toBe(200)
  })

  it('never grants to itself what it releases, however much that is', async () => {
    const sessionToken = await open('self')
    const names = ['self@a', 'self@b', 'self@c']
    for (const name of names) await acquire(name, { sessionToken }).expect(200)
    const waiting = names.flatMap((name) =>
      Array.from({ length: 30 }, () => start(acquire(name, { sessionToken, waitMs: 60_000 }))),
    )
    for (const name of names) await queued(name, 30)

    expect((await end(sessionToken).expect(200)).body.leaseCount).toBe(93)

    const codes = (await Promise.all(waiting)).map(({ body }) => body.code)
    expect(new Set(codes)).toEqual(new Set(['session-ended']))
    for (const name of names) expect(await look(name)).toMatchObject({ state: 'free' })
  })

  it('removes its places although the instance of its waiters is dead', async () => {
    const sessionToken = await open('ghost')
    await acquire('ghost@a', {}).expect(200)
    const key = `ls:{${harness.namespace}:${harness.lockTag('ghost@a')}}:lock:ghost@a`
    await harness.binder.bind(acquireScript)(
      { lock: [key] },
      {
        token: randomToken(),
        ttl_ms: 0,
        wait_ms: 60_000,
        options: JSON.stringify({ instance: 'gone', session: sessionIdOf(sessionToken) }),
        floor: 0,
        ended_ttl_ms: 60_000,
      },
    )
    expect((await look('ghost@a')).queueLength).toBe(1)
    await end(sessionToken).expect(200)
    expect((await look('ghost@a')).queueLength).toBe(0)
  })

  it('answers its waiters when it expires, also those behind the head', async () => {
    const sessionToken = await open('behind', 30_000)
    await acquire('behind@a', { ttlMs: 60_000 }).expect(200)
    const head = start(acquire('behind@a', { waitMs: 60_000 }))
    await queued('behind@a', 1)
    const waiting = start(acquire('behind@a', { sessionToken, waitMs: 60_000 }))
    await queued('behind@a', 2)

    harness.advance(30_001)

    expect((await waiting).body.code).toBe('session-ended')
    await queued('behind@a', 1)
    await post('locks/behind@a/revoke', { reason: 'test', force: true }).expect(200)
    expect((await head).status).toBe(200)
  })

  it('is checked again when a waiter reaches the head', async () => {
    const sessionToken = await open('grant', 30_000)
    await acquire('grant@a', { ttlMs: 30_500 }).expect(200)
    const waiting = start(acquire('grant@a', { sessionToken, waitMs: 60_000 }))
    await queued('grant@a', 1)

    harness.advance(31_000)

    expect((await waiting).body.code).toBe('session-ended')
    expect(await look('grant@a')).toMatchObject({ state: 'free', queueLength: 0 })
  })

  it('gives a waiter a lease that lasts as long as the session', async () => {
    const sessionToken = await open('turn')
    const { body } = await acquire('turn@a', {}).expect(200)
    const waiting = start(
      acquire('turn@a', { sessionToken, waitMs: 60_000 }).set('idempotency-key', 'turn'),
    )
    await queued('turn@a', 1)
    await post('locks/turn@a/release', { token: body.token }).expect(200)
    const granted = await waiting
    expect(granted.body.expiresInMs).toBeGreaterThan(30_000)
    harness.advance(36_000)
    await keep(sessionToken).expect(200)
    harness.advance(36_000)
    const again = await acquire('turn@a', { sessionToken, waitMs: 60_000 }).set(
      'idempotency-key',
      'turn',
    )
    expect(again.body).toMatchObject({ token: granted.body.token, fence: granted.body.fence })
  })

  it('holds semaphores and sets as well', async () => {
    const sessionToken = await open('kinds')
    await post('semaphores/kinds@s/acquire', { capacity: 2, permits: 2, sessionToken }).expect(200)
    const names = ['kinds@a', 'kinds@b']
    const { body } = await post('lock-sets/acquire', { names, sessionToken }).expect(200)
    expect(body.expiresInMs).toBeGreaterThan(30_000)
    expect((await get(pathOf(sessionToken))).names).toEqual([...names, 'kinds@s'])
    harness.advance(36_000)
    await keep(sessionToken).expect(200)
    harness.advance(36_000)
    await post('lock-sets/renew', { names, token: body.token }).expect(200)

    await end(sessionToken).expect(200)

    await post('semaphores/kinds@s/acquire', { capacity: 2, permits: 2 }).expect(200)
    await post('lock-sets/acquire', { names }).expect(200)
  })

  it('is shown with its id and metadata, and never with its token', async () => {
    const metadata = { host: 'w-7' }
    const sessionToken = await open('shown', 20_000, { metadata })
    await acquire('shown@a', { sessionToken }).expect(200)
    const plain = await open('shown', 20_000)
    await acquire('shown@b', { sessionToken: plain }).expect(200)

    expect(await get(pathOf(sessionToken))).toEqual({
      id: sessionIdOf(sessionToken),
      ttlMs: 20_000,
      expiresInMs: expect.any(Number),
      leaseCount: 1,
      metadata,
      names: ['shown@a'],
    })
    const state = await look('shown@a')
    const named = { sessionId: sessionIdOf(sessionToken), sessionMetadata: metadata }
    expect(state.holders[0]).toMatchObject(named)
    const [other] = (await look('shown@b')).holders
    expect(other.sessionId).toBe(sessionIdOf(plain))
    expect(other).not.toHaveProperty('sessionMetadata')
    expect(JSON.stringify(state)).not.toContain(sessionToken)
    const refused = await acquire('shown@a', {}).expect(423)
    expect(refused.body.holders[0]).toMatchObject(named)
    expect(refused.text).not.toContain(sessionToken)
  })

  it('is opened once for one idempotency key', async () => {
    const ask = (body: object) => post('sessions', body).set('idempotency-key', 'open')
    const body = { prefix: 'once', ttlMs: 60_000 }
    const first = await ask(body).expect(201)
    harness.advance(24_000)

    const again = await ask(body).expect(201)

    expect(again.headers['idempotent-replayed']).toBe('true')
    const { id, token } = first.body
    expect(again.body).toMatchObject({ id, token, ttlMs: 60_000 })
    expect(again.headers.location).toBe(first.headers.location)
    expect(again.body.expiresInMs).toBeLessThanOrEqual(36_000)
    expect(await code(ask({ ...body, ttlMs: 120_000 }), 422)).toBe('idempotency-conflict')
    harness.advance(36_001)
    expect(await code(ask(body), 410)).toBe('session-ended')
  })

  it('refuses a token that was never one of a session', async () => {
    const ghost = (await open('ghost')).replace(/\.(.{22})$/, `.${'x'.repeat(22)}`)
    expect(await code(keep(ghost), 410)).toBe('session-ended')
    expect(await code(end(ghost), 410)).toBe('session-ended')
    expect(await code(acquire('ghost@a', { sessionToken: ghost }), 410)).toBe('session-ended')
    const outside = `999.${'x'.repeat(22)}`
    expect(await code(keep(outside), 410)).toBe('session-ended')
    expect(await code(end(outside), 410)).toBe('session-ended')
    expect(await code(acquire('ghost@a', { sessionToken: outside }), 410)).toBe('session-ended')
    await post('locks/ghost@a/acquire', { sessionToken: 'nonsense' }).expect(400)
    await post('sessions', { prefix: 'a@b' }).expect(400)
    await keep('nonsense').expect(400)
    await end('nonsense').expect(400)
    await post('sessions/keepalive').expect(400)
    await post('sessions/end').expect(400)
    await post('sessions/keepalive', { token: ghost, ttlMs: 1_000 }).expect(400)
  })

  it('stays in its namespace', async () => {
    const sessionToken = await open('apart')
    const other = keep(sessionToken).set('lockstep-namespace', 'another')
    expect(await code(other, 410)).toBe('session-ended')
  })

  it('lies where its prefix says, on a Cluster', async () => {
    if (harness.lockTag('one') === harness.lockTag('two')) return
    expect(await code(post('sessions'), 400)).toBe('invalid-request')
    const sessionToken = await open('one')
    expect(await code(acquire('two@a', { sessionToken }), 422)).toBe('cross-slot')
    await acquire('one@a', { sessionToken }).expect(200)
  })
})

describe('a thousand leases', () => {
  it('live by one keepalive, end with one call, and are the most a session carries', async () => {
    const sessionToken = await open('many', 600_000)
    const names = Array.from({ length: 1_000 }, (_, i) => `many@${i}`)
    for (let i = 0; i < 1_000; i += 50) {
      await Promise.all(
        names.slice(i, i + 50).map((name) => acquire(name, { sessionToken }).expect(200)),
      )
    }
    const { body: refused } = await acquire('many@too', { sessionToken }).expect(429)
    expect(refused.code).toBe('too-many-leases')
    expect(await code(acquire('many@too', { sessionToken, waitMs: 100 }), 429)).toBe(
      'too-many-leases',
    )

    for (let i = 0; i < 3; i++) {
      harness.advance(500_000)
      expect((await keep(sessionToken).expect(200)).body.leaseCount).toBe(1_000)
    }
    expect((await get(pathOf(sessionToken))).names).toHaveLength(1_000)
    await acquire('many@999', {}).expect(423)

    expect((await end(sessionToken).expect(200)).body.leaseCount).toBe(1_000)
    await acquire('many@999', {}).expect(200)
    expect((await look('many@0')).state).toBe('free')
  })
})

describe('what a session leaves in Redis', () => {
  const part = (name: string, what: string) =>
    `ls:{${harness.namespace}:${harness.lockTag(name)}}:${what}`

  it('outlives a day while it is kept alive', async () => {
    const sessionToken = await open('days', 86_400_000)
    await acquire('days@a', { sessionToken }).expect(200)
    const leases = part('days@a', `session-leases:${sessionIdOf(sessionToken)}`)
    await harness.redis.pexpire(leases, 1_000)
    await harness.redis.pexpire(part('days@a', `session:${sessionIdOf(sessionToken)}`), 1_000)

    await keep(sessionToken).expect(200)

    expect(await harness.redis.pttl(leases)).toBeGreaterThan(86_400_000)
    expect(
      await harness.redis.pttl(part('days@a', `session:${sessionIdOf(sessionToken)}`)),
    ).toBeGreaterThan(86_400_000)
    await end(sessionToken).expect(200)
  })

  it('is the record of its end alone, which expires', async () => {
    const sessionToken = await open('idle', 10_000)
    const session = part('idle@a', `session:${sessionIdOf(sessionToken)}`)
    await acquire('idle@a', { sessionToken }).expect(200)
    expect(await harness.redis.pttl(session)).toBeGreaterThan(10_000)

    await end(sessionToken).expect(200)

    expect(
      await harness.redis.exists(part('idle@a', `session-leases:${sessionIdOf(sessionToken)}`)),
    ).toBe(0)
    const ttl = await harness.redis.pttl(session)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(60_000)
    await harness.redis.del(session)
    const rest = (await ownKeys()).filter((key) => key.includes('idle'))
    expect(rest).toEqual([part('idle@a', 'ended:idle@a')])
  })

  it('ends with the lease when Redis loses the session: every lease ends', async () => {
    const sessionToken = await open('lost', 10_000)
    await acquire('lost@a', { sessionToken }).expect(200)
    await harness.redis.del(part('lost@a', `session:${sessionIdOf(sessionToken)}`))
    expect((await look('lost@a')).state).toBe('free')
    harness.advance(10_001)
    await until(
      'the lease is gone',
      async () => (await harness.redis.exists(part('lost@a', 'lock:lost@a'))) === 0,
    )
    expect((await look('lost@a')).lastEnd.how).toBe('expired')
  })
})
