import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Entry } from '../../src/cache/entries/entry.js'
import { createEntryStore, type LeveledReply } from '../../src/cache/entries/store.js'
import { Crowd, type Waiter } from '../../src/cache/leases/crowd.js'
import { createLeaseMetrics } from '../../src/cache/leases/metrics.js'
import { createLeaseStore } from '../../src/cache/leases/store.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { layoutOf } from '../../src/redis/layout.js'
import { type Harness, startHarness } from '../support/harness.js'
import { keysOf } from './keys.js'

const told = (lease: LeveledReply['lease'], entry?: Entry): LeveledReply => ({
  asOf: 1,
  lease,
  entry,
})
const WON = told({ kind: 'won', token: 'the-token', leftMs: 9_000, ranOut: false })
const HELD = told({ kind: 'held', retryAfterMs: 9_000 })

/** A crowd whose reads are answered by hand. */
function gather(count: number) {
  const reads: ((reply: LeveledReply | Error) => Promise<void>)[] = []
  const cancel = vi.fn(() => Promise.resolve())
  const crowd = new Crowd({
    read: () =>
      new Promise((resolve, reject) => {
        reads.push(async (reply) => {
          if (reply instanceof Error) reject(reply)
          else resolve(reply)
          await new Promise(setImmediate)
        })
      }),
    cancel,
  })
  const answers: (LeveledReply | Error)[] = []
  const waiters = Array.from({ length: count }, (_, i) => {
    const end = (answer: unknown) => {
      crowd.remove(waiter)
      answers[i] = answer as LeveledReply
    }
    const wish = { token: `token-${i}`, isOwn: false, early: 0 }
    const waiter: Waiter = { wish, last: HELD, answer: end, fail: end }
    crowd.add(waiter)
    return waiter
  })
  return { crowd, waiters, answers, reads, cancel }
}

describe('a crowd', () => {
  it('reads once at a time, and again for what it heard meanwhile', async () => {
    const { crowd, reads } = gather(2)
    for (let i = 0; i < 5; i++) crowd.look()
    expect(reads).toHaveLength(1)
    crowd.look()
    await reads[0]?.(HELD)
    expect(reads).toHaveLength(2)
    await reads[1]?.(HELD)
    expect(reads).toHaveLength(2)
  })

  it('gives a lease that was won for somebody who left to nobody', async () => {
    const { crowd, waiters, answers, reads, cancel } = gather(2)
    crowd.look()
    crowd.remove(waiters[0] as Waiter)
    await reads[0]?.(WON)
    expect(cancel).toHaveBeenCalledWith('the-token')
    expect(answers).toEqual([])
  })

  it('gives a lease to the first, and tells the others when it ends', async () => {
    const { crowd, waiters, answers, reads, cancel } = gather(2)
    crowd.look()
    await reads[0]?.(WON)
    expect(answers).toEqual([WON])
    expect(waiters[1]?.last).toEqual(HELD)
    expect(cancel).not.toHaveBeenCalled()
  })

  it('gives a value to all, and the lease that comes with it to the first', async () => {
    const { crowd, answers, reads } = gather(2)
    const entry = { state: 'stale' } as Entry
    crowd.look()
    await reads[0]?.(told(WON.lease, entry))
    expect(answers).toEqual([told(WON.lease, entry), told(HELD.lease, entry)])
  })

  it('ends for all with an error, a back-off, and where Redis grants nothing', async () => {
    for (const end of [
      new Error('down'),
      told({ kind: 'backoff', retryAfterMs: 5 }),
      told({ kind: 'none' }),
    ]) {
      const { crowd, answers, reads } = gather(2)
      crowd.look()
      await reads[0]?.(end)
      expect(answers).toEqual([end, end])
    }
  })

  it('tells whose token is spent, and looks on for the others', async () => {
    const { crowd, answers, reads } = gather(2)
    crowd.look()
    await reads[0]?.(told({ kind: 'spent' }))
    expect(answers).toEqual([told({ kind: 'spent' })])
    expect(reads).toHaveLength(2)
  })
})

describe('a lease that was won for a client that is gone', () => {
  let harness: Harness
  beforeAll(async () => {
    harness = await startHarness()
  })
  afterAll(() => harness.close())

  it.each([
    ['is cancelled', undefined, 0],
    ['is kept under a token of its own, for it may ask again', 'a-token-of-its-own', 1],
  ])('%s', async (_, token, kept) => {
    const { binder, links, namespace } = harness
    const partitions = new Partitions(layoutOf(links.cache), 'keep')
    const store = createLeaseStore({
      binder,
      partitions,
      signals: links.cacheSignals,
      entries: createEntryStore({ binder, partitions }),
      metrics: createLeaseMetrics(createMetrics('test'), () => 'other'),
    })
    const client = { destroyed: true, once: () => undefined, off: () => undefined }
    const key = { namespace, space: 'users', key: `gone ${kept}`, policy: DEFAULT_POLICY }
    const { lease } = await store.ask(key, {}, { token, client })
    expect(lease.kind).toBe('won')
    expect(await harness.redis.exists(keysOf(harness, key.key).lease)).toBe(kept)
  })
})
