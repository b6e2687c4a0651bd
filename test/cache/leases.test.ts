import { describe, expect, it } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { tokensYaml } from '../support/tokens.js'
import { cacheDriver, leaseOf, leaseStatusOf } from './driver.js'
import { keysOf } from './keys.js'

const harness = useHarness({
  configFile: `
      spaces:
        users: { jitter: 0, staleMs: 60000, earlyRefreshBeta: 0, leaseMs: 100000 }
        strict: { requirePrecondition: true }
        timed: { jitter: 0, leaseMs: 100000 }
        short: { leaseMs: 50000, maxLeaseMs: 300000 }
    `,
})
const cache = cacheDriver(harness)
const { at, ask } = cache

const fill = (key: string, token: string, value = 'loaded', space = 'users') =>
  harness.request('put', at(key, space)).set('lockstep-lease', token).send(value)
const renew = (key: string, body: object) => cache.lease(key, 'renew', body)
const cancel = (key: string, body: object) => cache.lease(key, 'cancel', body)
const invalidate = (body: object) => cache.invalidate(body).expect(204)

const LEASE = /^[A-Za-z0-9_-]{22}\.\d+$/

/** Asks once and expects a lease. */
async function win(key: string, space = 'users'): Promise<string> {
  const token = leaseOf(await ask(key, space))
  expect(token).toMatch(LEASE)
  return token as string
}

describe('a miss', () => {
  it('grants one caller a lease; the others get a time to ask again', async () => {
    const won = await ask('one').expect(404)
    expect(leaseStatusOf(won)).toBe('granted')
    expect(won.headers['retry-after']).toBeUndefined()
    const left = Number(won.headers['lockstep-lease-expires-in-ms'])
    expect(won.body).toMatchObject({
      code: 'cache-miss',
      state: 'miss',
      lease: { status: 'granted', token: leaseOf(won), expiresInMs: left },
    })
    expect(won.body).not.toHaveProperty('retryAfterMs')
    expect(left).toBeLessThanOrEqual(100_000)
    expect(left).toBeGreaterThan(50_000)

    const held = await ask('one').expect(404)

    expect(leaseStatusOf(held)).toBe('held')
    expect(leaseOf(held)).toBeUndefined()
    expect(held.headers['lockstep-lease-expires-in-ms']).toBeUndefined()
    const { retryAfterMs } = held.body
    expect(retryAfterMs).toBeGreaterThan(50_000)
    expect(retryAfterMs).toBeLessThanOrEqual(100_000)
    expect(held.headers['retry-after']).toBe(String(Math.ceil(retryAfterMs / 1_000)))
    expect(held.body.lease).toEqual({ status: 'held', retryAfterMs })
    const plain = await harness.request('get', at('one')).expect(404)
    expect(leaseStatusOf(plain)).toBeUndefined()
    expect(plain.body).not.toHaveProperty('lease')
  })

  it('stores the fill of the winner once, and repeats its answer', async () => {
    const token = await win('filled')
    const filled = await fill('filled', token).expect(201)
    expect(filled.headers['idempotent-replayed']).toBeUndefined()

    const again = await fill('filled', token).expect(201)

    expect(again.headers).toMatchObject({
      etag: filled.headers.etag,
      'idempotent-replayed': 'true',
    })
    const { text, headers } = await ask('filled').expect(200)
    expect(text).toBe('loaded')
    expect(headers['lockstep-lease']).toBeUndefined()
  })

  it('is 422 for a second fill with anything else', async () => {
    const token = await win('refilled')
    await fill('refilled', token).expect(201)
    const others = [
      fill('refilled', token, 'other'),
      fill('refilled', token).set('surrogate-key', 'a'),
      fill('refilled', token).type('text/css'),
      fill('refilled', token).set('content-encoding', 'br'),
      fill('refilled', token).set('cache-control', 'max-age=5'),
    ]
    for (const other of others) {
      expect((await other.expect(422)).body.code).toBe('idempotency-conflict')
    }
    expect((await ask('refilled').expect(200)).text).toBe('loaded')
    const repeated = await fill('refilled', token).expect(201)
    expect(repeated.headers['idempotent-replayed']).toBe('true')
  })

  it('refuses the fill of a caller without a lease', async () => {
    await win('stranger')
    const { body } = await fill('stranger', 'sixteen-chars-no.1').expect(412)
    expect(body.code).toBe('lease-lost')
    await harness.request('get', at('stranger')).expect(404)
  })

  it('grants nothing without lease=true, nor to a HEAD', async () => {
    await harness.request('get', at('plain')).expect(404)
    await harness.request('head', at('plain')).expect(404)
    expect(await harness.redis.exists(keysOf(harness, 'plain').lease)).toBe(0)
  })

  it('of a negative entry grants no lease', async () => {
    const token = await win('absent')
    await fill('absent', token, '').set('lockstep-negative', 'true').expect(201)
    const known = await ask('absent').expect(404)
    expect(known.headers['lockstep-state']).toBe('negative')
    expect(leaseStatusOf(known)).toBeUndefined()

    harness.advance(60_000)
    await win('absent')
  })
})

