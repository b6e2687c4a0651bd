import { expect, it, onTestFinished } from 'vitest'
import { openEvents } from '../support/event-client.js'
import { type Harness, startHarness } from '../support/harness.js'
import { samples } from '../support/samples.js'
import { until } from '../support/until.js'
import { streamDriver } from './driver.js'

/** An instance whose metrics count nothing yet. */
async function startFresh(): Promise<Harness> {
  const harness = await startHarness()
  onTestFinished(() => harness.close())
  return harness
}

async function follow(harness: Harness, path: string) {
  const headers = { 'lockstep-namespace': harness.namespace }
  const client = await openEvents(harness, path, { headers })
  onTestFinished(() => client.close())
  return client
}

/** A metric without labels. */
async function sampleOf(harness: Harness, metric: string): Promise<number> {
  const { text } = await harness.request('get', '/metrics').expect(200)
  return Number(new RegExp(`^${metric} (\\d+)$`, 'm').exec(text)?.[1])
}

it('count what happens to entries', async () => {
  const harness = await startFresh()
  const stream = streamDriver(harness, 'counted')
  await stream.put({ capacity: 3 }).expect(201)
  await stream.appendData(1, 2, 3, 4)
  const append = (data: number, key: string) =>
    stream.append({ event: 'e', data }).set('idempotency-key', key)
  for (const status of [201, 201]) await append(5, 'k').expect(status)
  await append(6, 'k').expect(422)
  await stream.put({ capacity: 3, whenFull: 'refuse' }).expect(200)
  await stream.append({ event: 'e', data: 7 }, { event: 'e', data: 8 }).expect(429)
  expect(await stream.data()).toEqual([3, 4, 5])
  const { body } = await stream.get({ order: 'desc', limit: 1 }).expect(200)
  for (let i = 0; i < 2; i++) {
    await harness.request('delete', `${stream.at}/entries/${body.items[0].id}`).expect(204)
  }
  const client = await follow(harness, `${stream.at}/events?after=start`)
  for (const data of [3, 4]) expect(await client.next()).toMatchObject({ data: { data } })

  const counts = await until('the last one', async () => {
    const all = await samples(harness, 'lockstep_streams_entries_total')
    return all['event="followed"'] === 2 && all
  })
  expect(counts).toEqual({
    'event="appended"': 5,
    'event="dropped"': 2,
    'event="refused"': 2,
    'event="read"': 4,
    'event="deleted"': 1,
    'event="followed"': 2,
  })
})

it('count positions that are lost, of pages and of event streams', async () => {
  const harness = await startFresh()
  const stream = streamDriver(harness, 'lost')
  const lost = () => sampleOf(harness, 'lockstep_streams_lost_positions_total')
  const untilLost = (count: number) => until('the count', async () => (await lost()) === count)
  await stream.put({ capacity: 1 }).expect(201)
  const [first] = await stream.appendData(1, 2, 3)
  expect(await lost()).toBe(0)
  await stream.get({ after: first }).expect(410)
  await untilLost(1)
  const client = await follow(harness, `${stream.at}/events?after=${first}`)
  await client.nextOf('reset')
  await untilLost(2)
})

it('show open event streams, and why they ended', async () => {
  const harness = await startFresh()
  const stream = streamDriver(harness, 'followed')
  const open = () => sampleOf(harness, 'lockstep_streams_followers')
  const clients = [await follow(harness, `${stream.at}/events`)]
  clients.push(await follow(harness, `${stream.at}/events`))
  await until('both', async () => (await open()) === 2)
  clients[0]!.close()
  await until('its end', async () => (await open()) === 1)
  expect(await samples(harness, 'lockstep_streams_follower_ends_total')).toEqual({
    'why="client"': 1,
  })
})

it('have the time from a wake to the entries of a receive that waits', async () => {
  const harness = await startFresh()
  const stream = streamDriver(harness, 'woken')
  const group = stream.group('g')
  const count = () => sampleOf(harness, 'lockstep_streams_group_wake_seconds_count')
  const waiters = () => sampleOf(harness, 'lockstep_streams_group_waiters')
  await group.put().expect(201)
  const waiting = group.post('receive', { waitMs: 20_000 }).then(({ body }) => body.items)
  await until('it waits', async () => (await waiters()) === 1)
  await stream.appendData('a')
  expect(await waiting).toMatchObject([{ data: 'a' }])
  await until('the sample', async () => (await count()) === 1)
})
