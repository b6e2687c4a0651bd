import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { useRedis } from '../support/managed.js'
import { commandsOf as watched } from '../support/monitor.js'
import { until } from '../support/until.js'

// A Redis of its own, so that the test counts only its own commands.
const redis = useRedis()
let raw: Redis
const harness = useHarness(() => ({ redisUrl: redis.url }))

beforeAll(async () => {
  raw = new Redis(redis.url)
})
afterAll(async () => {
  raw.disconnect()
})

/** Not counted: commands that the service sends by itself, and EVALSHA and EVAL. */
const BESIDES = new Set(['info', 'ping', 'time', 'config|resetstat', 'evalsha', 'eval'])
const SCANS = ['keys', 'scan', 'sscan', 'hscan', 'zscan', 'smembers', 'zrange', 'flushdb']

/** How often Redis ran each command during `work`, including commands of scripts. */
async function commandsOf(work: () => Promise<unknown>): Promise<Map<string, number>> {
  await raw.config('RESETSTAT')
  await work()
  const stats = await raw.info('commandstats')
  const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(
    ([, name, count]) => [name as string, Number(count)] as const,
  )
  return new Map(calls.filter(([name]) => !BESIDES.has(name)))
}

/** The lowest of three counts: a first run loads scripts, and a policy read may add to one. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const totals: number[] = []
  await until('three times without a scan', async () => {
    // A sweep of ended entries would add commands.
    await until('no sweep', async () => {
      const text = await harness.app.metrics.registry.metrics()
      return text.includes('lockstep_cache_sweeps_pending 0')
    })
    const commands = await commandsOf(work)
    // A sweep may start after the answer, so this run is not counted.
    if (SCANS.some((scan) => commands.has(scan))) return false
    return totals.push([...commands.values()].reduce((sum, count) => sum + count, 0)) === 3
  })
  return Math.min(...totals)
}

const post = (verb: string, body: object) =>
  harness.request('post', `/v1/cache/users/${verb}`).send(body)
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

async function store(count: number) {
  for (let from = 0; from < count; from += 1_000) {
    const entries = names(`entry-${from}`, Math.min(1_000, count - from)).map((key) => ({
      key,
      value: 1,
      tags: ['all', `tag-${from}`],
    }))
    await post('set-many', { entries }).expect(200)
  }
}

const FEW = 10
const MANY = 5_000

it('no call scans, and no call costs more in a larger space', async () => {
  const operations: [string, () => Promise<unknown>][] = [
    ['a read', () => harness.request('get', '/v1/cache/users/entry-0-1').expect(200)],
    ['a write', () => harness.request('put', '/v1/cache/users/new').send('x')],
    ['a touch', () => harness.request('post', '/v1/cache/users/entry-0-1/touch').expect(204)],
    ['a delete', () => harness.request('delete', '/v1/cache/users/new').expect(204)],
    ['a soft key', () => post('invalidate', { keys: ['entry-0-2'] }).expect(204)],
    ['a hard key', () => post('invalidate', { keys: ['entry-0-3'], mode: 'hard' }).expect(204)],
    ['a soft tag', () => post('invalidate', { tags: ['all'] }).expect(204)],
    ['a hard tag', () => post('invalidate', { tags: ['all'], mode: 'hard' }).expect(204)],
    ['a soft space', () => post('invalidate', { all: true }).expect(204)],
    ['a hard space', () => post('invalidate', { all: true, mode: 'hard' }).expect(204)],
  ]
  const prepare = async (entries: number) => {
    await store(1)
    // A soft mark keeps up to four earlier marks of its name.
    for (let i = 0; i < 6; i++) await post('invalidate', { tags: ['all'] }).expect(204)
    for (let i = 0; i < 6; i++) await post('invalidate', { all: true }).expect(204)
    await store(entries)
  }
  const costs: number[] = []
  await prepare(FEW)
  for (const [what, run] of operations) {
    const count = await cost(run)
    expect([what, count <= 16]).toEqual([what, true])
    costs.push(count)
  }
  await prepare(MANY)
  for (const [i, [what, run]] of operations.entries()) {
    await until(`${what} at no more than before`, async () => (await cost(run)) <= costs[i]!)
  }
})

it.each([
  ['soft keys', (count: number) => ({ keys: names('k', count) })],
  ['hard keys', (count: number) => ({ keys: names('k', count), mode: 'hard' })],
  ['soft tags', (count: number) => ({ tags: names('t', count) })],
  ['hard tags', (count: number) => ({ tags: names('t', count), mode: 'hard' })],
])(
  'an invalidation of %s costs as many commands per name for any number of names',
  async (_, of) => {
    const costOf = (count: number) => cost(() => post('invalidate', of(count)).expect(204))
    for (let i = 0; i < 6; i++) await post('invalidate', of(100)).expect(204)
    const [ten, hundred] = [await costOf(10), await costOf(100)]
    expect((hundred - ten) / 90).toBeLessThanOrEqual(8)
    expect(hundred).toBeLessThanOrEqual(ten * 10)
  },
)

it('a read of many keys costs two commands for each', async () => {
  await store(100)
  const costOf = (count: number) =>
    cost(() => post('get-many', { keys: names('entry-0', count) }).expect(200))
  const [one, hundred] = [await costOf(1), await costOf(100)]
  expect((hundred - one) / 99).toBeLessThanOrEqual(2)
})

it('does not send INFO to a server for each call', async () => {
  const ran = await watched(redis.url, async () => {
    await harness.request('put', '/v1/cache/users/who').send('x').expect(201)
    await harness.request('get', '/v1/cache/users/who').expect(200)
  })
  const byScript = ran.filter((one) => one.byScript).map(({ args }) => args[0])
  expect(byScript).toContain('getrange')
  expect(byScript).not.toContain('info')
})
