import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { placeOf } from '../support/request-faults.js'
import { cacheDriver, leaseOf, leaseStatusOf } from './driver.js'

const harness = useHarness({
  configFile: `
      spaces:
        safe: { jitter: 0, ttlMs: 1000, errorMs: 600000, earlyRefreshBeta: 0, leaseMs: 100000 }
        both: { jitter: 0, ttlMs: 100000, staleMs: 15000, errorMs: 50000, earlyRefreshBeta: 0 }
    `,
})
const cache = cacheDriver(harness, 'safe')
const { at, ask } = cache

const read = cache.get
const put = (key: string, space = 'safe') =>
  harness.request('put', at(key, space)).send('old').expect(201)
const end = (key: string, verb: 'cancel' | 'renew', body: object, space?: string) =>
  cache.lease(key, verb, body, space).expect(200)
const BACKOFF_MS = 60_000

/** Stores a value that ends, and returns the lease for its next load. */
async function outOfDate(key: string): Promise<string> {
  await put(key)
  harness.advance(1_000)
  const lease = leaseOf(await ask(key).expect(404))
  expect(leaseStatusOf(await ask(key).expect(404))).toBe('held')
  return lease
}

describe('after a load that failed', () => {
  const failing = async (key: string) => {
    const token = await outOfDate(key)
    await end(key, 'cancel', { token, failed: true, backoffMs: BACKOFF_MS })
  }

  it('every caller gets the old value during the back-off', async () => {
    await failing('backoff')
    const { text, headers } = await ask('backoff').expect(200)
    expect([text, headers['lockstep-state'], headers['lockstep-lease-status']]).toEqual([
      'old',
      'stale',
      'backoff',
    ])
    await read('backoff').expect(200)
    const { body } = await harness
      .request('post', '/v1/cache/safe/get-many')
      .send({ keys: ['backoff'] })
    expect(body.results[0]).toMatchObject({ status: 'hit', state: 'stale', value: 'old' })
  })

  it('every caller gets it after the back-off, and while the next load tries', async () => {
    await failing('again')
    harness.advance(BACKOFF_MS)
    expect((await read('again').expect(200)).text).toBe('old')
    const won = await ask('again').expect(200)
    expect([won.text, leaseOf(won)]).toEqual(['old', expect.stringMatching(/\.\d+$/)])
    const held = await ask('again').expect(200)
    expect([held.text, leaseStatusOf(held)]).toEqual(['old', 'held'])
    await end('again', 'cancel', { token: leaseOf(won) })
    await read('again').expect(200)
  })

  it('conditions see it for as long as it is served', async () => {
    await failing('there')
    await harness.request('put', at('there')).set('if-none-match', '*').send('x').expect(412)
    const { body } = await harness.request('get', `${at('there')}/meta`).expect(200)
    expect(body.staleExpiresInMs).toBeGreaterThan(500_000)
    await harness.request('delete', at('there')).set('if-match', '*').expect(204)
  })

  it('it ends with its error window', async () => {
    await failing('ends')
    harness.advance(600_000)
    await read('ends').expect(404)
  })

  it('a load that succeeds closes the window', async () => {
    await failing('closed')
    harness.advance(BACKOFF_MS)
    const lease = leaseOf(await ask('closed').expect(200))
    await harness.request('put', at('closed')).set('lockstep-lease', lease).send('new').expect(204)
    harness.advance(1_000)
    await read('closed').expect(404)
  })

  it('a hard invalidation ends it', async () => {
    await failing('hard')
    const body = { keys: ['hard'], mode: 'hard' }
    await harness.request('post', '/v1/cache/safe/invalidate').send(body).expect(204)
    await read('hard').expect(404)
  })
})

describe('a lease that runs out', () => {
  it('counts as a load that failed', async () => {
    await outOfDate('silent')
    harness.advance(50_000)
    await read('silent').expect(404)
    harness.advance(50_000)
    await read('silent').expect(200)
    const won = await ask('silent').expect(200)
    expect([won.text, leaseOf(won)]).toEqual(['old', expect.stringMatching(/\.\d+$/)])
    expect(leaseStatusOf(await ask('silent').expect(200))).toBe('held')
  })

  it('counts so also when no read came for long', async () => {
    await outOfDate('unseen')
    harness.advance(300_000)
    await ask('unseen').expect(200)
  })

  it('counts from its new end when it was renewed', async () => {
    const token = await outOfDate('renewed')
    harness.advance(50_000)
    await end('renewed', 'renew', { token })
    harness.advance(70_000)
    await read('renewed').expect(404)
    harness.advance(30_000)
    await read('renewed').expect(200)
  })
})