describe('a token of the caller', () => {
  it('is granted again to a repeat, as long as it holds', async () => {
    const own = 'a-token-of-my-own'
    const mine = () => ask('own').set('lockstep-lease', own)
    const lease = leaseOf(await mine()) as string
    expect(lease.startsWith(`${own}.`)).toBe(true)
    harness.advance(40_000)
    const repeat = await mine()
    expect(leaseOf(repeat)).toBe(lease)
    expect(leaseOf(await ask('own').set('lockstep-lease', lease))).toBe(lease)
    expect(Number(repeat.headers['lockstep-lease-expires-in-ms'])).toBeLessThanOrEqual(60_000)
    expect(leaseStatusOf(await ask('own'))).toBe('held')
  })

  const mine = (key: string) => ask(key).set('lockstep-lease', 'a-token-of-my-own')

  it('does not fill a value that was loaded under an earlier grant', async () => {
    const first = leaseOf(await mine('twice')) as string
    await invalidate({ keys: ['twice'], mode: 'hard' })
    const second = leaseOf(await mine('twice')) as string

    await fill('twice', first, 'old').expect(412)

    expect(second).not.toBe(first)
    await fill('twice', second, 'new').expect(201)
    await fill('twice', first, 'old').expect(412)
    expect((await ask('twice').expect(200)).text).toBe('new')
  })

  it('neither renews nor gives up a later grant', async () => {
    const first = leaseOf(await mine('again')) as string
    await harness.request('delete', at('again')).expect(204)
    await mine('again').expect(404)
    await renew('again', { token: first }).expect(412)
    expect((await cancel('again', { token: first })).body).toEqual({ cancelled: false })
    expect(leaseStatusOf(await ask('again'))).toBe('held')
  })

  it('loads again, and a late repeat of its first fill changes nothing', async () => {
    const first = leaseOf(await mine('reused')) as string
    await fill('reused', first, 'first').expect(201)
    await invalidate({ keys: ['reused'] })
    const second = leaseOf(await mine('reused').expect(200)) as string
    const repeated = await fill('reused', first, 'first').expect(201)
    expect(repeated.headers['idempotent-replayed']).toBe('true')
    await fill('reused', second, 'second').expect(204)
    await fill('reused', first, 'first').expect(412)
    expect((await ask('reused').expect(200)).text).toBe('second')
  })
})

