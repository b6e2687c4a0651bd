import { readFileSync } from 'node:fs'
import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Granted } from '../../src/locks/leases/outcomes.js'
import type { LockStore } from '../../src/locks/store.js'
import { useHarness } from '../support/harness.js'
import { newLockStore } from '../support/lock-store.js'
import { faultAt } from '../support/request-faults.js'
import { until } from '../support/until.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { post, held, get } = lockDriver(harness)

describe('a renewal without ttlMs', () => {
  it('keeps the length of the lease', async () => {
    const { token } = await held('own', { ttlMs: 600_000 })
    harness.advance(300_000)
    const { body } = await post('locks/own/renew', { token }).expect(200)
    expect(body.expiresInMs).toBeGreaterThan(590_000)
  })

  it('does so for semaphores and sets as well', async () => {
    const permit = { capacity: 2, ttlMs: 600_000 }
    const { body: one } = await post('semaphores/own-s/acquire', permit).expect(200)
    const names = ['own@a', 'own@b']
    const { body: set } = await post('lock-sets/acquire', { names, ttlMs: 600_000 }).expect(200)
    harness.advance(300_000)
    const answers = [
      await post('semaphores/own-s/renew', { token: one.token }).expect(200),
      await post('lock-sets/renew', { names, token: set.token }).expect(200),
    ]
    for (const { body } of answers) expect(body.expiresInMs).toBeGreaterThan(590_000)
  })
})

describe('a semaphore', () => {
  it('shows its capacity while it is idle, and none where it has none', async () => {
    await harness.request('put', '/v1/semaphores/idle').send({ capacity: 10 }).expect(201)
    expect(await get('semaphores/idle')).toMatchObject({ capacity: 10, used: 0, available: 10 })
    expect(await get('semaphores/never')).not.toHaveProperty('capacity')
    await harness.request('delete', '/v1/semaphores/idle').expect(204)
    expect(await get('semaphores/idle')).not.toHaveProperty('capacity')
  })

  it('shows what is used and available, also where it refuses', async () => {
    await post('semaphores/pool/acquire', { capacity: 10, permits: 3, ttlMs: 60_000 }).expect(200)
    await post('semaphores/pool/acquire', { capacity: 10, permits: 5, ttlMs: 20_000 }).expect(200)
    const numbers = { capacity: 10, used: 8, available: 2 }
    expect(await get('semaphores/pool')).toMatchObject(numbers)
    const refused = await post('semaphores/pool/acquire', { capacity: 10, permits: 3 }).expect(423)
    expect(refused.body).toMatchObject(numbers)
    harness.advance(20_001)
    expect(await get('semaphores/pool')).toMatchObject({ used: 3, available: 7 })
  })

  it('has these numbers, and a lock does not', async () => {
    await held('plain')
    expect(await get('locks/plain')).not.toHaveProperty('capacity')
    expect((await post('locks/plain/acquire').expect(423)).body).not.toHaveProperty('capacity')
  })
})

describe('an operator', () => {
  const revoke = (name: string, body: object) =>
    post(`locks/${name}/revoke`, { reason: 'test', ...body }).expect(200)

  it('ends one lease of many by its fence', async () => {
    const one = await held('many', { mode: 'shared' })
    const other = await held('many', { mode: 'shared' })
    const { body } = await revoke('many', { force: true, fence: one.fence })
    expect(body).toEqual({ revoked: 1, asked: 0 })
    await post('locks/many/renew', { token: one.token }).expect(410)
    await post('locks/many/renew', { token: other.token }).expect(200)
  })

  it('ends a lock delay, and begins none', async () => {
    const terms = { lockDelayMs: 600_000 }
    await held('delay', terms)
    await revoke('delay', { force: true })
    await post('locks/delay/acquire').expect(423)
    await revoke('delay', { force: true, clearLockDelay: true })
    await held('delay', terms)
    await revoke('delay', { force: true, clearLockDelay: true })
    await held('delay')
  })

  it('serves the queue of a name whose lock delay it ends', async () => {
    await held('wait', { lockDelayMs: 600_000 })
    await revoke('wait', { force: true })
    const waiting = post('locks/wait/acquire', { waitMs: 60_000 }).then((response) => response)
    await until('it waits', async () => (await get('locks/wait')).queueLength === 1)
    await revoke('wait', { clearLockDelay: true })
    expect((await waiting).status).toBe(200)
  })
})

