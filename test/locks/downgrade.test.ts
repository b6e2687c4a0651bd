import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { code, lockDriver } from './driver.js'

const harness = useHarness()
const { post, lock, acquire, held, waits, queued, look, release } = lockDriver(harness)
const shared = { mode: 'shared' }
const downgrade = (name: string, token: string) => lock(name, 'downgrade', { token })

describe('a downgrade', () => {
  it('lets readers in, and keeps token, fence and end', async () => {
    const { token, fence } = await held('kept', { ttlMs: 60_000 })
    harness.advance(20_000)
    expect((await downgrade('kept', token).expect(200)).body).toEqual({ fence, mode: 'shared' })
    const state = await look('kept')
    expect(state).toMatchObject({ mode: 'shared', holders: [{ fence }] })
    expect(state.holders[0].expiresInMs).toBeLessThanOrEqual(40_000)
    await acquire('kept').expect(423)
    const reader = await held('kept', shared)
    expect((await look('kept')).holders).toHaveLength(2)
    await release('kept', token).expect(200)
    await release('kept', reader.token).expect(200)
    await acquire('kept').expect(200)
  })

  it('serves the readers at the head of the queue, and no writer behind them', async () => {
    const { token } = await held('queue', { ttlMs: 600_000 })
    const readers = [waits('queue', shared), waits('queue', shared)]
    await queued('queue', 2)
    const writer = waits('queue', { owner: 'writer' })
    await queued('queue', 3)
    await downgrade('queue', token).expect(200)
    const tokens = [token]
    for (const { status, body } of await Promise.all(readers)) {
      expect(status).toBe(200)
      tokens.push(body.token)
    }
    expect(await look('queue')).toMatchObject({ queueLength: 1, waiters: [{ owner: 'writer' }] })
    for (const each of tokens) await release('queue', each).expect(200)
    expect((await writer).status).toBe(200)
  })

  it('changes nothing when it is repeated', async () => {
    const { token, fence } = await held('twice')
    for (let i = 0; i < 2; i++) {
      expect((await downgrade('twice', token).expect(200)).body.fence).toBe(fence)
    }
    await release('twice', token).expect(200)
    expect(await look('twice')).toMatchObject({ state: 'free' })
  })

  it('is refused for a token that holds nothing', async () => {
    const { token } = await held('lost', { ttlMs: 1_000 })
    expect(await code(downgrade('lost', 'x'.repeat(22)), 409)).toBe('not-owner')
    harness.advance(1_001)
    expect(await code(downgrade('lost', token), 410)).toBe('lease-expired')
  })

  it('is refused for permits, and for a lease with other tokens', async () => {
    const permit = await post('semaphores/permits/acquire', { capacity: 2 }).expect(200)
    expect(await code(downgrade('permits', permit.body.token), 409)).toBe('mode-mismatch')
    const owner = { owner: 'o', reentrant: true }
    const { token } = await held('entered', owner)
    const inner = await held('entered', owner)
    expect(await code(downgrade('entered', token), 409)).toBe('mode-mismatch')
    await release('entered', inner.token).expect(200)
    await downgrade('entered', token).expect(200)
  })

  it('serves readers also when nothing else looks at the lock', async () => {
    const scripts = lockScripts(harness)
    const { token } = await scripts.acquire('alone', { ttlMs: 600_000 })
    const reader = await scripts.acquire('alone', { ...shared, waitMs: 60_000 })
    await scripts.load('alone')
    await scripts.downgrade('alone', scripts.unknown)
    const [, claimed] = await Promise.all([
      scripts.downgrade('alone', token),
      scripts.claim('alone', reader.token),
    ])
    expect(claimed).toMatchObject({ kind: 'granted', mode: 'shared' })
  })

  it('is an event', async () => {
    const scripts = lockScripts(harness)
    const { token } = await scripts.acquire('watched')
    await scripts.watch('watched', 60_000)
    await scripts.downgrade('watched', token)
    await scripts.downgrade('watched', token)
    const events = await harness.redis.xrange(scripts.key('events', 'watched'), '-', '+')
    expect(events.map(([, fields]) => fields[1])).toEqual(['begin', 'changed'])
  })
})
