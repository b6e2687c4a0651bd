import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Lockstep } from '../../clients/typescript/src/lockstep.js'
import { problem } from './service.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The pauses, in ms, between the attempts of a call that is refused each time. */
async function pausesOfACall(): Promise<number[]> {
  const times: number[] = []
  const { call } = new Lockstep({
    url: 'http://overloaded.invalid',
    timeoutMs: 15_000,
    fetch: async () => {
      times.push(performance.now())
      return problem(503, 'overloaded')
    },
  })
  const ended = expect(call('getLock', { path: { name: 'free' } })).rejects.toThrow('in a test')
  await vi.runAllTimersAsync()
  await ended
  return times.slice(1).map((time, i) => time - (times[i] as number))
}

it('waits a random part of a time that doubles, so that callers do not come back together', async () => {
  const calls: number[][] = []
  while (calls.length < 200) calls.push(await pausesOfACall())
  for (let tries = 0; tries < 8; tries++) {
    const longest = Math.min(2_000, 50 * 2 ** tries)
    const parts = calls.flatMap((pauses) => (pauses[tries] ?? []) as number[] | number)
    expect(parts.length).toBeGreaterThan(100)
    expect(Math.max(...parts)).toBeLessThanOrEqual(longest + 1)
    for (const quarter of [0, 1, 2, 3]) {
      const isInside = (ms: number) => Math.floor((4 * ms) / longest) === quarter
      expect(parts.some(isInside), `quarter ${quarter} of try ${tries}`).toBe(true)
    }
  }
})
