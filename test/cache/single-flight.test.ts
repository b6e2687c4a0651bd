import { describe, expect, it, vi } from 'vitest'
import type { CacheStores } from '../../src/cache/decorators/cache-stores.js'
import { ReadGuard, withReadTimeout } from '../../src/cache/decorators/read-timeout.js'
import type { Entry } from '../../src/cache/entries/scripts.js'
import {
  createEntryStore,
  type EntryStore,
  type LeaseOffer,
  type LeveledReply,
} from '../../src/cache/entries/store.js'
import { createLeasedReads } from '../../src/cache/leases/leased-reads.js'
import { SingleFlight, type Waiter } from '../../src/cache/leases/single-flight.js'
import { createLeaseStore } from '../../src/cache/leases/store.js'
import { createLeaseMetrics } from '../../src/cache/metrics.js'
import { Partitions } from '../../src/cache/partition.js'
import { DEFAULT_POLICY } from '../../src/cache/spaces/policy.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { StoreError } from '../../src/redis/errors.js'
import { layoutOf } from '../../src/redis/layout.js'
import { WAIT_MS } from '../support/bounds.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { keysOf } from './keys.js'

const replyOf = (lease: LeveledReply['lease'], entry?: Entry): LeveledReply => ({
  asOf: 1,
  lease,
  entry,
})
const GRANTED = replyOf({ kind: 'granted', proof: 'the-token.1', leftMs: 9_000, ranOut: false })
const HELD = replyOf({ kind: 'held', retryAfterMs: 9_000 })

