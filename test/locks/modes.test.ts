import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { code, lockDriver } from './driver.js'

const harness = useHarness()
const { post, held, get, queued } = lockDriver(harness)

describe('shared mode', () => {
  it('lets readers in together and keeps a writer out', async () => {
    const a = await held('rw', { mode: 'shared', owner: 'a' })
    const b = await held('rw', { mode: 'shared', owner: 'b' })
    expect(a.mode).toBe('shared')
    expect(b.fence).toBeGreaterThan(a.fence)
    expect(await code(post('locks/rw/acquire'), 423)).toBe('lock-held')
    expect((await get('locks/rw')).holders).toHaveLength(2)

    await post('locks/rw/release', { token: a.token }).expect(200)
    await post('locks/rw/acquire').expect(423)
    await post('locks/rw/release', { token: b.token }).expect(200)
    await post('locks/rw/acquire').expect(200)
  })

  it('gives every reader a deadline of its own', async () => {
    const short = await held('rw-ttl', { mode: 'shared', ttlMs: 20_000 })
    const long = await held('rw-ttl', { mode: 'shared', ttlMs: 60_000 })
    harness.advance(20_001)

    expect(await code(post('locks/rw-ttl/renew', { token: short.token }), 410)).toBe(
      'lease-expired',
    )
    await post('locks/rw-ttl/renew', { token: long.token }).expect(200)
  })

  it('leaves nothing of a reader that is gone while others still hold the lock', async () => {
    const shared = { mode: 'shared', owner: 'o' }
    const [a, b] = [await held('trace', shared), await held('trace', shared)]
    await held('trace', { mode: 'shared' })
    for (const { token } of [a, b]) await post('locks/trace/release', { token }).expect(200)

    const hash = `ls:{${harness.namespace}:${harness.lockTag('trace')}}:lock:trace`
    const fields = await harness.redis.hkeys(hash)
    expect(fields.filter((field) => /^[@>]/.test(field))).toHaveLength(1)
    const fences = await harness.redis.zrange(hash.replace(':lock:', ':fences:'), '0', '-1')
    expect(fences).toHaveLength(1)
  })
})

describe('re-entry', () => {
  const again = { owner: 'me', reentrant: true }

  it('adds a token to the same lease, which ends with its last token', async () => {
    const first = await held('re', again)
    const second = await held('re', again)
    expect(second).toMatchObject({ fence: first.fence, holdCount: 2 })
    expect(second.token).not.toBe(first.token)

    await post('locks/re/release', { token: first.token }).expect(200)
    await post('locks/re/acquire').expect(423)
    await post('locks/re/release', { token: second.token }).expect(200)
    await post('locks/re/acquire').expect(200)
  })

  it('needs an owner, and is for the same owner only', async () => {
    await held('re-other', again)
    await post('locks/re-other/acquire', { owner: 'you', reentrant: true }).expect(423)
    const { body } = await post('locks/re-other/acquire', { reentrant: true }).expect(400)
    expect(placeOf(body.errors[0])).toBe('body/owner')
  })

  it('does not turn a shared lease into an exclusive one', async () => {
    await held('re-up', { ...again, mode: 'shared' })
    expect(await code(post('locks/re-up/acquire', again), 409)).toBe('mode-mismatch')
    const { holdCount } = await held('re-up', { ...again, mode: 'shared' })
    expect(holdCount).toBe(2)
  })
})