describe('a stale hit', () => {
  it('gives the value to all and the lease to one', async () => {
    await harness
      .request('put', `${at('stale')}?ttlMs=1000`)
      .send('old')
      .expect(201)
    harness.advance(1_000)
    const won = await ask('stale').expect(200)
    expect(won.text).toBe('old')
    expect(won.headers['lockstep-state']).toBe('stale')

    const held = await ask('stale').expect(200)

    expect(held.text).toBe('old')
    expect(leaseStatusOf(held)).toBe('held')
    await fill('stale', leaseOf(won) as string, 'new').expect(204)
    expect((await ask('stale').expect(200)).headers['lockstep-state']).toBe('fresh')
  })

  it('is a miss for a caller that accepts nothing stale', async () => {
    await harness
      .request('put', `${at('picky')}?ttlMs=1000`)
      .send('old')
      .expect(201)
    harness.advance(2_000)
    const token = leaseOf(await ask('picky').set('cache-control', 'max-stale=0').expect(404))
    await fill('picky', token as string).expect(204)
  })

  it('grants the lease with a 304 as well', async () => {
    const { headers } = await harness
      .request('put', `${at('same')}?ttlMs=1`)
      .send('x')
      .expect(201)
    harness.advance(1_000)
    const same = await ask('same')
      .set('if-none-match', headers.etag as string)
      .expect(304)
    expect(leaseOf(same)).toMatch(LEASE)
  })
})

it('held says to ask again when the load should be over', async () => {
  const comeBack = async (key: string) =>
    (await ask(key, 'timed').expect(404)).body.retryAfterMs as number
  await win('unknown', 'timed')
  expect(await comeBack('unknown')).toBeGreaterThan(50_000)

  const token = await win('measured', 'timed')
  harness.advance(30_000)
  await fill('measured', token, 'x', 'timed').expect(201)
  await ask('measured', 'timed').expect(200)

  await win('next', 'timed')
  const answer = await ask('next', 'timed').expect(404)
  expect(answer.body.retryAfterMs).toBeGreaterThanOrEqual(30_000)
  expect(answer.body.retryAfterMs).toBeLessThan(80_000)
  harness.advance(90_000)
  expect(await comeBack('next')).toBeLessThanOrEqual(10_000)
})

describe('a fill', () => {
  it.each([
    ['a PUT', (key: string) => harness.request('put', at(key)).send('newer').expect(201)],
    ['a DELETE', (key: string) => harness.request('delete', at(key)).expect(204)],
    ['a hard invalidation', (key: string) => invalidate({ keys: [key], mode: 'hard' })],
    ['one of its tag', () => invalidate({ tags: ['t'], mode: 'hard' })],
    ['one of all', () => invalidate({ all: true, mode: 'hard' })],
  ])('is refused after %s', async (name, change) => {
    const key = `late-${name.replaceAll(' ', '-')}`
    const token = await win(key)
    await change(key)
    const { body } = await fill(key, token, 'old').set('surrogate-key', 't').expect(412)
    expect(body.code).toBe('lease-lost')
    expect((await harness.request('get', at(key))).text).not.toBe('old')
  })

  it('that is refused for its tags frees the key for the next loader', async () => {
    const token = await win('tagged')
    await invalidate({ tags: ['gone'], mode: 'hard' })
    await fill('tagged', token).set('surrogate-key', 'gone').expect(412)
    const next = await win('tagged')
    await fill('tagged', next).set('surrogate-key', 'gone').expect(201)
  })

  it.each([
    ['its key', { keys: ['softened-its-key'] }],
    ['its tag', { tags: ['t'] }],
    ['all', { all: true }],
  ])('is stored as stale after a soft invalidation of %s', async (name, body) => {
    const key = `softened-${name.replaceAll(' ', '-')}`
    const token = await win(key)
    await invalidate(body)
    await fill(key, token, 'old').set('surrogate-key', 't').expect(201)
    const { text, headers } = await ask(key).expect(200)
    expect([text, headers['lockstep-state']]).toEqual(['old', 'stale'])
    expect(leaseOf({ headers })).toMatch(LEASE)
  })

  it('stores how long its load took', async () => {
    const token = await win('slow')
    harness.advance(30_000)
    await fill('slow', token).expect(201)
    const { body } = await harness.request('get', `${at('slow')}/meta`).expect(200)
    expect(body.loadMs).toBeGreaterThanOrEqual(30_000)
    expect(body.loadMs).toBeLessThan(80_000)
  })

  it('is a condition where the space demands one, and allows no other', async () => {
    const winAndFill = async () => fill('cond', await win('cond', 'strict'), 'x', 'strict')
    for (const other of ['if-none-match', 'if-match']) {
      const token = await win('cond', 'strict')
      await fill('cond', token, 'x', 'strict').set(other, '*').expect(400)
    }
    expect((await winAndFill()).status).toBe(201)
    await fill('cond', 'short', 'x', 'strict').expect(400)
  })

  it('is replayed under its idempotency key, also when the key is gone', async () => {
    const token = await win('repeated')
    const send = () => fill('repeated', token).set('idempotency-key', 'fill-1')
    await send().expect(201)
    await harness.request('delete', at('repeated')).expect(204)
    expect((await send().expect(201)).headers['idempotent-replayed']).toBe('true')
    await harness.request('get', at('repeated')).expect(404)
  })

  it('that is repeated after a hard invalidation is not served', async () => {
    const token = await win('ghost')
    await fill('ghost', token).set('surrogate-key', 'g').expect(201)
    await invalidate({ tags: ['g'], mode: 'hard' })
    // The fill was stored, so its repeat answers 201; the service does not apply it again.
    const again = await fill('ghost', token).set('surrogate-key', 'g').expect(201)
    expect(again.headers['idempotent-replayed']).toBe('true')
    await harness.request('get', at('ghost')).expect(404)
  })
})

