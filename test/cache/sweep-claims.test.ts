import { expect, it } from 'vitest'
import { addScript, claimScript, keepScript } from '../../src/cache/sweeping/scripts.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'

const harness = useHarness()

/** Longer than a test takes. */
const LONG_MS = 600_000
const DAY_MS = 86_400_000

function listOf(what: string) {
  const keys = { sweeps: `ls:{${harness.namespace}:sweeps}:${what}` }
  const { binder } = harness
  return {
    key: keys.sweeps,
    add: (name: string) => binder.bind(addScript)(keys, { name }),
    claim: async (lastsMs = LONG_MS) =>
      (await binder.bind(claimScript)(keys, { lasts_ms: lastsMs })).claim,
    keep: (name: string, untilMs: number, lastsMs: number) =>
      binder.bind(keepScript)(keys, { name, until_ms: untilMs, lasts_ms: lastsMs }),
  }
}

it('is for one instance at a time, the oldest first, also when clocks are moved', async () => {
  const { add, claim, key } = listOf('order')
  expect(await claim()).toBeUndefined()
  expect(await harness.redis.exists(key)).toBe(0)
  expect(await add('b')).toBe(1)
  expect(await harness.redis.pttl(key)).toBeGreaterThan(60 * DAY_MS)
  await until('a later millisecond', async () => {
    const [, score] = await harness.redis.zrange(key, '0', '0', 'WITHSCORES')
    const [s, us] = (await harness.redis.time()) as unknown as [string, string]
    return Number(s) * 1_000 + Math.floor(Number(us) / 1_000) > Number(score)
  })
  expect(await add('a')).toBe(2)
  harness.advance(DAY_MS)
  expect((await claim())?.name).toBe('b')
  expect((await claim())?.name).toBe('a')
  harness.advance(DAY_MS)
  expect(await claim()).toBeUndefined()
  const lives = await harness.redis.pttl(key)
  expect(lives).toBeGreaterThan(60 * DAY_MS)
})

it('goes to another instance once the claim of a dead one ends', async () => {
  const { add, claim, keep } = listOf('death')
  await add('a')
  const first = await claim(1)
  const second = await until('the end of the claim', () => claim())
  expect(second.name).toBe('a')
  expect(second.untilMs).toBeGreaterThan(first?.untilMs ?? 0)
  expect(await keep('a', first?.untilMs ?? 0, LONG_MS)).toEqual({ untilMs: 0, sweeps: 1 })
  expect(await keep('a', first?.untilMs ?? 0, 0)).toEqual({ untilMs: 0, sweeps: 1 })
  expect(await keep('a', second.untilMs, 0)).toEqual({ untilMs: 0, sweeps: 0 })
})

it('is kept for as long as its instance goes on', async () => {
  const { add, claim, keep } = listOf('going-on')
  await add('a')
  const first = await claim(5_000)
  const kept = await keep('a', first?.untilMs ?? 0, LONG_MS)
  expect(kept.untilMs).toBeGreaterThan((first?.untilMs ?? 0) + LONG_MS / 2)
  expect(await claim()).toBeUndefined()
  expect(await keep('a', kept.untilMs, 0)).toEqual({ untilMs: 0, sweeps: 0 })
  expect(await claim()).toBeUndefined()
})

it('begins again when it is noted again', async () => {
  const { add, claim, keep } = listOf('again')
  await add('a')
  const first = await claim()
  expect(await add('a')).toBe(1)
  expect(await keep('a', first?.untilMs ?? 0, 0)).toEqual({ untilMs: 0, sweeps: 1 })
  expect((await claim())?.name).toBe('a')
})