it('a load that is given up has not failed', async () => {
  const token = await outOfDate('given-up')
  await end('given-up', 'cancel', { token })
  harness.advance(200_000)
  await read('given-up').expect(404)
})

it('a refresh that failed while the value was fresh counts once it is not', async () => {
  await put('early', 'both')
  const token = leaseOf(
    await ask('early', 'both').set('cache-control', 'min-fresh=1000').expect(404),
  )
  await end('early', 'cancel', { token, failed: true }, 'both')
  expect((await read('early', 'both').expect(200)).headers['lockstep-state']).toBe('fresh')
  harness.advance(125_000)
  expect((await read('early', 'both').expect(200)).headers['lockstep-state']).toBe('stale')
  harness.advance(25_000)
  await read('early', 'both').expect(404)
})

it.each([
  ['its key', { keys: ['soft'] }],
  ['its tag', { tags: ['t'] }],
])('the window counts from a soft invalidation of %s', async (_what, body) => {
  await harness
    .request('put', at('soft', 'both'))
    .set('surrogate-key', 't')
    .send('old')
    .expect(({ status }) => expect([201, 204]).toContain(status))
  await harness.request('post', '/v1/cache/both/invalidate').send(body).expect(204)
  const token = leaseOf(await ask('soft', 'both').expect(200))
  await end('soft', 'cancel', { token, failed: true }, 'both')
  harness.advance(30_000)
  await read('soft', 'both').expect(200)
  harness.advance(20_000)
  await read('soft', 'both').expect(404)
})

describe('errorMs', () => {
  const openTo = async (key: string) => {
    harness.advance(1_000)
    const token = leaseOf(await ask(key).expect(404))
    await end(key, 'cancel', { token, failed: true, backoffMs: 600_000 })
    harness.advance(50_000)
    await read(key).expect(200)
    harness.advance(50_000)
    await read(key).expect(404)
  }

  it('of a PUT wins over its Cache-Control, and that over the space', async () => {
    await harness.request('put', at('query')).query({ errorMs: 100_000 }).send('x').expect(201)
    await openTo('query')
    await harness
      .request('put', at('header'))
      .set('cache-control', 'stale-if-error=100')
      .send('x')
      .expect(201)
    await openTo('header')
    await harness
      .request('put', at('wins'))
      .query({ errorMs: 100_000 })
      .set('cache-control', 'stale-if-error=500')
      .send('x')
      .expect(201)
    await openTo('wins')
  })

  it('is a field of set-many and of a pipeline', async () => {
    const entry = { key: 'many', value: 1, errorMs: 100_000 }
    const post = (path: string, body: object) =>
      harness.request('post', path).send(body).expect(200)
    await post('/v1/cache/safe/set-many', { entries: [entry] })
    await openTo('many')
    const operation = { ...entry, op: 'put', space: 'safe', key: 'piped' }
    await post('/v1/cache-pipeline', { operations: [operation] })
    await openTo('piped')
  })

  it('is a field of a policy', async () => {
    const policy = harness.request('put', '/v1/cache-spaces/made').send({ errorMs: 5_000 })
    expect((await policy.expect(201)).body.errorMs).toBe(5_000)
  })

  it('does not belong to a negative entry', async () => {
    const { body } = await harness
      .request('put', at('negative'))
      .query({ errorMs: 1 })
      .set('lockstep-negative', 'true')
      .expect(400)
    expect(placeOf(body.errors[0])).toBe('query/errorMs')
    const entries = [{ key: 'negative', negative: true, errorMs: 1 }]
    const many = await harness
      .request('post', '/v1/cache/safe/set-many')
      .send({ entries })
      .expect(400)
    expect(placeOf(many.body.errors[0])).toBe('body/entries/0/errorMs')
  })
})