/** A single flight whose reads the test answers. */
function open(count: number) {
  const reads: ((reply: LeveledReply | Error) => Promise<void>)[] = []
  const cancel = vi.fn(() => Promise.resolve())
  const offers: LeaseOffer[] = []
  const flight = new SingleFlight({
    read: (offer) =>
      new Promise((resolve, reject) => {
        offers.push(offer)
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
      flight.remove(waiter)
      answers[i] = answer as LeveledReply
    }
    const offer = { token: `token-${i}`, isOwn: false, early: 0 }
    const waiter: Waiter = { offer, last: HELD, answer: end, fail: end }
    flight.add(waiter)
    return waiter
  })
  return { flight, waiters, answers, reads, cancel, offers }
}

describe('a single flight', () => {
  it('sends one read at a time, and another for a change meanwhile', async () => {
    const { flight, reads } = open(2)
    for (let i = 0; i < 5; i++) flight.refresh()
    expect(reads).toHaveLength(1)
    flight.refresh()
    await reads[0]?.(HELD)
    expect(reads).toHaveLength(2)
    await reads[1]?.(HELD)
    expect(reads).toHaveLength(2)
  })

  it('cancels a lease that was won for a waiter that left', async () => {
    const { flight, waiters, answers, reads, cancel } = open(2)
    flight.refresh()
    flight.remove(waiters[0] as Waiter)
    await reads[0]?.(GRANTED)
    expect(cancel).toHaveBeenCalledWith('the-token.1')
    expect(answers).toEqual([])
  })

  it('grants the lease to the first waiter; the others know when it ends', async () => {
    const { flight, waiters, answers, reads, cancel } = open(2)
    flight.refresh()
    await reads[0]?.(GRANTED)
    expect(answers).toEqual([GRANTED])
    expect(waiters[1]?.last).toEqual(HELD)
    expect(cancel).not.toHaveBeenCalled()
  })

  it('serves a value to all waiters, and its lease to the first', async () => {
    const { flight, answers, reads } = open(2)
    const entry = { state: 'stale' } as Entry
    flight.refresh()
    await reads[0]?.(replyOf(GRANTED.lease, entry))
    expect(answers).toEqual([replyOf(GRANTED.lease, entry), replyOf(HELD.lease, entry)])
  })

  it('serves a waiter that joins during a read by another read', async () => {
    const { flight, waiters, answers, reads } = open(2)
    const second = waiters[1] as Waiter
    flight.remove(second)
    flight.refresh()
    flight.add(second)
    const old = replyOf({ kind: 'none' }, { state: 'fresh', version: 1 } as Entry)
    await reads[0]?.(old)
    expect(answers).toEqual([old])
    expect([...flight.waiters]).toEqual([second])
    const current = replyOf({ kind: 'none' }, { state: 'fresh', version: 2 } as Entry)
    await reads[1]?.(current)
    expect(answers).toEqual([old, current])
    expect(reads).toHaveLength(2)
  })

  it('waits on while Redis is away; a waiter whose time runs out gets the error', async () => {
    const { flight, waiters, answers, reads } = open(2)
    const away = new StoreError('store-unavailable', 'away')
    flight.refresh()
    for (const failures of [1, 2]) {
      await reads[failures - 1]?.(away)
      expect(answers).toEqual([])
      expect(waiters[1]?.last).toBe(away)
      await until('another read', () => reads.length === failures + 1)
    }
    await reads[2]?.(HELD)
    expect(waiters[1]?.last).toEqual(HELD)
    flight.refresh()
    await reads[3]?.(GRANTED)
    expect(answers).toEqual([GRANTED])
  })

  it('keeps a lease that a late reply wins while its waiter still waits', async () => {
    const { flight, waiters, reads, offers } = open(1)
    flight.refresh()
    expect(offers[0]).toMatchObject({ token: 'token-0', isOwn: true })
    await reads[0]?.(new StoreError('store-unavailable', 'away'))
    flight.remove(waiters[0] as Waiter)
    expect(offers[0]?.isOwn).toBe(false)
  })

  it('ends for all waiters with a fault, a back-off, and where Redis grants nothing', async () => {
    for (const end of [
      new Error('a fault'),
      replyOf({ kind: 'backoff', retryAfterMs: 5 }),
      replyOf({ kind: 'none' }),
    ]) {
      const { flight, answers, reads } = open(2)
      flight.refresh()
      await reads[0]?.(end)
      expect(answers).toEqual([end, end])
    }
  })
})

describe('a lease whose winner got no answer', () => {
  const harness = useHarness()

  /** A store; if `isLate`, its reads time out before their answer arrives. */
  function storeOf(isLate: boolean) {
    const { binder, connections } = harness
    const partitions = new Partitions(layoutOf(connections.cache), 'keep')
    const { read } = createEntryStore(binder, partitions)
    let answered: Promise<unknown> = Promise.resolve()
    const guard = new ReadGuard(isLate ? 0 : WAIT_MS)
    const slow: EntryStore['read'] = async (key, options) => {
      const reply = await read(key, options)
      expect(reply.lease.kind).toBe('granted')
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
      pubSub: connections.cachePubSub,
      entries,
      metrics: createLeaseMetrics(createMetrics('test'), () => 'other'),
    })
    return { store, answered: () => answered }
  }
  const client = { destroyed: true, once: () => undefined, off: () => undefined }

  it.each([
    ['is given up because its client is gone', undefined, client, false, 0],
    ['is given up because its answer came too late', undefined, undefined, true, 0],
    ['is kept under a token of the client', 'a-token-of-its-own', client, false, 1],
    ['is kept under that token when it came too late', 'a-token-of-its-own', undefined, true, 1],
  ])('%s', async (name, token, gone, isLate, kept) => {
    const { namespace } = harness
    const key = { namespace, space: 'users', key: name, policy: DEFAULT_POLICY }
    const { store, answered } = storeOf(isLate)
    const asked = store.ask(key, {}, { token, client: gone })
    if (isLate) await expect(asked).rejects.toMatchObject({ code: 'store-unavailable' })
    else expect((await asked).lease.kind).toBe('granted')
    await answered()
    const exists = () => harness.redis.exists(keysOf(harness, name).lease)
    if (kept === 0) await until('its end', async () => (await exists()) === 0)
    else expect(await exists()).toBe(1)
  })
})
