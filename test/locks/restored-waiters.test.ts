import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'

const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const waitMs = 60_000
/**
 * Restores a waiter, sweeps, which grants or removes what is due, and returns the state: in one
 * turn, before a grant that nobody claims is over.
 */
const restored = async (name: string, waiter: Parameters<typeof scripts.restore>[1]) => {
  await scripts.load(name)
  const [outcome, , state] = await Promise.all([
    scripts.restore(name, waiter),
    scripts.sweep(name),
    scripts.inspect(name),
  ])
  return { outcome, state }
}

describe('a waiter that is restored although it is queued', () => {
  it('is granted when the same call ends the lease before it', async () => {
    await scripts.acquire('turn', { ttlMs: 1_000 })
    const { token } = await scripts.acquire('turn', { waitMs })
    harness.advance(1_001)

    const { outcome, state } = await restored('turn', { token })

    expect(outcome).toMatchObject({ kind: 'waiting' })
    expect(state).toMatchObject({ holderCount: 1, queueLength: 0 })
  })

  it('is not queued when it has its lease already', async () => {
    const { token } = await scripts.acquire('has')
    expect(await scripts.restore('has', { token })).toMatchObject({ kind: 'waiting' })
    expect(await scripts.inspect('has')).toMatchObject({ holderCount: 1, queueLength: 0 })
  })
})

describe('a set that is restored', () => {
  it('is granted on all its names, or on none', async () => {
    const names = ['set@a', 'set@b']
    const { token: held } = await scripts.acquire('set@b')
    const token = 'x'.repeat(22)
    expect(await scripts.restore(names, { token })).toMatchObject({ kind: 'waiting' })
    expect(await scripts.inspect('set@a')).toMatchObject({ holderCount: 0, queueLength: 1 })
    expect(await scripts.handOver('set@b', held, names, token)).toMatchObject({
      fences: [expect.any(Number), expect.any(Number)],
    })
  })
})

describe('a waiter that cannot be restored', () => {
  it('because it can never be granted lets those behind it advance', async () => {
    const size = { permits: 1, capacity: 2 }
    await scripts.acquire('large', { ...size, permits: 2, ttlMs: 1_000 })
    await scripts.acquire('large', { ...size, waitMs })
    harness.advance(1_001)

    const forgotten = { token: 'x'.repeat(22), permits: 3, capacity: 2 }
    const { outcome, state } = await restored('large', forgotten)

    expect(outcome).toMatchObject({ kind: 'unsatisfiable' })
    expect(state).toMatchObject({ holderCount: 1, queueLength: 0 })
  })

  it('because its name became another kind of lock is answered so', async () => {
    await scripts.acquire('kind', { permits: 1, capacity: 2 })
    const forgotten = { token: 'x'.repeat(22) }
    expect(await scripts.restore('kind', forgotten)).toMatchObject({ kind: 'mode-mismatch' })
  })

  it('because its key has another place by now lets those behind it advance', async () => {
    const keyed = { digest: 'other', fingerprint: 'f', record_ttl_ms: 600_000 }
    await scripts.acquire('other', { ttlMs: 1_000 })
    // Its instance has left no grant of another test unclaimed.
    await scripts.acquire('other', { ...keyed, waitMs, instance: 'well' })
    harness.advance(1_001)

    const before = { ...keyed, token: 'x'.repeat(22) }
    const { outcome, state } = await restored('other', before)

    expect(outcome).toMatchObject({ kind: 'replaced' })
    expect(state).toMatchObject({ holderCount: 1, queueLength: 0 })
  })
})

describe('a connection whose request was repeated through another instance', () => {
  it('gets no lease of its own when the repeat has used and released theirs', async () => {
    const keyed = { digest: 'once', fingerprint: 'f', record_ttl_ms: 600_000 }
    const first = await scripts.acquire('once', {})
    const { token } = await scripts.acquire('once', { ...keyed, waitMs })
    const repeat = await scripts.acquire('once', { ...keyed, waitMs, instance: 'there' })
    expect(repeat).toMatchObject({ kind: 'queued', attach: 2 })
    expect(await scripts.handOver('once', first.token, 'once', token)).toMatchObject({
      kind: 'granted',
    })
    expect(await scripts.release('once', token)).toMatchObject({ kind: 'released' })

    // The heartbeat of the first instance finds no place and no lease.
    expect(await scripts.restore('once', { ...keyed, token })).toMatchObject({
      kind: 'replaced',
    })

    expect(await scripts.inspect('once')).toMatchObject({ state: 'free', queueLength: 0 })
    expect(await scripts.acquire('once', { ...keyed, waitMs })).toMatchObject({
      kind: 'ended',
      how: 'released',
    })
  })
})
