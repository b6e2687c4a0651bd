import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { useHarness } from '../support/harness.js'
import { lockScripts } from '../support/lock-scripts.js'
import { until } from '../support/until.js'

const harness = useHarness()
let scripts: ReturnType<typeof lockScripts>

beforeAll(async () => {
  scripts = lockScripts(harness)
})

/** The types of the events that were recorded since the test began to watch the lock. */
async function recorded(name: string): Promise<string[]> {
  const entries = await harness.redis.xrange(scripts.key('events', name), '-', '+')
  return entries.slice(1).map(([, fields]) => fields[1] as string)
}

describe('the watchers of a lock', () => {
  it('are notified once per call', async () => {
    const [lock, last] = ['once@a', 'once@b'].map((name) => scripts.key('lock', name))
    const heard: string[] = []
    const hear = (message: string) => void heard.push(message)
    const { pubSub } = harness.connections
    await pubSub.subscribe('ls:events:here', hear)
    onTestFinished(() => pubSub.unsubscribe('ls:events:here', hear))
    await scripts.watch('once@a', 60_000)
    await scripts.watch('once@b', 60_000)

    const { token } = await scripts.acquire('once@a')
    await scripts.acquire('once@a', { waitMs: 60_000 })
    await scripts.release('once@a', token, 'here')
    await scripts.acquire('once@b')

    await until('the last message is heard', () => heard.includes(last as string))
    expect(await recorded('once@a')).toEqual(['granted', 'queued', 'released', 'granted'])
    expect(heard.filter((key) => key === lock)).toHaveLength(3)
  })

  it('hear of a grant to a waiter when its instance claims it', async () => {
    await scripts.watch('claimed', 60_000)
    const first = await scripts.acquire('claimed')
    const { token } = await scripts.acquire('claimed', { waitMs: 60_000 })
    await scripts.release('claimed', first.token)
    // A clock that stands back keeps the grant from being over before its claim.
    harness.advance(-60_000)
    expect(await recorded('claimed')).toEqual(['granted', 'queued', 'released'])
    await scripts.claim('claimed', token)
    expect((await recorded('claimed')).at(3)).toBe('granted')
    harness.advance(60_000)
  })

  it('hear of a release at once where the name stays taken, and of nothing else', async () => {
    await scripts.watch('minimal', 60_000)
    const { token } = await scripts.acquire('minimal', { ttlMs: 60_000, min_hold_ms: 30_000 })
    await scripts.release('minimal', token)
    expect(await recorded('minimal')).toEqual(['granted', 'released'])
    harness.advance(30_001)
    await scripts.acquire('minimal')
    expect(await recorded('minimal')).toEqual(['granted', 'released', 'granted'])
  })
})
