import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harness, startHarness } from '../support/harness.js'
import { until } from '../support/until.js'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.close())

const post = (path: string, body: object = {}) => harness.request('post', `/v1/${path}`).send(body)
const acquire = (name: string, body: object = {}) => post(`locks/${name}/acquire`, body)
const permits = (name: string, body: object) => post(`semaphores/${name}/acquire`, body)
const start = (test: ReturnType<typeof post>) => test.then((response) => response)

const get = async (name: string) =>
  (await harness.request('get', `/v1/locks/${name}`).expect(200)).body
const queued = (name: string, length: number) =>
  until(`${length} wait`, async () => (await get(name)).queueLength === length)
const key = (name: string, part: string) =>
  `ls:{${harness.namespace}:${harness.lockTag(name)}}:${part}:${name}`

describe('a name whose last lease is over, though nobody has ended it yet', () => {
  it('is free to be used in another way', async () => {
    await acquire('kind', { ttlMs: 1_000 }).expect(200)
    harness.advance(1_001)
    await permits('kind', { capacity: 3 }).expect(200)
  })

  it('does not bind the next caller to its capacity', async () => {
    await permits('size', { capacity: 3, ttlMs: 1_000 }).expect(200)
    harness.advance(1_001)
    await permits('size', { capacity: 5 }).expect(200)
  })

  it('takes all of itself again as a lock', async () => {
    await permits('whole', { capacity: 3, ttlMs: 1_000 }).expect(200)
    harness.advance(1_001)
    await acquire('whole').expect(200)
    await acquire('whole').expect(423)
  })

  it('does not cool down after a release during its minimal hold', async () => {
    const terms = { ttlMs: 5_000, minHoldMs: 2_000, lockDelayMs: 60_000 }
    const { body } = await acquire('minimal', terms).expect(200)
    await post('locks/minimal/release', { token: body.token }).expect(200)
    harness.advance(5_001)
    expect(await get('minimal')).toMatchObject({ state: 'free' })
  })
})

describe('a request of a higher priority', () => {
  it('is granted at once when only lower ones stand in line, and it fits', async () => {
    await permits('bands', { capacity: 3, permits: 2 }).expect(200)
    const heavy = start(permits('bands', { capacity: 3, permits: 3, waitMs: 500 }))
    await queued('bands', 1)
    await permits('bands', { capacity: 3, permits: 1, priority: 1 }).expect(200)
    expect((await heavy).status).toBe(423)
  })

  it('stands behind its own priority', async () => {
    await permits('same-band', { capacity: 3, permits: 2 }).expect(200)
    const heavy = start(permits('same-band', { capacity: 3, permits: 3, waitMs: 500, priority: 1 }))
    await queued('same-band', 1)
    await permits('same-band', { capacity: 3, permits: 1, priority: 1 }).expect(423)
    await heavy
  })
})

describe('re-entry from the queue', () => {
  it('never makes a reader of a writer', async () => {
    const { body: first } = await acquire('upgrade').expect(200)
    const reader = start(acquire('upgrade', { mode: 'shared', owner: 'o', waitMs: 10_000 }))
    await queued('upgrade', 1)
    const writer = start(acquire('upgrade', { owner: 'o', reentrant: true, waitMs: 10_000 }))
    await queued('upgrade', 2)

    await post('locks/upgrade/release', { token: first.token }).expect(200)
    const { body: read } = await reader
    expect(await get('upgrade')).toMatchObject({ mode: 'shared', queueLength: 1 })
    await post('locks/upgrade/release', { token: read.token }).expect(200)

    expect((await writer).body).toMatchObject({ mode: 'exclusive', holdCount: 1 })
  })

  it('finds a live lease behind one that was given back during its minimal hold', async () => {
    const shared = { mode: 'shared', owner: 'o' }
    const { body: first } = await acquire('second', { ...shared, minHoldMs: 5_000 }).expect(200)
    const { body: live } = await acquire('second', shared).expect(200)
    await post('locks/second/release', { token: first.token }).expect(200)
    const { body } = await acquire('second', { ...shared, reentrant: true }).expect(200)
    expect(body).toMatchObject({ fence: live.fence, holdCount: 2 })
  })
})

describe('a place kept for a client that stays away', () => {
  it('is given away when its time is over, although nobody else does anything', async () => {
    await acquire('absent', { mode: 'shared' }).expect(200)
    const cut = acquire('absent', { waitMs: 60_000 }).set('idempotency-key', 'absent')
    cut.end(() => undefined)
    await queued('absent', 1)
    const behind = start(acquire('absent', { mode: 'shared', waitMs: 60_000 }))
    await queued('absent', 2)
    cut.abort()
    await until('the place is kept', async () =>
      (await harness.redis.hvals(key('absent', 'waiters'))).some((one) => one.includes('kept')),
    )

    harness.advance(10_001)

    expect((await behind).status).toBe(200)
  })
})

describe('the order of deadlines', () => {
  it('lives as long as the longest lease in it', async () => {
    const shared = { mode: 'shared' }
    await acquire('long', { ...shared, ttlMs: 7_200_000 }).expect(200)
    await acquire('long', { ...shared, ttlMs: 1_000 }).expect(200)
    await acquire('long', { ...shared, ttlMs: 2_000 }).expect(200)
    expect(await harness.redis.pttl(key('long', 'holders'))).toBeGreaterThan(7_200_000)
  })
})
