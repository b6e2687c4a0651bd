import { expect, it } from 'vitest'
import { Shedding } from '../../src/http/overload.js'

const LIMIT_MS = 100

/** What is refused after each window, with the delays of one each. */
function percents(...windows: readonly (readonly number[])[]): number[] {
  const shedding = new Shedding(LIMIT_MS)
  return windows.map((delays) => {
    for (const ms of delays) shedding.see(ms)
    shedding.endWindow()
    return shedding.percent
  })
}

it('follows what delays every request, and no pause', () => {
  expect(percents([900, 3, 900], [101, 500])).toEqual([0, 11])
})

it('rises faster for more, and never refuses all', () => {
  expect(percents([150], [10_000], [10_000], [10_000], [10_000])).toEqual([15, 45, 75, 95, 95])
})

it('stays between half of the limit and the limit, and falls below', () => {
  expect(percents([200], [100], [50], [49], [], [])).toEqual([20, 20, 20, 10, 0, 0])
})
