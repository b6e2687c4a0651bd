import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CHECK_EVERY_MS, Deadline } from '../../src/redis/deadline.js'

let deadline: Deadline
let missed: number
let answered: number

beforeEach(() => {
  vi.useFakeTimers()
  missed = 0
  answered = 0
  deadline = new Deadline({
    timeoutMs: 100,
    onMissed: () => {
      missed += 1
      return new Error('late')
    },
    onAnswer: () => {
      answered += 1
    },
  })
})
afterEach(() => vi.useRealTimers())

const after = (ms: number, value: string) =>
  new Promise<string>((resolve) => setTimeout(() => resolve(value), ms))
const given = (promise: Promise<string>) => promise.catch((error: Error) => error.message)

it('passes on answers in time, and errors unchanged', async () => {
  const [value, error] = [
    given(deadline.bound(after(50, 'value'))),
    given(deadline.bound(Promise.reject(new Error('no')))),
  ]
  await vi.advanceTimersByTimeAsync(50)
  expect(await Promise.all([value, error])).toEqual(['value', 'no'])
  expect([missed, answered]).toEqual([0, 1])
})

it('gives up each call at its own deadline, and reports a late answer', async () => {
  const first = given(deadline.bound(after(300, 'first')))
  await vi.advanceTimersByTimeAsync(60)
  const second = given(deadline.bound(after(80, 'second')))
  await vi.advanceTimersByTimeAsync(90)
  expect(await first).toBe('late')
  expect(await second).toBe('second')
  expect([missed, answered]).toEqual([1, 1])
  await vi.advanceTimersByTimeAsync(200)
  expect(answered).toBe(2)
})

it('has no timer while no call is pending', async () => {
  let looks = 0
  // No spy: at the end vitest would restore what it replaced, here a faked timer.
  const faked = globalThis.setTimeout
  const counting = (run: () => void, ms?: number) => {
    if (ms === CHECK_EVERY_MS) looks += 1
    return faked(run, ms)
  }
  globalThis.setTimeout = Object.assign(counting, faked)
  const answer = given(deadline.bound(after(3 * CHECK_EVERY_MS, 'value')))
  await vi.advanceTimersByTimeAsync(4 * CHECK_EVERY_MS)
  expect(await answer).toBe('value')
  const before = looks
  expect(before).toBeGreaterThan(1)
  await vi.advanceTimersByTimeAsync(10 * CHECK_EVERY_MS)
  expect(looks).toBe(before)
})