describe('re-entry', () => {
  it('extends no lease beyond the maxHoldMs of its first token', async () => {
    const owned = { owner: 'o', reentrant: true, ttlMs: 40_000 }
    await held('bound', { ...owned, maxHoldMs: 50_000 })
    harness.advance(20_000)
    const second = await held('bound', { ...owned, maxHoldMs: 60_000 })
    const { body } = await post('locks/bound/renew', { token: second.token }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    await held('bound')
  })

  it('has the shorter of both bounds', async () => {
    const owned = { owner: 'o', reentrant: true, ttlMs: 60_000 }
    await held('shorter', { ...owned, maxHoldMs: 60_000 })
    const { body } = await post('locks/shorter/acquire', { ...owned, maxHoldMs: 5_000 }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(5_000)
  })
})

describe('an instance', () => {
  const answers = {
    renew: (store: LockStore, ns: string, { token }: Granted) =>
      store.renew(ns, ['f'], token, 60_000),
    verify: (store: LockStore, ns: string, { fences }: Granted) =>
      store.verify(ns, 'f', fences[0] as number),
    inspect: (store: LockStore, ns: string) => store.inspect(ns, 'f', 1),
  }
  it.each(Object.entries(answers))(
    'carries a fence that it saw in the answer to %s',
    async (verb, ask) => {
      const ns = `${harness.namespace}-${verb}`
      const [first, behind] = [newLockStore(harness, () => 0), newLockStore(harness, () => -2_000)]
      const lease = (await first.acquire(ns, ['f'], { ttlMs: 60_000 })) as Granted
      await ask(behind, ns, lease)
      // Simulates a replica that is promoted without the last writes, with its clock behind.
      await harness.redis.del(
        ...['lock:f', 'fence'].map((key) => `ls:{${ns}:${harness.lockTag('f')}}:${key}`),
      )
      const next = (await behind.acquire(ns, ['f'], { ttlMs: 60_000 })) as Granted
      expect(next.fences[0]).toBeGreaterThan(lease.fences[0] as number)
      for (const store of [first, behind]) store.close()
    },
  )
})

describe('a refused set', () => {
  const names = ['set@a', 'set@b', 'set@c']
  it('says which name is another kind of lock', async () => {
    const { body } = await post('semaphores/set@b/acquire', { capacity: 1 }).expect(200)
    const refused = await post('lock-sets/acquire', { names }).expect(409)
    expect(refused.body.detail).toBe(
      '"set@b" is in use as another kind of lock, or in another mode.',
    )
    await post('semaphores/set@b/release', { token: body.token }).expect(200)
  })

  it('says which queue is full', async () => {
    await held('set@c')
    const refused = await post('lock-sets/acquire', { names, waitMs: 1_000, maxQueue: 0 })
    expect([refused.status, refused.body.detail]).toEqual([429, '0 requests wait for "set@a".'])
  })
})

describe('a connection', () => {
  it('is probed, so that a client whose machine vanished does not wait for ever', async () => {
    const { port } = harness.app.server.address() as net.AddressInfo
    const socket = net.connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    await until('a connection', () => socket.readyState === 'open')
    const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0')
    const ends = `0100007F:${hex(port)} 0100007F:${hex(socket.localPort as number)}`
    // The timer of the accepted socket; 02 is the keepalive timer.
    await until('a keepalive timer', () =>
      readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .some((line) => line.includes(ends) && / 02:/.test(line)),
    )
  })
})

describe('a name that is kept by the minHoldMs of a released lease', () => {
  it('is held without a holder to show', async () => {
    const { token, fence } = await held('minimal', { minHoldMs: 20_000, owner: 'gone' })
    await post('locks/minimal/release', { token }).expect(200)
    const seen = await get('locks/minimal')
    expect(seen).toMatchObject({ state: 'held', holders: [], lastEnd: { how: 'released', fence } })
    expect(seen.retryAfterMs).toBeGreaterThan(10_000)
    const { body } = await post('locks/minimal/acquire').expect(423)
    expect(body).toMatchObject({ holders: [], holderCount: 0 })
  })

  it('is so as well where its session ended', async () => {
    const { body } = await post('sessions', { prefix: 'ended' }).expect(201)
    await held('ended@a', {
      sessionToken: body.token,
      ttlMs: 60_000,
      minHoldMs: 60_000,
      mode: 'shared',
    })
    const { fence } = await held('ended@a', { mode: 'shared' })
    await post('sessions/end', { token: body.token }).expect(200)
    expect((await get('locks/ended@a')).holders).toMatchObject([{ fence }])
  })
})

describe('the repeat of a keyed acquire whose lease has ended', () => {
  const keyed = (name: string) => post(`locks/${name}/acquire`).set('idempotency-key', name)
  const part = (name: string, key: string) =>
    `ls:{${harness.namespace}:${harness.lockTag(name)}}:${key}:${name}`
  const forgetEnds = (name: string) =>
    harness.redis.del(part(name, 'ended'), part(name, 'ended-before'))

  it('is answered the reason of a revocation', async () => {
    const { body } = await keyed('revoked').expect(200)
    await post('locks/revoked/revoke', { reason: 'in two words', force: true }).expect(200)
    await forgetEnds('revoked')
    expect((await keyed('revoked').expect(410)).body).toMatchObject({
      code: 'lease-revoked',
      fence: body.fence,
      reason: 'in two words',
    })
  })

  it('is answered so only while its key is known', async () => {
    const { body } = await keyed('key').expect(200)
    await post('locks/key/release', { token: body.token }).expect(200)
    for (const key of await harness.redis.keys(`ls:{${harness.namespace}:*}:idempotency:*`)) {
      expect(await harness.redis.pttl(key)).toBeGreaterThan(0)
    }
  })

  it('says nothing of an older lease under a key that was used again', async () => {
    const { body: old } = await keyed('again').expect(200)
    for (const key of await harness.redis.keys(`ls:{${harness.namespace}:*}:idempotency:*`)) {
      await harness.redis.del(key)
    }
    const waiting = keyed('again')
      .send({ waitMs: 60_000 })
      .then((response) => response)
    await until('it waits', async () => (await get('locks/again')).queueLength === 1)
    await post('locks/again/release', { token: old.token }).expect(200)
    const { body } = await waiting
    const repeat = await keyed('again').send({ waitMs: 60_000 }).expect(200)
    expect(repeat.body).toMatchObject({ token: body.token, fence: body.fence })
  })
})

describe('a hold', () => {
  it('refuses an Idempotency-Key, because its connection is the attempt', async () => {
    const { body } = await post('locks/keyed/hold').set('idempotency-key', 'k').expect(400)
    expect(body.errors).toMatchObject([faultAt('header/idempotency-key')])
    expect((await get('locks/keyed')).state).toBe('free')
  })
})
