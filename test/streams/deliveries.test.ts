import { describe, expect, it } from 'vitest'
import { unavailable } from '../../src/redis/errors.js'
import type { Delivery } from '../../src/streams/groups/delivery-scripts.js'
import { createDeliveryStore } from '../../src/streams/groups/delivery-store.js'
import { useHarness } from '../support/harness.js'
import { watchedBinder } from '../support/watched-binder.js'
import { keyOf, testStream } from './stores.js'

const harness = useHarness()

/** A stream with a group that has these entries before it. */
async function grouped(
  texts: readonly string[],
  settings: Parameters<typeof testStream>[1] = {},
  group: Parameters<ReturnType<typeof testStream>['putGroup']>[1] = {},
) {
  const stream = testStream(harness, settings)
  await stream.putGroup('g', group)
  const ids = texts.length > 0 ? await stream.append(...texts) : []
  return { stream, ids, g: stream.group('g') }
}

/** An instance where a request waits. @returns whether it was not woken yet */
async function waiter(key: string): Promise<() => Promise<boolean>> {
  // Later than any time that scripts have.
  await harness.redis.zadd(key, 9e15, 'instance')
  return async () => (await harness.redis.zscore(key, 'instance')) !== null
}

const textOf = ({ data }: { data: Buffer }) => String(data)

/** A settle that shows how many settlements each call of Redis has, before it is made. */
function settling(see: (settlements: number) => void) {
  const show = ({ actions }: { actions: readonly unknown[] }) => see(actions.length)
  return createDeliveryStore({ binder: watchedBinder(harness.binder, 'streams.settle', show) })
    .settle
}

