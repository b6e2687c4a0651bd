import { expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { runOutboxLedger } from './outbox-ledger.js'

/** A short form of outbox-long.test.ts. */
it('an origin gets the last acknowledged write of every key, whatever is killed', async () => {
  const found = await runOutboxLedger(await ensureBuilt(), { seconds: 6, random: Math.random })
  expect(found).toMatchObject({ wrong: [], differs: [] })
  expect(found.keys).toBeGreaterThan(0)
})