describe('a lease', () => {
  it('that ran out is granted to the next caller', async () => {
    const first = await win('ended')
    harness.advance(100_000)
    const second = await win('ended')
    await fill('ended', first, 'late').expect(412)
    await fill('ended', second, 'in time').expect(201)
    expect((await ask('ended')).text).toBe('in time')
  })

  it('that ran out stays its holder’s until another is granted', async () => {
    const slow = await win('slow-alone')
    harness.advance(150_000)
    await fill('slow-alone', slow, 'late').expect(201)
    expect((await ask('slow-alone').expect(200)).text).toBe('late')

    const renewed = await win('slow-renewed')
    harness.advance(150_000)
    await renew('slow-renewed', { token: renewed }).expect(200)
    expect(leaseStatusOf(await ask('slow-renewed'))).toBe('held')

    const failed = await win('slow-failed')
    harness.advance(150_000)
    const body = { token: failed, failed: true, backoffMs: 30_000 }
    expect((await cancel('slow-failed', body).expect(200)).body).toEqual({ cancelled: true })
    expect(leaseStatusOf(await ask('slow-failed'))).toBe('backoff')
  })

  it.each([
    ['a hard invalidation of its key', { keys: ['gone'], mode: 'hard' }, 412, 'miss'],
    ['one of its tag', { tags: ['slow'], mode: 'hard' }, 412, 'miss'],
    ['one of all', { all: true, mode: 'hard' }, 412, 'miss'],
    ['a soft invalidation of its key', { keys: ['gone'] }, 201, 'stale'],
    ['one of its tag', { tags: ['slow'] }, 201, 'stale'],
  ])('that ran out is void after %s', async (_what, body, status, state) => {
    await harness.request('delete', at('gone')).expect(204)
    const slow = await win('gone')
    harness.advance(150_000)
    await invalidate(body)
    await fill('gone', slow, 'old').set('surrogate-key', 'slow').expect(status)
    const { headers } = await harness.request('get', at('gone'))
    expect(headers['lockstep-state'] ?? 'miss').toBe(state)
  })

  it('grows while loads take longer, until one of the overlapping loads fits', async () => {
    const first = await win('grows', 'short')
    harness.advance(50_000)
    const second = await win('grows', 'short')
    harness.advance(70_000)
    await fill('grows', first, 'first', 'short').expect(412)
    await fill('grows', second, 'second', 'short').expect(201)
  })

  it('lasts twice as long as the last load took, or as the lease that ran out', async () => {
    const lasts = async (key: string) => {
      const answer = await ask(key, 'short')
      return [
        leaseOf(answer) as string,
        Number(answer.headers['lockstep-lease-expires-in-ms']),
      ] as const
    }
    const longest = async () => (await lasts('lasts'))[1]
    await longest()
    const seen = []
    for (const passed of [50_000, 100_000, 200_000]) {
      harness.advance(passed)
      seen.push(await longest())
    }
    // The answer takes some time of each lease.
    expect(seen.map((ms) => Math.ceil(ms / 100_000))).toEqual([1, 2, 3])
    await harness.request('delete', at('lasts', 'short')).expect(204)

    const [lease, ms] = await lasts('lasts')
    expect(ms).toBeLessThanOrEqual(50_000)
    harness.advance(100_000)
    await fill('lasts', lease, 'x', 'short').expect(201)
    const body = { keys: ['lasts'] }
    await harness.request('post', '/v1/cache/short/invalidate').send(body).expect(204)
    const after = await longest()
    expect(after).toBeGreaterThan(100_000)
    expect(after).toBeLessThanOrEqual(300_000)
  })

  it('lasts as long as the space says', async () => {
    await win('brief', 'short')
    harness.advance(50_000)
    await win('brief', 'short')
  })

  it('is renewed by its token, and by no other', async () => {
    const token = await win('renewed')
    harness.advance(60_000)
    const { body } = await renew('renewed', { token }).expect(200)
    expect(body.expiresInMs).toBeLessThanOrEqual(100_000)
    expect(body.expiresInMs).toBeGreaterThan(50_000)
    harness.advance(60_000)
    expect(leaseStatusOf(await ask('renewed'))).toBe('held')
    expect((await renew('renewed', { token, leaseMs: 600_000 })).body.expiresInMs).toBeGreaterThan(
      500_000,
    )
    harness.advance(500_000)
    expect(leaseStatusOf(await ask('renewed'))).toBe('held')
    await renew('renewed', { token: 'sixteen-chars-no.1' }).expect(412)
    await fill('renewed', token).expect(201)
    expect((await renew('renewed', { token }).expect(412)).body.code).toBe('lease-lost')
  })

  it('that is renewed is kept by Redis for as long', async () => {
    const token = await win('kept')
    await renew('kept', { token, leaseMs: 600_000 }).expect(200)
    expect(await harness.redis.pttl(keysOf(harness, 'kept').lease)).toBeGreaterThan(600_000)
  })

  it('is given up', async () => {
    const token = await win('given')
    expect((await cancel('given', { token: 'sixteen-chars-no.1' }).expect(200)).body).toEqual({
      cancelled: false,
    })
    expect(leaseStatusOf(await ask('given'))).toBe('held')
    expect((await cancel('given', { token }).expect(200)).body).toEqual({ cancelled: true })
    expect((await cancel('given', { token }).expect(200)).body).toEqual({ cancelled: false })
    await win('given')
    await fill('given', token).expect(412)
  })
})