describe('receive', () => {
  it('delivers new entries once, in their order, to each group', async () => {
    const { stream, ids, g } = await grouped(['a', 'b', 'c'])
    await stream.putGroup('h', { start: 'start' })
    const [a, b] = await g.take({ limit: 2 })
    expect(a).toMatchObject({ id: ids[0], deliveries: 1, failures: 0, event: 'e' })
    expect([a, b].map((one) => textOf(one!))).toEqual(['a', 'b'])
    expect(a!.receipt).toMatch(/^\d+-1\.[\w-]{12}$/)
    expect(a!.receipt.slice(-12, -8)).toBe(b!.receipt.slice(-12, -8))
    expect(a!.receipt.slice(-8)).not.toBe(b!.receipt.slice(-8))
    expect(await g.texts()).toEqual(['c'])
    expect(await g.texts()).toEqual([])
    expect(await stream.group('h').texts()).toEqual(['a', 'b', 'c'])
    expect(await g.get()).toMatchObject({ position: ids[2], lag: 0, leased: 3, ready: 0 })
  })

  it('leases for the time of the group, or of the request', async () => {
    const { g } = await grouped(['a', 'b'], {}, { visibilityMs: 40_000 })
    const [a] = await g.take({ limit: 1 })
    expect(a!.visibleForMs).toBeLessThanOrEqual(40_000)
    expect(a!.visibleForMs).toBeGreaterThan(20_000)
    const [b] = await g.take({ visibilityMs: 5_000 })
    expect(b!.visibleForMs).toBeLessThanOrEqual(5_000)
    harness.advance(5_000)
    expect((await g.take({ visibilityMs: 600_000 })).map(textOf)).toEqual(['b'])
    harness.advance(35_000)
    expect(await g.texts()).toEqual(['a'])
  })

  it('delivers first what is ready again, then new entries', async () => {
    const { stream, g } = await grouped(['a', 'b', 'c', 'd'])
    const [a, , c] = await g.take({ limit: 3 })
    await g.release(c!, a!)
    await stream.append('e')
    expect(await g.texts(3)).toEqual(['a', 'c', 'd'])
    expect(await g.texts()).toEqual(['e'])
  })

  it('counts a failure where a visibility ends, also for entries after each other', async () => {
    const { g } = await grouped(['a', 'b'])
    await g.take()
    harness.advance(30_000)
    const reply = await g.receive()
    expect(reply.met).toEqual({ timedOut: 2, dead: 0, trimmed: 0, dropped: 0 })
    expect(reply.deliveries).toMatchObject([
      { deliveries: 2, failures: 1 },
      { deliveries: 2, failures: 1 },
    ])
  })

  it('delivers those of one call in their order again', async () => {
    const texts = Array.from({ length: 12 }, (_, at) => `${at}`)
    const { g } = await grouped(texts)
    expect(await g.texts()).toEqual(texts)
    harness.advance(30_001)
    expect(await g.texts()).toEqual(texts)
  })

  it('says when an entry is ready', async () => {
    const { stream, g } = await grouped(['a', 'b'])
    expect((await g.receive({ limit: 1 })).nextMs).toBe(0)
    const { nextMs } = await g.receive({ limit: 1, visibilityMs: 5_000 })
    expect(nextMs).toBeGreaterThan(3_000)
    expect(nextMs).toBeLessThanOrEqual(5_001)
    harness.advance(5_000)
    await stream.append('c')
    expect((await g.receive({ limit: 1 })).nextMs).toBe(0)
    await g.ack(...(await g.take()))
    harness.advance(30_000)
    await g.ack(...(await g.take()))
    expect((await g.receive()).nextMs).toBeUndefined()
  })

  it('ends after 256 KiB, and has one entry at least', async () => {
    const large = 'x'.repeat(131_000)
    const { stream, g } = await grouped([large, large, large])
    expect(await g.receive()).toMatchObject({ deliveries: [{}, {}], nextMs: 0 })
    await stream.append('y'.repeat(300_000), 'z')
    const [third] = await g.take()
    expect(textOf(third!)).toBe(large)
    expect(await g.texts()).toEqual(['y'.repeat(300_000)])
    harness.advance(30_000)
    expect(await g.take()).toHaveLength(2)
    expect(await g.receive()).toMatchObject({ deliveries: [{}], nextMs: 0, met: { timedOut: 1 } })
    expect(await g.receive()).toMatchObject({ deliveries: [{}], nextMs: 0, met: { timedOut: 1 } })
    expect(await g.texts()).toEqual(['z'])
  })

  it('delivers at most 10,000 that are not settled', async () => {
    const { stream, g } = await grouped([], {}, { visibilityMs: 3_600_000 })
    const texts = Array.from({ length: 100 }, () => 'x')
    for (let at = 0; at < 100; at++) await stream.append(...texts)
    for (let at = 0; at < 99; at++) await g.receive()
    await stream.append('y')
    const last = await g.take()
    expect(last).toHaveLength(100)
    const none = await g.receive()
    expect(none.deliveries).toEqual([])
    expect(none.nextMs).toBeGreaterThan(0)
    expect(await g.get()).toMatchObject({ leased: 10_000, lag: 1 })
    const waits = await waiter(stream.key('waiting:g'))
    await g.ack(last[0]!)
    expect(await waits()).toBe(false)
    expect(await g.texts()).toEqual(['y'])
    const waitsAgain = await waiter(stream.key('waiting:g'))
    await g.nack(last[1]!, { dead: true })
    expect(await waitsAgain()).toBe(false)
  })

  it('passes over deleted entries', async () => {
    const { stream, ids, g } = await grouped(['a', 'b', 'c'])
    await stream.removeEntry(ids[0]!)
    await stream.removeEntry(ids[2]!)
    expect(await g.get()).toMatchObject({ lag: 3 })
    expect(await g.texts()).toEqual(['b'])
    expect(await g.get()).toMatchObject({ lag: 0, position: ids[2], trimmedUnread: 0, dropped: 0 })
  })

  it('begins at the end also where the newest entry is deleted', async () => {
    const stream = testStream(harness)
    const ids = await stream.append('a', 'b')
    await stream.removeEntry(ids[1]!)
    await stream.putGroup('g')
    expect(await stream.group('g').get()).toMatchObject({ position: ids[1], lag: 0 })
  })

  it('counts entries that were dropped before the group had them', async () => {
    const { stream, ids, g } = await grouped(['a', 'b', 'c', 'd', 'e'], { capacity: 2 })
    const reply = await g.receive({ limit: 1 })
    expect(reply.deliveries.map(textOf)).toEqual(['d'])
    expect(reply.met).toMatchObject({ trimmed: 3, dropped: 0 })
    expect(await g.get()).toMatchObject({ trimmedUnread: 3, lag: 1, position: ids[3] })
    await stream.append('f', 'g', 'h')
    expect((await g.receive()).met).toMatchObject({ trimmed: 2 })
    expect(await g.get()).toMatchObject({ trimmedUnread: 5, lag: 0 })
  })

  it('drops what is gone before it can be delivered again, and counts it', async () => {
    const { stream, ids, g } = await grouped(['a', 'b', 'c'], { capacity: 3 })
    const [a, b, c] = await g.take()
    await g.release(a!, b!, c!)
    await stream.append('d')
    await stream.removeEntry(ids[1]!)
    const reply = await g.receive()
    expect(reply.deliveries.map(textOf)).toEqual(['c', 'd'])
    expect(reply.met).toEqual({ timedOut: 0, dead: 0, trimmed: 0, dropped: 2 })
    expect(await g.get()).toMatchObject({ dropped: 2, leased: 2, trimmedUnread: 0 })
    expect(await g.ack(a!, b!)).toEqual(['gone', 'gone'])
  })

  it('does not deliver what is too old', async () => {
    const { g } = await grouped(['a', 'b'], { maxAgeMs: 60_000 })
    const [a] = await g.take({ limit: 1 })
    await g.release(a!)
    harness.advance(60_000)
    const reply = await g.receive()
    expect(reply).toMatchObject({ deliveries: [], met: { trimmed: 1, dropped: 1 } })
    expect(await g.get()).toMatchObject({ lag: 0, ready: 0, trimmedUnread: 1, dropped: 1 })
  })

  it('shows how long ago the oldest lease began', async () => {
    const { g } = await grouped(['a', 'b'], {}, { visibilityMs: 300_000 })
    expect(await g.get()).not.toHaveProperty('oldestLeaseMs')
    await g.take({ limit: 1 })
    harness.advance(100_000)
    await g.take()
    const group = await g.get()
    expect(group).toMatchObject({ leased: 2 })
    expect(group!.oldestLeaseMs).toBeGreaterThanOrEqual(100_000)
    expect(group!.oldestLeaseMs).toBeLessThan(200_000)
    harness.advance(200_000)
    expect(await g.get()).toMatchObject({ leased: 1, ready: 1 })
  })

  it('of an unknown group delivers nothing', async () => {
    const { stream } = await grouped(['a'])
    const at = { stream: stream.stream, group: 'h' }
    expect(await stream.deliveries.receive(at, { limit: 1 })).toEqual({ kind: 'no-group' })
    expect(await stream.deliveries.settle(at, [])).toEqual({ kind: 'no-group' })
    expect(await stream.deliveries.dead(at, { limit: 1, after: 0 })).toEqual({ kind: 'no-group' })
  })
})