describe('bounds of a hold', () => {
  it('keeps the name taken until minHoldMs has passed', async () => {
    const { token } = await held('cron', { minHoldMs: 20_000 })
    await post('locks/cron/release', { token }).expect(200)
    expect((await post('locks/cron/release', { token }).expect(200)).body.replayed).toBe(true)

    expect(await code(post('locks/cron/acquire'), 423)).toBe('lock-held')
    harness.advance(20_001)
    await post('locks/cron/acquire').expect(200)
  })

  it('never renews beyond maxHoldMs', async () => {
    const { token } = await held('max', { ttlMs: 20_000, maxHoldMs: 30_000 })
    const { body } = await post('locks/max/renew', { token, ttlMs: 60_000 }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    expect(await code(post('locks/max/renew', { token }), 410)).toBe('lease-expired')
  })

  it('has a lock delay after an unclean end, and none after a release', async () => {
    const first = await held('delay', { ttlMs: 60_000, lockDelayMs: 60_000 })
    await post('locks/delay/release', { token: first.token }).expect(200)
    await held('delay', { ttlMs: 60_000, lockDelayMs: 60_000 })
    harness.advance(60_001)

    const { body } = await post('locks/delay/acquire').expect(423)
    expect(body.code).toBe('lock-delayed')
    expect(body.retryAfterMs).toBeGreaterThan(30_000)
    expect((await get('locks/delay')).state).toBe('delayed')
    harness.advance(60_000)
    await post('locks/delay/acquire').expect(200)
  })

  it('refuses a minHoldMs above the ttl', async () => {
    await post('locks/bad/acquire', { ttlMs: 1_000, minHoldMs: 1_001 }).expect(400)
  })
})

describe('revoke', () => {
  it('asks the holder, and ends the lease after the grace', async () => {
    const { token, fence } = await held('ask', { ttlMs: 60_000 })
    const asked = await post('locks/ask/revoke', { reason: 'deploy', graceMs: 30_000 }).expect(200)
    expect(asked.body).toEqual({ revoked: 0, asked: 1 })

    const { body } = await post('locks/ask/renew', { token, ttlMs: 60_000 }).expect(200)
    expect(body.revoke).toMatchObject({ reason: 'deploy' })
    expect(body.expiresInMs).toBeLessThanOrEqual(30_000)
    harness.advance(30_001)
    const gone = await post('locks/ask/renew', { token }).expect(410)
    expect(gone.body).toMatchObject({ code: 'lease-revoked', fence, reason: 'deploy' })
  })

  it('ends the lease at once with force, and says so in the log without the token', async () => {
    const { token } = await held('force')
    await post('locks/force/revoke', { reason: 'stuck', force: true }).expect(200)

    expect(await code(post('locks/force/release', { token }), 410)).toBe('lease-revoked')
    await post('locks/force/acquire').expect(200)
    const line = harness.log.find((text) => text.includes('"lock":"force"'))
    expect(line).toContain('stuck')
    expect(harness.log.join('')).not.toContain(token)
  })

  it('frees a name that is kept by minHoldMs, whose holder has released it all the same', async () => {
    const terms = { ttlMs: 60_000, minHoldMs: 30_000, lockDelayMs: 60_000 }
    const { token, fence } = await held('kept', terms)
    await post('locks/kept/release', { token }).expect(200)
    await post('locks/kept/acquire').expect(423)

    const ask = (body: object) => post('locks/kept/revoke', { reason: 'now', ...body }).expect(200)
    expect((await ask({ graceMs: 10_000 })).body).toEqual({ revoked: 0, asked: 0 })
    expect((await ask({ force: true })).body).toEqual({ revoked: 0, asked: 0 })

    const repeat = await post('locks/kept/release', { token }).expect(200)
    expect(repeat.body).toEqual({ released: false, replayed: true, fence })
    expect(await get('locks/kept')).toMatchObject({ state: 'free', lastEnd: { how: 'released' } })
  })

  it('after a grace frees a name that is kept by minHoldMs', async () => {
    const { token } = await held('grace', { ttlMs: 60_000, minHoldMs: 60_000 })
    await post('locks/grace/release', { token }).expect(200)
    await post('locks/grace/revoke', { reason: 'soon', graceMs: 30_000 }).expect(200)
    await post('locks/grace/acquire').expect(423)

    harness.advance(30_001)

    await post('locks/grace/acquire').expect(200)
    expect((await post('locks/grace/release', { token }).expect(200)).body.replayed).toBe(true)
  })

  it('requested a second time makes the deadline earlier, never later', async () => {
    const { token } = await held('nearer', { ttlMs: 600_000 })
    const ask = (graceMs?: number) =>
      post('locks/nearer/revoke', { reason: `in ${graceMs}`, graceMs }).expect(200)
    await ask()
    const renew = async () =>
      (await post('locks/nearer/renew', { token, ttlMs: 600_000 }).expect(200)).body.revoke
    expect(await renew()).toEqual({ reason: 'in undefined' })
    await ask(60_000)
    await ask(500_000)
    const { expiresInMs } = await renew()
    expect(expiresInMs).toBeGreaterThan(30_000)
    expect(expiresInMs).toBeLessThanOrEqual(60_000)
  })

  it('ends every reader, and no waiter', async () => {
    const readers = [await held('all', { mode: 'shared' }), await held('all', { mode: 'shared' })]
    const writer = post('locks/all/acquire', { waitMs: 60_000 }).then((response) => response)
    await queued('all', 1)

    const { body } = await post('locks/all/revoke', { reason: 'x', force: true }).expect(200)

    expect(body).toEqual({ revoked: 2, asked: 0 })
    for (const { token } of readers) await post('locks/all/renew', { token }).expect(410)
    expect((await writer).status).toBe(200)
  })
})

describe('verify and list', () => {
  it('finds the current fence', async () => {
    const first = await held('verify', { ttlMs: 60_000 })
    const ask = (fence: number) => post('locks/verify/verify', { fence }).expect(200)
    expect((await ask(first.fence)).body).toEqual({ current: true, fence: first.fence })
    harness.advance(60_001)
    expect((await ask(first.fence)).body).toEqual({ current: false, fence: 0 })
    const second = await held('verify')
    expect((await ask(first.fence)).body).toEqual({ current: false, fence: second.fence })
  })

  it('lists by prefix, page by page, without free names', async () => {
    for (const name of ['list{1', 'list%2', 'list/3']) await held(encodeURIComponent(name))
    const { token } = await held('list-free')
    await post('locks/list-free/release', { token }).expect(200)

    const first = await get('locks?prefix=list&limit=2')
    const second = await get(`locks?prefix=list&limit=2&cursor=${first.nextCursor}`)

    const names = [...first.items, ...second.items].map(({ name }) => name)
    expect(names.sort()).toEqual(['list%2', 'list/3', 'list{1'])
  })
})

describe('semaphores', () => {
  const permits = (name: string, body: object) => post(`semaphores/${name}/acquire`, body)

  it('grants permits up to the capacity, each with its own deadline', async () => {
    const first = await permits('pool', { capacity: 3, permits: 2, ttlMs: 60_000 }).expect(200)
    expect(first.body).toMatchObject({ permits: 2, name: 'pool' })
    await permits('pool', { capacity: 3, ttlMs: 600_000 }).expect(200)
    expect(await code(permits('pool', { capacity: 3 }), 423)).toBe('lock-held')
    harness.advance(60_001)
    await permits('pool', { capacity: 3, permits: 2 }).expect(200)
    await permits('pool', { capacity: 3 }).expect(423)
  })

  it('makes callers agree on the capacity', async () => {
    await permits('agree', { capacity: 3 }).expect(200)
    const { body } = await permits('agree', { capacity: 4 }).expect(409)
    expect(body).toMatchObject({ code: 'capacity-mismatch', capacity: 3 })
    expect(await code(permits('agree', { capacity: 3, permits: 4 }), 409)).toBe('unsatisfiable')
    const missing = await permits('unknown', {}).expect(400)
    expect(placeOf(missing.body.errors[0])).toBe('body/capacity')
  })

  it('is resized by PUT: lowering ends no lease, and refuses waiters that can never be granted', async () => {
    const put = (capacity: number) =>
      harness.request('put', '/v1/semaphores/sized').send({ capacity })
    await put(3).expect(201)
    const { body } = await permits('sized', { permits: 3 }).expect(200)
    const heavy = permits('sized', { permits: 3, waitMs: 60_000 }).then((response) => response)
    await queued('sized', 1)
    await put(2).expect(200)

    expect((await heavy).body.code).toBe('unsatisfiable')
    await permits('sized', {}).expect(423)
    await post('semaphores/sized/release', { token: body.token }).expect(200)
    await permits('sized', { permits: 2 }).expect(200)
    await harness.request('delete', '/v1/semaphores/sized').expect(204)
    expect(
      await harness.redis.exists(
        `ls:{${harness.namespace}:${harness.lockTag('sized')}}:capacity:sized`,
      ),
    ).toBe(0)
  })

  it('lowered below what is held, but not below what the head wants, drains to it', async () => {
    const put = (capacity: number) =>
      harness.request('put', '/v1/semaphores/drains').send({ capacity })
    await put(4).expect(201)
    const first = await permits('drains', { permits: 2 }).expect(200)
    const second = await permits('drains', { permits: 2 }).expect(200)
    const head = permits('drains', { permits: 2, waitMs: 60_000 }).then((response) => response)
    await queued('drains', 1)

    await put(2).expect(200)
    expect(await get('semaphores/drains')).toMatchObject({ capacity: 2, queueLength: 1 })
    expect((await get('semaphores/drains')).holders).toHaveLength(2)
    await post('semaphores/drains/release', { token: first.body.token }).expect(200)
    expect((await get('semaphores/drains')).queueLength).toBe(1)
    await post('semaphores/drains/release', { token: second.body.token }).expect(200)

    expect((await head).body).toMatchObject({ permits: 2 })
  })

  it('lets waiters in when it grows', async () => {
    await permits('grow', { capacity: 1 }).expect(200)
    const waiting = permits('grow', { capacity: 1, waitMs: 60_000 }).then((response) => response)
    await queued('grow', 1)
    await harness.request('put', '/v1/semaphores/grow').send({ capacity: 2 }).expect(201)
    expect((await waiting).status).toBe(200)
  })

  it('and a lock do not share a name', async () => {
    await held('one-name')
    expect(await code(permits('one-name', { capacity: 1 }), 409)).toBe('mode-mismatch')
    await harness.request('put', '/v1/semaphores/one-name').send({ capacity: 1 }).expect(409)
    await permits('other-name', { capacity: 1 }).expect(200)
    expect(await code(post('locks/other-name/acquire'), 409)).toBe('mode-mismatch')
  })
})

describe('lock sets', () => {
  const set = (verb: string, names: string[], body: object = {}) =>
    post(`lock-sets/${verb}`, { names, ...body })

  it('takes all or nothing, under one token', async () => {
    await held('set@b')
    await set('acquire', ['set@a', 'set@b']).expect(423)
    expect((await get('locks/set@a')).state).toBe('free')

    const { body } = await set('acquire', ['set@c', 'set@d']).expect(200)
    expect(Object.keys(body.fences)).toEqual(['set@c', 'set@d'])
    await set('renew', ['set@c', 'set@d'], { token: body.token }).expect(200)
    await set('release', ['set@c', 'set@d'], { token: body.token }).expect(200)
    const repeat = await set('release', ['set@c', 'set@d'], { token: body.token }).expect(200)
    expect(repeat.body).toEqual({ released: false, replayed: true })
    await post('locks/set@c/acquire').expect(200)
  })

  it('renews all or none, and names what is lost', async () => {
    const names = ['lost@a', 'lost@b']
    const { body } = await set('acquire', names).expect(200)
    await post('locks/lost@b/revoke', { reason: 'x', force: true }).expect(200)
    const gone = await set('renew', names, { token: body.token }).expect(410)
    expect(gone.body).toMatchObject({ code: 'lease-revoked', lost: ['lost@b'] })
  })

  it('never deadlocks when sets name their locks in opposite orders', async () => {
    const both = await set('acquire', ['dl@a', 'dl@b']).expect(200)
    const take = (names: string[]) =>
      set('acquire', names, { waitMs: 60_000 }).then(async (response) => {
        expect(response.status).toBe(200)
        await set('release', names, { token: response.body.token }).expect(200)
      })
    const all = Array.from({ length: 10 }, (_, i) =>
      take(i % 2 === 0 ? ['dl@a', 'dl@b'] : ['dl@b', 'dl@a']),
    )
    await queued('dl@a', 10)
    await set('release', ['dl@a', 'dl@b'], { token: both.body.token }).expect(200)
    await Promise.all(all)
    expect((await get('locks/dl@b')).queueLength).toBe(0)
  })

  it('refuses duplicates and too many', async () => {
    await set('acquire', ['x', 'x']).expect(400)
    await set(
      'acquire',
      Array.from({ length: 33 }, (_, i) => `n${i}`),
    ).expect(400)
  })
})
