import { describe, expect, it } from 'vitest'
import { unavailable } from '../../src/redis/errors.js'
import { useHarness } from '../support/harness.js'
import { watchedBinder } from '../support/watched-binder.js'
import { type TestQueue, testQueue } from './stores.js'

const harness = useHarness()

const OPERATIONS: Readonly<Record<string, (queue: TestQueue) => Promise<unknown>>> = {
  purge: (queue) => queue.purge('dead'),
  redrive: (queue) => queue.redrive({ count: 600 }),
  discard: async (queue) => queue.discard(...(await queue.look('dead')).map(({ id }) => id)),
}

/** A queue with 600 dead letters, whose calls of one script fail from this one on. */
async function failing(script: string, from: number): Promise<TestQueue> {
  let calls = 0
  const binder = watchedBinder(harness.binder, script, () => {
    calls += 1
    if (calls >= from) throw unavailable()
  })
  const queue = testQueue({ binder, namespace: harness.namespace, redis: harness.redis })
  for (let sent = 0; sent < 600; sent += 100) {
    await queue.sendAll(Array.from({ length: 100 }, () => ({})))
    const { deliveries } = await queue.receive({ limit: 100 })
    await queue.settle(
      ...deliveries.map(({ receipt }) => ({ kind: 'nack', receipt, dead: true }) as const),
    )
  }
  return queue
}

describe.each(Object.entries(OPERATIONS))('a %s in steps', (name, operate) => {
  it('was not applied where its first step fails', async () => {
    const queue = await failing(`queues.${name}`, 1)
    await expect(operate(queue)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await queue.counts()).toMatchObject({ dead: 600 })
  })

  it('may have been applied where a later one fails', async () => {
    const queue = await failing(`queues.${name}`, 2)
    await expect(operate(queue)).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect((await queue.counts())!.dead).toBeLessThan(600)
  })
})
