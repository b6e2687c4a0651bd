import { expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { runOutboxLedger } from './outbox-ledger.js'

const SECONDS = 120

it('an origin gets the last acknowledged write of every key through minutes of faults', async () => {
  const found = await runOutboxLedger(await ensureBuilt(), {
    seconds: SECONDS,
    random: Math.random,
  })
  expect(found).toMatchObject({ wrong: [], differs: [] })
  for (const count of Object.values(found.faults)) expect(count).toBeGreaterThan(10)
  expect(found.keys).toBeGreaterThan(0)
})
