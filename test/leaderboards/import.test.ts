import { expect, it } from 'vitest'
import { importZset } from '../../src/leaderboards/import.js'
import { createLeaderboardStore } from '../../src/leaderboards/store.js'
import { useHarness } from '../support/harness.js'

const harness = useHarness()

it('makes a plain ZSET a board, in the order that ZREVRANGE shows', async () => {
  const { namespace, redis, binder } = harness
  const key = `ls:{${namespace}:plain}:zset`
  for (let at = 0; at < 450; at++) await redis.zadd(key, (at % 40) - 20.5, `m${at}`)
  await redis.zadd(key, 'inf', 'endless', 7, Buffer.from([0xff, 0xfe]))
  await redis.zadd(key, '9007199254740994', 'large')

  const store = createLeaderboardStore({ binder })
  const report = await importZset(redis, store, { key, namespace, board: 'imported' })

  expect(report.imported).toBe(451)
  expect(report.skipped).toHaveLength(2)
  const { body } = await harness
    .request('get', '/v1/leaderboards/imported/entries?limit=1000')
    .expect(200)
  const order = (await redis.zrevrange(key, 0, -1)).filter((member) => /^(m\d|large)/.test(member))
  expect(body.items.map(({ member }: { member: string }) => member)).toEqual(order)
  expect(await redis.zcard(key)).toBe(453)
})
