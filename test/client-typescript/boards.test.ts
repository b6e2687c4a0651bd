import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { connect } from './service.js'

const harness = useHarness()

it('keeps int64 scores exact, and answers numbers as numbers', async () => {
  const client = connect(harness)
  const columns = [
    { name: 'points', type: 'int64' as const },
    { name: 'seconds', type: 'number' as const },
  ]
  await client.call('putLeaderboard', { path: { board: 'arcade' }, body: { columns } })
  const largest = 2n ** 63n - 1n
  const [result] = await client.boards.submit('arcade', [
    { member: 'ada', scores: [largest, 1.5] },
    { member: 'bob', scores: [7, 2] },
  ])
  expect(result).toMatchObject({ member: 'ada', changed: true })
  const ada = { member: 'ada', scores: [largest, 1.5], rank: 1 }
  expect(await client.boards.top('arcade', { limit: 1 })).toMatchObject([ada])
  expect(await client.boards.rank('arcade', 'ada')).toMatchObject(ada)
  expect(await client.boards.rank('arcade', 'eve')).toBeUndefined()
  expect(await client.boards.around('arcade', 'bob', { count: 3 })).toMatchObject([
    ada,
    { rank: 2 },
  ])
})
