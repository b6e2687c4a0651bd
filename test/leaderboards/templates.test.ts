import { expect, it } from 'vitest'
import { startHarness, useHarness } from '../support/harness.js'
import { boardDriver } from './driver.js'

const file = (order: string) => `
leaderboards:
  - pattern: 'race-*'
    board:
      columns: [{ name: time, order: ${order}, type: int64 }]
      season: { every: daily }
`

const harness = useHarness({ configFile: file('asc') })
const { submitOne } = boardDriver(harness)

const submit = (board: string) => submitOne(board).expect(200)
const get = async (board: string) =>
  (await harness.request('get', `/v1/leaderboards/${board}`).expect(200)).body

it('creates a board by its first submission with the first matching template', async () => {
  await submit('race-1')
  await submit('other')

  expect(await get('race-1')).toMatchObject({
    columns: [{ name: 'time', order: 'asc', type: 'int64' }],
    op: 'best',
    ties: 'first',
    ranking: 'competition',
    season: { every: 'daily', timeZone: 'UTC', keep: 4 },
  })
  expect((await get('other')).season.every).toBe('none')
})

it('takes new patterns for new boards when the file is read again', async () => {
  await harness.request('get', '/v1/leaderboards/race-2').expect(404)
  await harness.reload(file('desc'))

  await submit('race-2')

  expect((await get('race-2')).columns[0].order).toBe('desc')
  expect((await get('race-1')).columns[0].order).toBe('asc')
})

it('refuses a file with an invalid board, and names the field', async () => {
  const wrong = file('asc').replace('daily', '{ cron: "0 0 31 2 *" }')

  await expect(startHarness({ configFile: wrong })).rejects.toThrow(/leaderboards.*cron/)
})
