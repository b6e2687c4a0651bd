import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Keeper, type Renew } from '../../clients/typescript/src/keeper.js'
import { LeaseLostError, NoAnswerError } from '../../clients/typescript/src/lockstep.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A lease of 9 s that was asked for now. */
const keep = (renew: Renew) => new Keeper({ askedAt: performance.now(), expiresInMs: 9_000 }, renew)

it('renews at a third of the term, counted from before the request', async () => {
  const times: number[] = []
  const began = performance.now()
  const keeper = keep(async () => {
    const askedAt = performance.now()
    times.push(askedAt - began)
    await vi.advanceTimersByTimeAsync(500)
    return { askedAt, expiresInMs: 9_000 }
  })
  await vi.advanceTimersByTimeAsync(6_100)
  keeper.end()
  expect(times).toEqual([3_000, 6_000])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(times).toHaveLength(2)
})

it('stops the work before the lease can end, when no renewal gets through', async () => {
  let tries = 0
  const keeper = keep(() => {
    tries++
    return Promise.reject(new NoAnswerError('no answer'))
  })
  await vi.advanceTimersByTimeAsync(8_099)
  expect(keeper.signal.aborted).toBe(false)
  keeper.throwIfLost()
  await vi.advanceTimersByTimeAsync(1)
  expect(keeper.signal.reason).toBeInstanceOf(LeaseLostError)
  expect(() => keeper.throwIfLost()).toThrow('no renewal in time')
  expect(tries).toBeGreaterThan(3)
})

it('gives a renewal half of the time that is left, so that another can follow', async () => {
  const given: number[] = []
  const keeper = keep(async ({ timeoutMs }) => {
    given.push(Math.round(timeoutMs))
    await vi.advanceTimersByTimeAsync(timeoutMs)
    throw new NoAnswerError('no answer')
  })
  await vi.advanceTimersByTimeAsync(3_000)
  await vi.advanceTimersByTimeAsync(600)
  expect(given.slice(0, 2)).toEqual([2_550, 1_020])
  keeper.end()
})

it('drops a renewal that is answered after the loss', async () => {
  let answer = () => {}
  const keeper = keep(
    () =>
      new Promise((resolve) => {
        const askedAt = performance.now()
        answer = () => resolve({ askedAt, expiresInMs: 60_000 })
      }),
  )
  await vi.advanceTimersByTimeAsync(8_100)
  answer()
  await vi.advanceTimersByTimeAsync(0)
  expect(() => keeper.throwIfLost()).toThrow(LeaseLostError)
})