describe('a load that failed', () => {
  it('keeps every caller from loading until the back-off ends', async () => {
    const token = await win('broken')
    await cancel('broken', { token, failed: true, backoffMs: 300_000 }).expect(200)
    const answer = await ask('broken').expect(404)
    expect(leaseStatusOf(answer)).toBe('backoff')
    const { retryAfterMs } = answer.body
    expect(retryAfterMs).toBeGreaterThan(250_000)
    expect(retryAfterMs).toBeLessThanOrEqual(300_000)
    expect(answer.headers['retry-after']).toBe(String(Math.ceil(retryAfterMs / 1_000)))
    expect(answer.body.lease).toEqual({ status: 'backoff', retryAfterMs })
    await fill('broken', token).expect(412)
    harness.advance(300_000)
    await win('broken')
  })

  it('backs off for 5 s by default', async () => {
    const token = await win('default')
    const before = performance.now()
    await cancel('default', { token, failed: true }).expect(200)
    // A minute more, in which a busy machine asks.
    harness.advance(-60_000)
    const { body } = await ask('default')
    expect(body.lease).toMatchObject({ status: 'backoff' })
    expect(body.retryAfterMs).toBeLessThanOrEqual(65_000)
    expect(body.retryAfterMs).toBeGreaterThan(64_999 - (performance.now() - before))
    harness.advance(65_000)
    await win('default')
  })

  it('does not shorten the next lease', async () => {
    const token = await win('after')
    await cancel('after', { token, failed: true, backoffMs: 30_000 }).expect(200)
    harness.advance(30_000)
    const { headers } = await ask('after').expect(404)
    expect(Number(headers['lockstep-lease-expires-in-ms'])).toBeLessThanOrEqual(100_000)
  })

  it('is ended by a value and a hard invalidation, but not by a soft one', async () => {
    const fail = async (key: string) =>
      cancel(key, { token: await win(key), failed: true, backoffMs: 60_000 }).expect(200)
    await fail('b-put')
    await harness.request('put', at('b-put')).send('x').expect(201)
    await invalidate({ keys: ['b-put'] })
    await win('b-put')
    await fail('b-hard')
    await invalidate({ keys: ['b-hard'], mode: 'hard' })
    await win('b-hard')
    await fail('b-soft')
    await invalidate({ keys: ['b-soft'] })
    expect(leaseStatusOf(await ask('b-soft'))).toBe('backoff')
  })

  it('refuses a back-off without failed', async () => {
    const token = 'sixteen-chars-no.1'
    const { body } = await cancel('x', { token, backoffMs: 1 }).expect(400)
    expect(placeOf(body.errors[0])).toBe('body/backoffMs')
  })
})

