import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockDriver } from './driver.js'

const harness = useHarness()
const { lock } = lockDriver(harness)

const acquired = async (name: string, ttlMs = 60_000) =>
  (await lock(name, 'acquire', { ttlMs }).expect(200)).body as { token: string; fence: number }

const STRANGER = 'x'.repeat(22)

describe('renew', () => {
  it('extends the lease', async () => {
    const { token, fence } = await acquired('renew', 60_000)
    harness.advance(40_000)

    const { body } = await lock('renew', 'renew', { token, ttlMs: 60_000 }).expect(200)

    expect(body).toEqual({ fence, expiresInMs: expect.any(Number) })
    expect(body.expiresInMs).toBeGreaterThan(40_000)
    harness.advance(30_000)
    await lock('renew', 'acquire').expect(423)
  })

  it('never shortens a lease', async () => {
    const { token } = await acquired('shorter', 60_000)

    const { body } = await lock('shorter', 'renew', { token, ttlMs: 100 }).expect(200)

    expect(body.expiresInMs).toBeGreaterThan(30_000)
  })

  it('does not revive an expired lease, even if nobody took the lock', async () => {
    const { token, fence } = await acquired('dead', 20_000)
    harness.advance(20_001)

    const { body } = await lock('dead', 'renew', { token }).expect(410)

    expect(body).toMatchObject({ code: 'lease-expired', fence })
    await lock('dead', 'acquire').expect(200)
  })

  it('refuses a token that never held the lock', async () => {
    await acquired('mine')
    const { body } = await lock('mine', 'renew', { token: STRANGER }).expect(409)
    expect(body.code).toBe('not-owner')
  })

  it('says that the lease was released', async () => {
    const { token } = await acquired('given-back')
    await lock('given-back', 'release', { token }).expect(200)

    const { body } = await lock('given-back', 'renew', { token }).expect(410)
    expect(body.code).toBe('lease-released')
  })
})

describe('release', () => {
  it('frees the lock for the next', async () => {
    const { token, fence } = await acquired('free')

    const { body } = await lock('free', 'release', { token }).expect(200)

    expect(body).toEqual({ released: true, fence, heldMs: expect.any(Number) })
    await lock('free', 'acquire').expect(200)
  })

  it('answers a repeat, and does not free the lease of the next holder', async () => {
    const { token, fence } = await acquired('twice')
    await lock('twice', 'release', { token }).expect(200)
    await acquired('twice')

    const { body } = await lock('twice', 'release', { token }).expect(200)

    expect(body).toEqual({ released: false, replayed: true, fence })
    await lock('twice', 'acquire').expect(423)
  })

  it('answers a late holder that its lease expired, and that another has the lock', async () => {
    const { token } = await acquired('late', 20_000)
    harness.advance(20_001)
    await acquired('late')

    const { body } = await lock('late', 'release', { token }).expect(410)

    expect(body.code).toBe('lease-expired')
    await lock('late', 'acquire').expect(423)
  })

  it('refuses the token of another lock', async () => {
    await acquired('guarded')
    await lock('guarded', 'release', { token: STRANGER }).expect(409)
    await lock('guarded', 'acquire').expect(423)
  })
})

describe('GET a lock', () => {
  const get = async (name: string) =>
    (await harness.request('get', `/v1/locks/${name}`).expect(200)).body

  it('is always 200', async () => {
    expect(await get('nobody')).toEqual({
      name: 'nobody',
      state: 'free',
      holders: [],
      waiters: [],
      queueLength: 0,
    })
  })

  it('shows the holder without its token', async () => {
    const { body } = await lock('shown', 'acquire', { owner: 'w-1', metadata: { a: [1] } })

    const state = await get('shown')

    expect(state).toMatchObject({
      state: 'held',
      mode: 'exclusive',
      holders: [{ owner: 'w-1', metadata: { a: [1] }, fence: body.fence }],
    })
    expect(JSON.stringify(state)).not.toContain(body.token)
  })

  it('shows how the last lease ended before a sweep ends it', async () => {
    const { fence } = await acquired('ended', 20_000)
    harness.advance(22_000)

    const state = await get('ended')

    expect(state).toMatchObject({ state: 'free', lastEnd: { how: 'expired', fence } })
    expect(state.lastEnd.agoMs).toBeGreaterThanOrEqual(2_000)
  })
})
