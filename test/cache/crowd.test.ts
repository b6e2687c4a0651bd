import { describe, expect, it, vi } from 'vitest'
import type { CacheStores } from '../../src/cache/decorators/cache-stores.js'
import { ReadGuard, withReadTimeout } from '../../src/cache/decorators/read-timeout.js'
import type { Entry } from '../../src/cache/entries/scripts.js'
import {
  createEntryStore,
  type EntryStore,
  type LeaseWish,
  type LeveledReply,
} from '../../src/cache/entries/store.js'
import { Crowd, type Waiter } from '../../src/cache/leases/crowd.js'
import { createLeasedReads } from '../../src/cache/leases/leased-reads.js'
import { createLeaseStore } from '../../src/cache/leases/store.js'
import { createLeaseMetrics } from '../../src/cache/metrics.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { StoreError } from '../../src/redis/errors.js'
import { layoutOf } from '../../src/redis/layout.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { keysOf } from './keys.js'

const told = (lease: LeveledReply['lease'], entry?: Entry): LeveledReply => ({
  asOf: 1,
  lease,
  entry,
})
const WON = told({ kind: 'won', proof: 'the-token.1', leftMs: 9_000, ranOut: false })
const HELD = told({ kind: 'held', retryAfterMs: 9_000 })

/** A crowd whose reads are answered by hand. */
function gather(count: number) {
  const reads: ((reply: LeveledReply | Error) => Promise<void>)[] = []
  const cancel = vi.fn(() => Promise.resolve())
  const wishes: LeaseWish[] = []
  const crowd = new Crowd({
    read: (wish) =>
      new Promise((resolve, reject) => {
        wishes.push(wish)
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
  return { crowd, waiters, answers, reads, cancel, wishes }
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
    expect(cancel).toHaveBeenCalledWith('the-token.1')
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

  it('serves who comes while it reads by another read, that is no older than the request', async () => {
    const { crowd, waiters, answers, reads } = gather(2)
    const second = waiters[1] as Waiter
    crowd.remove(second)
    crowd.look()
    crowd.add(second)
    const old = told({ kind: 'none' }, { state: 'fresh', version: 1 } as Entry)
    await reads[0]?.(old)
    expect(answers).toEqual([old])
    expect([...crowd.waiters]).toEqual([second])
    const current = told({ kind: 'none' }, { state: 'fresh', version: 2 } as Entry)
    await reads[1]?.(current)
    expect(answers).toEqual([old, current])
    expect(reads).toHaveLength(2)
  })

  it('waits on while Redis is away, and is told of it if its time runs out', async () => {
    const { crowd, waiters, answers, reads } = gather(2)
    const away = new StoreError('store-unavailable', 'away')
    crowd.look()
    for (const failures of [1, 2]) {
      await reads[failures - 1]?.(away)
      expect(answers).toEqual([])
      expect(waiters[1]?.last).toBe(away)
      await until('another look', () => reads.length === failures + 1)
    }
    await reads[2]?.(HELD)
    expect(waiters[1]?.last).toEqual(HELD)
    crowd.look()
    await reads[3]?.(WON)
    expect(answers).toEqual([WON])
  })

  it('keeps a lease that is won too late for as long as its waiter asks again', async () => {
    const { crowd, waiters, reads, wishes } = gather(1)
    crowd.look()
    expect(wishes[0]).toMatchObject({ token: 'token-0', isOwn: true })
    await reads[0]?.(new StoreError('store-unavailable', 'away'))
    crowd.remove(waiters[0] as Waiter)
    expect(wishes[0]?.isOwn).toBe(false)
  })

  it('ends for all with a fault, a back-off, and where Redis grants nothing', async () => {
    for (const end of [
      new Error('a fault'),
      told({ kind: 'backoff', retryAfterMs: 5 }),
      told({ kind: 'none' }),
    ]) {
      const { crowd, answers, reads } = gather(2)
      crowd.look()
      await reads[0]?.(end)
      expect(answers).toEqual([end, end])
    }
  })
})

describe('a lease that nobody hears of', () => {
  const harness = useHarness()

  /** A store whose reads are given up before their answer comes, if `isLate`. */
  function storeOf(isLate: boolean) {
    const { binder, links } = harness
    const partitions = new Partitions(layoutOf(links.cache), 'keep')
    const { read } = createEntryStore({ binder, partitions })
    let answered: Promise<unknown> = Promise.resolve()
    const guard = new ReadGuard(isLate ? 0 : 5_000)
    const slow: EntryStore['read'] = async (key, options) => {
      const reply = await read(key, options)
      expect(reply.lease.kind).toBe('won')
      if (isLate) await new Promise((resolve) => setTimeout(resolve, 100))
      return reply
    }
    const leases = createLeaseStore(binder, partitions)
    const { entries } = withReadTimeout(() => guard, leases.abandon, {
      entries: {
        read: (key, options) => {
          const reply = slow(key, options)
          answered = reply
          return reply
        },
      },
    } as CacheStores)
    const store = createLeasedReads({
      leases,
      partitions,
      signals: links.cacheSignals,
      entries,
      metrics: createLeaseMetrics(createMetrics('test'), () => 'other'),
    })
    return { store, answered: () => answered }
  }
  const client = { destroyed: true, once: () => undefined, off: () => undefined }

  it.each([
    ['because its client is gone, is given up', undefined, client, false, 0],
    ['because its answer came too late, is given up', undefined, undefined, true, 0],
    ['is kept under a token of the client', 'a-token-of-its-own', client, false, 1],
    ['is kept under that token when it came too late', 'a-token-of-its-own', undefined, true, 1],
  ])('%s', async (name, token, gone, isLate, kept) => {
    const { namespace } = harness
    const key = { namespace, space: 'users', key: name, policy: DEFAULT_POLICY }
    const { store, answered } = storeOf(isLate)
    const asked = store.ask(key, {}, { token, client: gone })
    if (isLate) await expect(asked).rejects.toMatchObject({ code: 'store-unavailable' })
    else expect((await asked).lease.kind).toBe('won')
    await answered()
    const exists = () => harness.redis.exists(keysOf(harness, name).lease)
    if (kept === 0) await until('its end', async () => (await exists()) === 0)
    else expect(await exists()).toBe(1)
  })
})
