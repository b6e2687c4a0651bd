import { beforeAll, describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'

const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

const wait = (name: string, options: object = {}) =>
  scripts.acquire(name, { waitMs: 60_000, instance: 'here', ...options })
const unknown = 'x'.repeat(22)

describe('a heartbeat', () => {
  it('reads of each waiter whether it waits, holds, or is missing', async () => {
    const { token: holder } = await scripts.acquire('states')
    const { token } = await wait('states')
    expect(await scripts.heartbeat('states', 'here', unknown, token, holder)).toMatchObject({
      states: ['missing', 'waiting', 'granted'],
    })
  })

  it('reads that a waiter of an ended session is missing', async () => {
    const session = await scripts.openSession('session', 30_000)
    await scripts.acquire('session', { ttlMs: 600_000 })
    const { token } = await wait('session', { session })
    const { token: other } = await wait('session', {
      session: await scripts.openSession('session', 60_000),
    })
    harness.advance(30_001)
    expect(await scripts.heartbeat('session', 'here', token, other)).toMatchObject({
      states: ['missing', 'waiting'],
    })
  })

  it('ends the suspicion that its instance is dead', async () => {
    const { token } = await scripts.acquire('trust')
    await wait('trust', { instance: 'slow' })
    const { token: next } = await wait('trust')
    await wait('trust')
    await wait('trust', { instance: 'slow' })
    await scripts.release('trust', token)
    harness.advance(2_001)
    await scripts.load('trust')

    // In one turn, before a grant that nobody claims is over.
    const [swept, , , , seen] = await Promise.all([
      scripts.sweep('trust'),
      scripts.heartbeat('trust', 'slow', unknown),
      scripts.claim('trust', next),
      scripts.release('trust', next),
      scripts.inspect('trust'),
    ])

    expect(swept).toMatchObject({ claimTimeouts: 1 })
    expect(seen).toMatchObject({ holderCount: 1, queueLength: 1 })
  })

  it('sweeps the lock again when the clock stepped back', async () => {
    await scripts.acquire('back')
    const { token } = await wait('back')
    harness.advance(-3_600_000)
    expect(await scripts.heartbeat('back', 'here', token)).toEqual({
      nextMs: 1,
      states: ['waiting'],
    })
    harness.advance(3_600_000)
  })
})