describe('a repeated receive', () => {
  it('gets the same receipts, and leases nothing else', async () => {
    const { g } = await grouped(['a', 'b', 'c'], {}, { visibilityMs: 300_000 })
    const first = await g.receive({ limit: 2 }, keyOf('k'))
    harness.advance(50_000)
    const again = await g.receive({ limit: 2 }, keyOf('k'))
    expect([first.replayed, again.replayed]).toEqual([false, true])
    const facts = ({ receipt, deliveries }: { receipt: string; deliveries: number }) => [
      receipt,
      deliveries,
    ]
    expect(again.deliveries.map(facts)).toEqual(first.deliveries.map(facts))
    expect(again.deliveries[0]!.visibleForMs).toBeLessThanOrEqual(250_000)
    expect(again.deliveries[0]!.visibleForMs).toBeGreaterThan(150_000)
    expect(await g.texts()).toEqual(['c'])
  })

  it('gets only what stands under the first receipts, is there and has time left', async () => {
    const { stream, ids, g } = await grouped(['acked', 'taken', 'overdue', 'extended', 'deleted'])
    const { deliveries } = await g.receive({}, keyOf('k'))
    await g.ack(deliveries[0]!)
    await g.release(deliveries[1]!)
    await g.take({ visibilityMs: 90_000 })
    await g.extend(deliveries[3]!, 90_000)
    await g.extend(deliveries[4]!, 90_000)
    await stream.removeEntry(ids[4]!)
    harness.advance(30_000)
    const again = await g.receive({}, keyOf('k'))
    expect(again.deliveries.map(textOf)).toEqual(['extended'])
    expect(await g.texts()).toEqual(['overdue'])
  })

  it('of another request is refused, and an empty one is not remembered', async () => {
    const { stream, g } = await grouped([])
    expect(await g.receive({}, keyOf('k'))).toMatchObject({ deliveries: [], replayed: false })
    await stream.append('a')
    expect(await g.receive({}, keyOf('k', 'one'))).toMatchObject({ replayed: false })
    const at = { stream: stream.stream, group: 'g' }
    expect(await stream.deliveries.receive(at, { limit: 1 }, keyOf('k', 'other'))).toEqual({
      kind: 'conflict',
    })
  })
})

