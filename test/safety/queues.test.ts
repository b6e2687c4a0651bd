import { beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { runLedger } from './ledger-run.js'
import { QUEUE } from './queue-ledger.js'

/** A short form of queues-long.test.ts. */
let built = ''
beforeAll(async () => {
  built = await ensureBuilt()
})

describe('producers and consumers over two instances', () => {
  it('lose nothing and keep the order of groups while all of them are killed', async () => {
    const found = await runLedger(QUEUE, built, {
      seconds: 6,
      consumers: 3,
      isSeen: ({ duplicates }) => duplicates > 0,
      faultsEveryMs: { consumers: 1_000, instances: 3_000, redis: 4_500, subscribers: 700 },
    })
    expect(found).toMatchObject({ ...QUEUE.clean, left: [] })
    expect(found.messages).toBeGreaterThan(0)
    expect(found.duplicates).toBeGreaterThan(0)
  })
})
