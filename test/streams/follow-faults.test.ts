import { expect, it, onTestFinished } from 'vitest'
import { createBinder } from '../../src/redis/binder.js'
import { createStreamWatches } from '../../src/streams/events/store.js'
import { toSettings } from '../../src/streams/settings.js'
import { openEvents, type SeenEvent } from '../support/event-client.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { streamDriver } from './driver.js'
import { numberOf, testStream } from './stores.js'

/** LOCKSTEP_STREAM_CUTS=1000 for a long run. */
const CUTS = Number(process.env.LOCKSTEP_STREAM_CUTS ?? 24)

const harness = useHarness()

/** What a follower was sent: each entry once, or its number in a `reset`. */
class Followed {
  place = '0-0'
  seen = 0
  missed = 0
  resets = 0

  take({ event, id, data }: SeenEvent): void {
    if (event === 'reset') {
      expect(data.asked).toBe(this.place)
      expect(data.missed).toBeGreaterThan(0)
      this.missed += Number(data.missed)
      this.resets += 1
    } else if (event !== 'following') {
      this.seen += 1
      expect(numberOf(id as string)).toBe(this.count)
    }
    this.place = id as string
  }

  get count(): number {
    return this.seen + this.missed
  }
}

it('a follower that is cut again and again gets each entry once, or learns how many it missed', async () => {
  const stream = streamDriver(harness, 'cut')
  await stream.put({ capacity: 20 }).expect(201)
  const followed = new Followed()
  let appended = 0
  const append = (count: number) => {
    appended += count
    return stream.appendData(...Array.from({ length: count }, () => 'x'))
  }
  const follow = async () => {
    const headers = { 'lockstep-namespace': harness.namespace, 'last-event-id': followed.place }
    const client = await openEvents(harness, `${stream.at}/events`, { headers })
    onTestFinished(() => client.close())
    return client
  }
  for (let cut = 0; cut < CUTS; cut++) {
    // Every fourth time more than the stream holds.
    await append(cut % 4 === 3 ? 30 : 3)
    const client = await follow()
    // Meanwhile, so that it is trimmed while it is read.
    const appending = append(5)
    for (let events = 0; events < cut % 8; events++) followed.take(await client.next())
    client.close()
    await appending
  }
  const client = await follow()
  while (followed.count < appended) followed.take(await client.next())
  expect(followed.count).toBe(appended)
  expect(followed.resets).toBeGreaterThan(CUTS / 8)
  expect(followed.seen).toBeGreaterThan(CUTS)
})

it('2,000 followers of a stream cost an instance one read per append', async () => {
  let reads = 0
  const { connection, connections, namespace } = harness
  const observer = {
    batch(script: string, calls: number) {
      if (script === 'streams.watch') reads += calls
    },
    failure() {},
  }
  const binder = createBinder({ connection, observer, clockOffsetUs: () => 0 })
  const stream = testStream(harness)
  const settingsOf = () => toSettings({})
  const heard: string[] = []
  const instances = [2_000, 100].map((followers) => ({
    followers,
    watch: createStreamWatches({ binder, pubSub: connections.pubSub, settingsOf }),
  }))
  const listener = {
    onBegin: () => undefined,
    onEvent: ({ id }: { readonly id: string }) => void heard.push(id),
    isBehind: () => false,
  }
  const at = { namespace, name: stream.name }
  const subscriptions = await Promise.all(
    instances.flatMap(({ followers, watch }) =>
      Array.from({ length: followers }, () => watch(at, 'end', listener)),
    ),
  )
  onTestFinished(() => {
    for (const subscription of subscriptions) subscription.close()
  })
  const before = { reads, at: performance.now() }
  for (let appends = 1; appends <= 5; appends++) {
    const [id] = await stream.append('x')
    await until('all have it', () => heard.length === appends * 2_100)
    expect(new Set(heard.slice(-2_100))).toEqual(new Set([id]))
  }
  // Each instance also reads every five seconds, without a message.
  const withoutMessage = 2 * Math.ceil((performance.now() - before.at) / 5_000)
  expect(reads - before.reads).toBeGreaterThanOrEqual(5 * 2)
  expect(reads - before.reads).toBeLessThanOrEqual(5 * 2 + withoutMessage)
})