describe('settle', () => {
  it('acknowledges once', async () => {
    const { g } = await grouped(['a', 'b'])
    const [a] = await g.take()
    expect(await g.ack(a!)).toEqual(['acked'])
    expect(await g.ack(a!)).toEqual(['gone'])
    harness.advance(30_000)
    expect(await g.texts()).toEqual(['b'])
  })

  it('makes ready again at once what is released or fails', async () => {
    const { g } = await grouped(['a', 'b'])
    const [a, b] = await g.take()
    expect(await g.release(a!)).toEqual(['released'])
    expect(await g.nack(b!, { error: 'broken' })).toBe('retrying')
    expect(await g.get()).toMatchObject({ leased: 0, ready: 2 })
    const again = await g.receive()
    expect(again.met.timedOut).toBe(0)
    expect(again.deliveries).toMatchObject([
      { deliveries: 2, failures: 0 },
      { deliveries: 2, failures: 1 },
    ])
  })

  it('refuses a receipt whose entry is ready again, or was delivered again', async () => {
    const { g } = await grouped(['a'])
    const [first] = await g.take()
    await g.release(first!)
    expect(await g.ack(first!)).toEqual(['stale'])
    const [second] = await g.take()
    expect(await g.ack(first!)).toEqual(['stale'])
    expect(await g.release(first!)).toEqual(['stale'])
    expect(await g.nack(first!)).toBe('stale')
    expect(await g.extend(first!, 60_000)).toBe('stale')
    expect(await g.ack(second!)).toEqual(['acked'])
  })

  it('takes a late acknowledgement while nobody else has the entry, and nothing else late', async () => {
    const { g } = await grouped(['a'])
    const [a] = await g.take()
    harness.advance(30_000)
    expect(await g.release(a!)).toEqual(['stale'])
    expect(await g.nack(a!)).toBe('stale')
    expect(await g.extend(a!, 60_000)).toBe('stale')
    expect(await g.ack(a!)).toEqual(['acked'])
    expect(await g.texts()).toEqual([])
  })

  it('extends from now on, never shortens, and at most to 12 hours', async () => {
    const { g } = await grouped(['a'])
    const [a] = await g.take()
    expect(await g.extend(a!, 600_000)).toBe('extended')
    expect(await g.extend(a!, 10_000)).toBe('extended')
    harness.advance(500_000)
    expect(await g.texts()).toEqual([])
    expect(await g.extend(a!, 43_200_000)).toBe('stale')
    expect(await g.extend(a!, 42_600_000)).toBe('extended')
    harness.advance(42_500_000)
    expect(await g.ack(a!)).toEqual(['acked'])
  })

  it('counts no receipt of before a seek, whichever way it went', async () => {
    const { g } = await grouped(['a', 'b'])
    const [a, b] = await g.take()
    await g.seek('start')
    expect(await g.get()).toMatchObject({ leased: 0, lag: 2 })
    expect(await g.ack(a!)).toEqual(['stale'])
    const [again] = await g.take({ limit: 1 })
    expect(again).toMatchObject({ deliveries: 1, failures: 0 })
    expect(await g.ack(a!)).toEqual(['stale'])
    expect(await g.ack(again!)).toEqual(['acked'])
    await g.seek('end')
    expect(await g.ack(a!, b!, again!)).toEqual(['stale', 'stale', 'stale'])
  })

  it('counts no receipt of a group that was deleted', async () => {
    const { stream, g } = await grouped(['a'])
    const [a] = await g.take()
    await stream.groups.remove(stream.stream, 'g')
    expect(await stream.keys()).toEqual(['log', 'meta'])
    await stream.putGroup('g')
    expect(await g.ack(a!)).toEqual(['stale'])
  })

  it('counts no receipt of an entry that a failover took back from the group', async () => {
    const { stream, g } = await grouped(['a'])
    const state = await harness.redis.hgetBuffer(stream.key('groups'), 'g')
    const [a] = await g.take()
    // What the replica lacked.
    await harness.redis.hset(stream.key('groups'), 'g', state!)
    await harness.redis.del(stream.key('leased:g'), stream.key('pending:g'))
    expect(await g.ack(a!)).toEqual(['stale'])
    expect(await g.texts()).toEqual(['a'])
  })
})