describe('an offer to load', () => {
  it.each([
    [{ waitMs: 1_000 }, {}, 'query/waitMs'],
    [{}, { 'lockstep-lease': 'sixteen-chars-no' }, 'header/lockstep-lease'],
  ])('of %j with %j is refused', async (query, headers, pointer) => {
    const { body } = await harness.request('get', at('bad')).query(query).set(headers).expect(400)
    expect(placeOf(body.errors[0])).toBe(pointer)
  })

  it.each(['sixteen-chars-no', 'short.1', 'sixteen-chars-no.x'])(
    'is not taken up by a fill that shows "%s" for its lease',
    async (lease) => {
      const { body } = await fill('bad', lease).expect(400)
      expect(placeOf(body.errors[0])).toBe('header/lockstep-lease')
    },
  )

  it.each([
    { lease: 'maybe' },
    { meta: true },
    { lease: true, waitMs: 30_001 },
    { lease: true, waitMs: -1 },
  ])('of %j breaks the schema', async (query) => {
    await harness.request('get', at('bad')).query(query).expect(400)
  })

  it.each(['fifteen-chars-n', 'x'.repeat(65), 'sixteen chars no', 'sixteen.chars.no', 'held'])(
    'under the token "%s" breaks the schema',
    async (token) => {
      await ask('bad').set('lockstep-lease', token).expect(400)
    },
  )

  it('is refused for a counter', async () => {
    await harness.request('post', `${at('count')}/incr`).expect(200)
    await ask('count').expect(409)
    await ask('count').set('cache-control', 'min-fresh=1000000').expect(404)
    expect(await harness.redis.exists(keysOf(harness, 'count').lease)).toBe(0)
  })
})

it('needs the scope to store', async () => {
  const locked = await startHarness({
    configFile: tokensYaml([
      { token: 'reader', scopes: ['cache:read'] },
      { token: 'loader', scopes: ['cache:write'] },
    ]),
  })
  const get = (token: string, query: object) =>
    locked.request('get', at('x')).query(query).set('authorization', `Bearer ${token}`)
  await get('reader', {}).expect(404)
  const { body } = await get('reader', { lease: true }).expect(403)
  expect(body).toMatchObject({ code: 'forbidden', scope: 'cache:write' })
  expect(leaseOf(await get('loader', { lease: true }).expect(404))).toMatch(LEASE)
  await locked.close()
})
