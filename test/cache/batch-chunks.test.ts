import { expect, it } from 'vitest'
import { ITEMS_AT_ONCE, settleAll } from '../../src/cache/batches/settle.js'
import { ScriptError, StoreError } from '../../src/redis/errors.js'

const lost = new StoreError('outcome-unknown', 'lost')
const away = new StoreError('store-unavailable', 'away')
const items = (count: number) => Array.from({ length: count }, (_, i) => i)
const failing = (error: Error, when: (item: number) => boolean) => async (item: number) => {
  if (when(item)) throw error
  return { kind: `done ${item}` }
}

it('answers the item whose call was lost, and all others', async () => {
  const outcomes = await settleAll(
    items(300),
    failing(lost, (item) => item === 7),
  )
  expect(outcomes).toEqual(
    items(300).map((item) =>
      item === 7 ? { kind: 'failed', error: lost } : { kind: `done ${item}` },
    ),
  )
})

it('sends nothing after a chunk without an outcome, and answers that it was not applied', async () => {
  const tried: number[] = []
  const outcomes = await settleAll(items(ITEMS_AT_ONCE * 3), async (item) => {
    tried.push(item)
    if (item >= ITEMS_AT_ONCE) throw lost
    return { kind: 'done' }
  })
  const codes = outcomes.map((one) => ('error' in one ? one.error.code : one.kind))
  const chunk = (code: string) => Array(ITEMS_AT_ONCE).fill(code)
  expect(codes).toEqual([
    ...chunk('done'),
    ...chunk('outcome-unknown'),
    ...chunk('store-unavailable'),
  ])
  expect(tried).toHaveLength(ITEMS_AT_ONCE * 2)
})

it('fails as a whole where all items met the same error', async () => {
  await expect(
    settleAll(
      items(300),
      failing(away, () => true),
    ),
  ).rejects.toBe(away)
})

it('answers item by item where the first ones may have been applied and the rest was not tried', async () => {
  const outcomes = await settleAll(
    items(ITEMS_AT_ONCE + 1),
    failing(lost, () => true),
  )
  expect(outcomes.every(({ kind }) => kind === 'failed')).toBe(true)
})

it('does not hide a bug', async () => {
  const bug = new ScriptError('attempt to index a nil value')
  await expect(
    settleAll(
      items(3),
      failing(bug, (item) => item === 1),
    ),
  ).rejects.toBe(bug)
})