describe('the dead list', () => {
  it('gets a copy of what failed too often, by nack or by time', async () => {
    const { stream, ids, g } = await grouped(['a', 'b'], {}, { maxFailures: 2 })
    const [a, b] = await g.take()
    expect(await g.nack(a!, { error: 'first' })).toBe('retrying')
    const [again] = await g.take()
    expect(await g.nack(again!, { error: 'bröken' })).toBe('dead')
    expect(await g.extend(b!, 30_000)).toBe('extended')
    harness.advance(30_000)
    expect(await g.texts()).toEqual(['b'])
    harness.advance(30_000)
    const reply = await g.receive()
    expect(reply).toMatchObject({ deliveries: [], met: { timedOut: 1, dead: 1 } })
    for (const id of ids) await stream.removeEntry(id)
    const { entries, next } = await g.dead()
    expect(next).toBeUndefined()
    expect(entries.map(({ data }) => String(data))).toEqual(['a', 'b'])
    expect(entries).toMatchObject([
      { id: ids[0], deliveries: 2, failures: 2, error: 'bröken', event: 'e' },
      { id: ids[1], deliveries: 2, failures: 2, error: '' },
    ])
    expect(entries[1]!.diedAtMs - entries[0]!.diedAtMs).toBeGreaterThanOrEqual(60_000)
    expect(await g.get()).toMatchObject({ dead: 2, leased: 0, ready: 0 })
    // It is not done.
    expect(await g.ack(b!)).toEqual(['stale'])
  })

  it('gets at once what a nack puts there, and nothing by failures where they are not bounded', async () => {
    const { g } = await grouped(['a', 'b'], {}, { maxFailures: 0 })
    const [a, b] = await g.take()
    expect(await g.nack(a!, { dead: true, error: 'no' })).toBe('dead')
    expect(await g.nack(b!)).toBe('retrying')
    expect((await g.dead()).entries).toMatchObject([{ failures: 1, error: 'no' }])
  })

  it('gets nothing of an entry that was deleted meanwhile', async () => {
    const { stream, ids, g } = await grouped(['a'])
    const [a] = await g.take()
    await stream.removeEntry(ids[0]!)
    expect(await g.nack(a!, { dead: true })).toBe('gone')
    expect(await g.get()).toMatchObject({ dead: 0, dropped: 1, leased: 0 })
  })

  it('gets little more than 256 KiB from one receive, which then says to ask again', async () => {
    const texts = Array.from({ length: 7 }, (_, at) => `${at}${'x'.repeat(100_000)}`)
    const { g } = await grouped(texts, {}, { maxFailures: 1 })
    while ((await g.take()).length > 0);
    harness.advance(30_001)
    for (const dead of [3, 3]) {
      const met = { dead, timedOut: dead }
      expect(await g.receive()).toMatchObject({ deliveries: [], nextMs: 0, met })
    }
    expect(await g.receive()).toMatchObject({ nextMs: undefined, met: { dead: 1 } })
  })

  describe('that gets many large entries by one settle', () => {
    const texts = Array.from({ length: 7 }, (_, at) => `${at}${'x'.repeat(100_000)}`)
    /** Delivered, with nacks that put all of them there. */
    async function rejected() {
      const { stream, ids, g } = await grouped(texts)
      const all: Delivery[] = []
      while (all.length < texts.length) all.push(...(await g.take()))
      const nacks = all.map(({ receipt }) => ({ kind: 'nack' as const, receipt, dead: true }))
      return { at: { stream: stream.stream, group: 'g' }, stream, ids, g, nacks }
    }

    it('gets little more than 256 KiB from each call, and answers for all', async () => {
      const { at, g, nacks } = await rejected()
      const calls: number[] = []
      const settle = settling((settlements) => calls.push(settlements))
      expect(await settle(at, nacks)).toEqual({
        kind: 'settled',
        statuses: texts.map(() => 'dead'),
        dropped: 0,
      })
      expect(calls).toEqual([7, 4, 1])
      expect(await g.get()).toMatchObject({ dead: 7, leased: 0 })
    })

    it('does not say that nothing was applied, where the first of its calls was', async () => {
      const { at, g, nacks } = await rejected()
      const fail = (left: number) =>
        settling((settlements) => {
          if (settlements === left) throw unavailable()
        })
      await expect(fail(7)(at, nacks)).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(await g.get()).toMatchObject({ dead: 0 })
      await expect(fail(4)(at, nacks)).rejects.toMatchObject({ code: 'outcome-unknown' })
      expect(await g.get()).toMatchObject({ dead: 3, leased: 4 })
    })

    it('counts what was gone over all of its calls', async () => {
      const { at, stream, ids, nacks } = await rejected()
      await stream.removeEntry(ids[0]!)
      await stream.removeEntry(ids[6]!)
      expect(await stream.deliveries.settle(at, nacks)).toEqual({
        kind: 'settled',
        statuses: ['gone', 'dead', 'dead', 'dead', 'dead', 'dead', 'gone'],
        dropped: 2,
      })
    })
  })

  it('has pages', async () => {
    const { g } = await grouped(['a', 'b', 'c'], {}, { maxFailures: 1 })
    for (const one of await g.take()) await g.nack(one)
    const first = await g.dead(0, 2)
    expect(first.entries.map(textOf)).toEqual(['a', 'b'])
    const second = await g.dead(first.next, 2)
    expect([second.entries.map(textOf), second.next]).toEqual([['c'], undefined])
  })

  it('has pages of 256 KiB, and at most 8 MiB', async () => {
    const stream = testStream(harness)
    await stream.putGroup('g')
    const g = stream.group('g')
    const large = 'x'.repeat(500_000)
    for (let at = 0; at < 18; at++) {
      await stream.append(`${at}${large}`)
      await g.nack((await g.take())[0]!, { dead: true })
    }
    expect(await g.get()).toMatchObject({ dead: 16 })
    expect(await harness.redis.hlen(stream.key('letters:g'))).toBe(16)
    const page = await g.dead()
    expect(page.entries.map((one) => textOf(one).slice(0, 2))).toEqual(['2x'])
    expect((await g.dead(page.next)).entries.map((one) => textOf(one).slice(0, 2))).toEqual(['3x'])
  })

  it('has the newest 1000', async () => {
    const stream = testStream(harness)
    await stream.putGroup('g')
    const g = stream.group('g')
    for (let at = 0; at < 11; at++) {
      await stream.append(...Array.from({ length: 100 }, (_, i) => `${at * 100 + i}`))
      const all = await g.take()
      await g.settle(...all.map(({ receipt }) => ({ kind: 'nack' as const, receipt, dead: true })))
    }
    expect(await g.get()).toMatchObject({ dead: 1_000 })
    expect(textOf((await g.dead()).entries[0]!)).toBe('100')
  })

  it('has an entry once, at its last end, and outlives a seek', async () => {
    const { g } = await grouped(['a', 'b'], {}, { maxFailures: 1 })
    for (const one of await g.take()) await g.nack(one)
    await g.seek('start')
    const [a] = await g.take({ limit: 1 })
    await g.nack(a!, { error: 'again' })
    const { entries } = await g.dead()
    expect(entries.map(textOf)).toEqual(['b', 'a'])
    expect(entries[1]).toMatchObject({ error: 'again' })
  })

  it('counts the bytes of an entry once', async () => {
    const { g } = await grouped(['x'.repeat(1_000_000)])
    for (let at = 0; at < 9; at++) {
      await g.nack((await g.take())[0]!, { dead: true })
      await g.seek('start')
    }
    expect(await g.get()).toMatchObject({ dead: 1 })
  })
})

describe('an instance where a request waits', () => {
  it('is woken by an append, of each group', async () => {
    const { stream } = await grouped([])
    await stream.putGroup('h')
    const both = [await waiter(stream.key('waiting:g')), await waiter(stream.key('waiting:h'))]
    await stream.append('a')
    expect(await Promise.all(both.map((waits) => waits()))).toEqual([false, false])
  })

  it.each(['release', 'nack', 'seek', 'receive'] as const)(
    'is woken by a %s that leaves an entry, and by nothing that leaves none',
    async (call) => {
      const { stream, g } = await grouped(['a', 'b', 'c'])
      const [a, b] = await g.take({ limit: 2 })
      const waits = await waiter(stream.key('waiting:g'))
      await g.ack(b!)
      expect(await waits()).toBe(true)
      if (call === 'release') await g.release(a!)
      if (call === 'nack') await g.nack(a!)
      if (call === 'seek') await g.seek('start')
      if (call === 'receive') {
        await stream.append('d')
        await waiter(stream.key('waiting:g'))
        await g.take({ limit: 1 })
      }
      expect(await waits()).toBe(false)
    },
  )
})
