import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src/queues/settings.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { queueDriver } from './driver.js'

const file = (settings: object) => JSON.stringify({ queues: { filed: settings } })

const harness = useHarness({ configFile: file({ visibilityMs: 7_000 }) })
/** An instance that learns of changes from Redis. */
const other = useHarness()

it('takes every setting, and answers it', async () => {
  const settings = {
    visibilityMs: 1_000,
    maxFailures: 100,
    backoff: { baseMs: 1, maxMs: 86_400_000 },
    capacity: 1_000_000,
    maxBytes: 4_294_967_296,
    maxMessageBytes: 524_288,
    retentionMs: 2_592_000_000,
    deadRetentionMs: 60_000,
    deadCapacity: 100_000,
    dedupWindowMs: 3_600_000,
    paused: true,
  }
  const { body } = await queueDriver(harness, 'every').put(settings).expect(201)
  const { version, ...rest } = body
  expect(rest).toEqual({ name: 'every', ...settings, source: 'api' })
  expect(Object.keys(settings)).toEqual(Object.keys(DEFAULT_SETTINGS))
})

it.each([
  [{ visibilityMs: 999 }, '/visibilityMs'],
  [{ visibilityMs: '5000' }, '/visibilityMs'],
  [{ maxFailures: -1 }, '/maxFailures'],
  [{ backoff: { baseMs: 0 } }, '/backoff/baseMs'],
  [{ backoff: { maxMs: 86_400_001 } }, '/backoff/maxMs'],
  [{ backoff: 1_000 }, '/backoff'],
  [{ capacity: 1_000_001 }, '/capacity'],
  [{ maxBytes: 4_294_967_297 }, '/maxBytes'],
  [{ maxMessageBytes: 0 }, '/maxMessageBytes'],
  [{ retentionMs: 2_592_000_001 }, '/retentionMs'],
  [{ deadRetentionMs: 59_999 }, '/deadRetentionMs'],
  [{ deadCapacity: 100_001 }, '/deadCapacity'],
  [{ dedupWindowMs: 999 }, '/dedupWindowMs'],
  [{ paused: 'true' }, '/paused'],
  [{ name: 'x' }, '/name'],
])('refuses %j', async (settings, pointer) => {
  const queue = queueDriver(harness, 'refusing')
  for (const call of [queue.put(settings), harness.request('patch', queue.at).send(settings)]) {
    const { body } = await call.expect(400)
    expect(body.errors[0]).toMatchObject({ in: 'body', pointer })
  }
})

it('holds in another instance within a second', async () => {
  const queue = queueDriver(harness, 'shared')
  const there = async () => {
    const { body } = await other
      .request('post', `${queue.at}/receive`)
      .set('lockstep-namespace', harness.namespace)
      .expect(200)
    return body.items
  }
  // It knows the namespace, and reads its settings from memory.
  expect(await there()).toEqual([])
  await queue.put({ paused: true }).expect(201)
  await until('the other instance knows of the change', async () => {
    await queue.sendBodies(1)
    const [item] = await there()
    if (item) await queue.settle({ ack: [item.receipt] })
    return item === undefined
  })
})

it('of the configuration file wins, holds in every namespace, and cannot be changed', async () => {
  const queue = queueDriver(harness, 'filed')
  const { body } = await harness.request('get', queue.at).expect(200)
  expect(body).toMatchObject({ name: 'filed', visibilityMs: 7_000, source: 'file' })
  await queue.sendBodies(1)
  expect((await queue.take()).visibleForMs).toBeLessThanOrEqual(7_000)
  for (const call of [
    queue.put({}),
    harness.request('patch', queue.at).send({ paused: true }),
    harness.request('delete', queue.at),
  ]) {
    expect((await call.expect(409)).body.code).toBe('in-config-file')
  }
})

it('of the configuration file changes with it', async () => {
  const queue = queueDriver(harness, 'filed')
  harness.reload(file({ paused: true }))
  await queue.sendBodies(1)
  expect(await queue.receive()).toEqual([])
  harness.reload(file({ visibilityMs: 7_000 }))
  expect(await queue.receive()).toHaveLength(1)
})
