import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { testQueue } from './stores.js'

const harness = useHarness()

/** Lets registrations last, in their order: they end after three seconds. Returns how many it found. */
const KEEP = `
  local found = 0
  for at, instance in ipairs(ARGV) do
    found = found + redis.call('ZADD', KEYS[1], 'XX', 'CH', 9e15 + at, instance)
  end
  redis.call('PERSIST', KEYS[1])
  return found`

/** A queue, and instances where requests wait for its messages. */
async function waitedFor(instances: number) {
  const queue = testQueue(harness)
  const waiting = queue.key('waiting')
  const heard: string[] = []
  const names = Array.from({ length: instances }, (_, at) => `${randomUUID()}-${at}`)
  for (const [at, name] of names.entries()) {
    await harness.connections.pubSub.subscribe(`ls:wakes:${name}`, (message) => {
      expect(message.endsWith(` ${waiting}`)).toBe(true)
      heard.push(`${at}: ${message.slice(0, -waiting.length - 1)}`)
    })
  }
  const receive = (instance: string, others = false) =>
    queue.deliveries.receive(queue.queue, { limit: 1 }, undefined, { instance, others })
  return {
    queue,
    receive,
    registered: () => harness.redis.zcard(waiting),
    /** A receive of each that gets nothing. */
    async wait() {
      await until('all wait', async () => {
        for (const name of names) await receive(name)
        return (await harness.redis.eval(KEEP, 1, waiting, ...names)) === instances
      })
    },
    /** All messages to the instances, at least so many, in any order. */
    async wakes(count: number) {
      await until('the wakes', () => heard.length >= count)
      return heard.splice(0).sort()
    },
  }
}

it('a send wakes as many instances as it has messages that are ready', async () => {
  const { queue, wait, wakes } = await waitedFor(3)
  await wait()
  await queue.sendAll([
    { text: 'a', group: 'g' },
    { text: 'b', group: 'g' },
    { text: 'c' },
    { text: 'd', delayMs: 60_000 },
  ])
  expect(await wakes(3)).toEqual(['0: 1 0', '1: 1 0', '2: 0 60000'])
})

it('a send announces its first delayed message, to one instance', async () => {
  const { queue, wait, wakes, registered } = await waitedFor(2)
  await wait()
  await queue.sendAll([{ delayMs: 9_000 }, { delayMs: 5_000 }, { delayMs: 7_000 }])
  expect(await wakes(1)).toEqual(['0: 0 5000'])
  expect(await registered()).toBe(2)
})

it('a rejection announces when its message is ready again', async () => {
  const { queue, wait, wakes } = await waitedFor(1)
  await queue.send('a')
  const delivery = await queue.take()
  await wait()
  await queue.nack(delivery, { delayMs: 1_234 })
  expect(await wakes(1)).toEqual(['0: 0 1234'])
})

it('a receive that makes several messages ready wakes one instance for those it leaves', async () => {
  const { queue, wait, wakes } = await waitedFor(3)
  await queue.send('a', 'b', 'c')
  await queue.receive({ limit: 3 })
  await wait()
  // Their visibility ends now.
  for (const { id } of await queue.look('leased')) {
    await harness.redis.zadd(queue.key('leased'), 'XX', '0', String(Number.parseInt(id, 36)))
  }
  await queue.take()
  expect(await wakes(1)).toEqual(['0: 1 0'])
})

it('a receive that gets the last message registers for others that wait', async () => {
  const { queue, receive, registered } = await waitedFor(1)
  await queue.send('a', 'b')
  await receive('here')
  expect(await registered()).toBe(0)
  // A registration may be over before the test looks.
  await until('it is registered', async () => {
    await receive('here', true)
    if ((await registered()) === 1) return true
    await queue.send('c')
    return false
  })
})

it('a registration ends, and a later one removes those that were not seen for three seconds', async () => {
  const { queue, receive, registered } = await waitedFor(1)
  await receive('here')
  // Without an end it is -1.
  expect(await harness.redis.pttl(queue.key('waiting'))).not.toBe(-1)
  harness.advance(3_000)
  await until('the later one alone', async () => {
    await receive('there')
    return (await registered()) === 1
  })
})

it('a receive that waits knows whether it left a message', async () => {
  const { queue, receive } = await waitedFor(1)
  await queue.send('a', 'b')
  expect(await receive('here')).toMatchObject({ nextMs: 0 })
  const reply = await receive('here')
  if (reply.kind !== 'received') throw new Error(reply.kind)
  expect(reply.deliveries).toHaveLength(1)
  expect(reply.nextMs).toBeGreaterThan(0)
})
