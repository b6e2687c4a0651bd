import { expect, it } from 'vitest'
import { useFreshHarness } from '../support/harness.js'
import { samples } from '../support/samples.js'
import { until } from '../support/until.js'
import { queueDriver } from './driver.js'

const harness = useFreshHarness({
  configFile: JSON.stringify({ queues: { filed: { maxFailures: 2 }, unused: {} } }),
})

it('count what happens to messages', async () => {
  const queue = queueDriver(harness, 'counted')
  await queue.put({ maxFailures: 2, retentionMs: 600_000 }).expect(201)
  await queue.send({ body: 1, dedupId: 'a' }, { body: 2, dedupId: 'a' }, { body: 3 }).expect(201)
  await queue.sendBodies(4, 5)
  const [one, three, four, five] = await queue.receive({ limit: 4, visibilityMs: 50_000 })
  await queue.settle({ ack: [one!.receipt], nack: [{ receipt: three!.receipt, delayMs: 10_000 }] })
  await queue.settle({
    ack: [one!.receipt],
    release: [four!.receipt],
    extend: [{ receipt: five!.receipt, visibilityMs: 50_000 }],
  })
  await queue.settle({ ack: [four!.receipt] })
  harness.advance(60_000)
  // The visibility of the last one ended.
  const again = await queue.receive({ limit: 4, visibilityMs: 50_000 })
  expect(again.map(({ body }) => body)).toEqual([3, 4, 5])
  await queue.settle({ nack: [{ receipt: again[0]!.receipt }] })
  await queue.settle({ nack: [{ receipt: again[1]!.receipt, dead: true }] })
  // Of the fifth a second time, which is one too many.
  harness.advance(60_000)
  await queue.sendBodies(6)
  harness.advance(600_000)
  expect(await queue.receive()).toEqual([])

  const text = await until('a scrape that has all', async () => {
    const events = await samples(harness, 'lockstep_queues_messages_total')
    return events['event="expired"'] && events
  })
  expect(text).toEqual({
    'event="sent"': 5,
    'event="duplicate"': 1,
    'event="delivered"': 7,
    'event="acked"': 1,
    'event="retried"': 1,
    'event="released"': 1,
    'event="timedout"': 2,
    'event="stale"': 1,
    'event="dead"': 3,
    'event="expired"': 1,
  })
})

it('count a repeat once', async () => {
  const queue = queueDriver(harness, 'repeated')
  for (let i = 0; i < 2; i++) {
    await queue.send({ body: 1 }).set('idempotency-key', 'send').expect(201)
  }
  for (let i = 0; i < 2; i++) {
    await queue.post('receive').set('idempotency-key', 'receive').expect(200)
  }
  const events = await until('a scrape that has both', async () => {
    const found = await samples(harness, 'lockstep_queues_messages_total')
    return found['event="delivered"'] && found
  })
  expect(events).toEqual({ 'event="sent"': 1, 'event="delivered"': 1 })
})

it('count what a send to a full queue makes room with', async () => {
  const counted = ['expired', 'timedout', 'dead', 'sent'].map((event) => `event="${event}"`)
  const before = await samples(harness, 'lockstep_queues_messages_total')
  const queue = queueDriver(harness, 'full')
  await queue.put({ capacity: 2, maxFailures: 1, retentionMs: 60_000 }).expect(201)
  await queue.send({ body: 1, priority: 9 }, { body: 2 }).expect(201)
  await queue.take()
  harness.advance(60_001)
  for (let i = 0; i < 2; i++) {
    await queue.send({ body: 3 }).set('idempotency-key', 'room').expect(201)
  }
  const events = await until('a scrape that has both', async () => {
    const found = await samples(harness, 'lockstep_queues_messages_total')
    const more = counted.map((event) => (found[event] ?? 0) - (before[event] ?? 0))
    return more[3] === 3 && more
  })
  expect(events).toEqual([1, 1, 1, 3])
})

it('count what calls of operators find and delete, and what exceeds deadCapacity', async () => {
  const queue = queueDriver(harness, 'operated')
  const settings = { maxFailures: 1, deadRetentionMs: 600_000, deadCapacity: 2 }
  await queue.put(settings).expect(201)
  const bury = async (...bodies: readonly number[]) => {
    await queue.sendBodies(...bodies)
    const items = await queue.receive({ limit: 100 })
    await queue.settle({ nack: items.map(({ receipt }) => ({ receipt })) })
    return items.map(({ id }) => id)
  }
  // A settle that drops the oldest one.
  const [, second, third] = await bury(1, 2, 3)
  await queue.post('dead/discard', { ids: [second] }).expect(200)
  harness.advance(600_000)
  // A redrive that meets one whose retention is over.
  await queue.post('dead/redrive', { ids: [third] }).expect(200)
  await bury(4, 5)
  await queue.sendBodies(6, 7, 8)
  await queue.receive({ limit: 2 })
  harness.advance(30_000)
  // A purge that buries two, for which two others are dropped, and deletes the third.
  await queue.post('purge', { state: 'ready' }).expect(200)
  await queue.sendBodies(9)
  await queue.receive()
  harness.advance(30_000)
  // A receive that does so.
  await queue.receive()

  const { body } = await queue.get().expect(200)
  const { duplicates, timedOut, ...totals } = body.totals
  expect(totals).toMatchObject({ expired: 1, dead: 8, dropped: 4, discarded: 2 })
  const counted = await samples(harness, 'lockstep_queues_messages_total')
  const all = Object.entries({ ...totals, duplicate: duplicates, timedout: timedOut })
  expect(counted).toEqual(
    Object.fromEntries(all.flatMap(([event, n]) => (n === 0 ? [] : [[`event="${event}"`, n]]))),
  )
})

it('show the depth of the queues of the configuration file, over their namespaces', async () => {
  const elsewhere = `${harness.namespace.slice(0, 40)}-b`
  const queue = queueDriver(harness, 'filed')
  await queueDriver(harness, 'invented').sendBodies(1)
  await queue.send({ body: 1 }, { body: 2, delayMs: 60_000 }).expect(201)
  await queue
    .post('messages', { messages: [{ body: 3 }] })
    .set('lockstep-namespace', elsewhere)
    .expect(201)
  harness.advance(8_000)

  const depths = await until('both namespaces are counted', async () => {
    const found = await samples(harness, 'lockstep_queues_depth')
    return found['queue="filed",state="ready"'] === 2 && found
  })

  const states = { blocked: 0, dead: 0, delayed: 0, leased: 0, ready: 0 }
  const rows = (name: string, counts: object) =>
    Object.entries({ ...states, ...counts }).map(([state, count]) => [
      `queue="${name}",state="${state}"`,
      count,
    ])
  expect(depths).toEqual(
    Object.fromEntries([...rows('filed', { ready: 2, delayed: 1 }), ...rows('unused', {})]),
  )
  const ages = await samples(harness, 'lockstep_queues_oldest_age_seconds')
  expect(ages['queue="filed"']).toBeGreaterThanOrEqual(8)
  expect(ages['queue="unused"']).toBe(0)

  await queue.post('purge', { state: 'delayed' }).expect(200)
  harness.advance(5_000)
  await until('a scrape later than 5 s', async () => {
    return (await samples(harness, 'lockstep_queues_depth'))['queue="filed",state="delayed"'] === 0
  })
  const left: string[] = []
  for await (const keys of harness.redis.scanStream({ match: `ls:{${elsewhere}:*` })) {
    left.push(...keys)
  }
  for (const key of left) await harness.redis.unlink(key)
})
