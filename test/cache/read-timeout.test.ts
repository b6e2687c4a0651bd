import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  createGuardOf,
  ReadGuard,
  withReadTimeout,
} from '../../src/cache/decorators/read-timeout.js'
import type { CacheKey } from '../../src/cache/entries/store.js'

let guard: ReadGuard
let asked: { answer(value: string): void; fail(error: Error): void }[]

beforeEach(() => {
  vi.useFakeTimers()
  guard = new ReadGuard(200)
  asked = []
})
afterEach(() => vi.useRealTimers())

const read = () =>
  guard.run(
    () =>
      new Promise<string>((answer, fail) => {
        asked.push({ answer, fail })
      }),
  )
const refused = expect.objectContaining({ name: 'StoreError', code: 'store-unavailable' })
const given = (promise: Promise<string>) => promise.catch((error: unknown) => error)

it('lets answers and errors through', async () => {
  const [first, second] = [read(), given(read())]
  asked[0]?.answer('value')
  asked[1]?.fail(new Error('no'))
  expect(await first).toBe('value')
  expect(await second).toEqual(new Error('no'))
})

it('times out each read after its own time', async () => {
  const first = given(read())
  await vi.advanceTimersByTimeAsync(150)
  const second = read()
  await vi.advanceTimersByTimeAsync(75)
  expect(await first).toEqual(refused)
  asked[1]?.answer('in time')
  expect(await second).toBe('in time')
})

it('asks one at a time once Redis is silent, and all again once it answers', async () => {
  const lost = given(read())
  await vi.advanceTimersByTimeAsync(250)
  expect(await lost).toEqual(refused)

  const trial = given(read())
  expect(await given(read())).toEqual(refused)
  expect(asked).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(250)
  expect(await trial).toEqual(refused)
  // The trial read is still pending.
  expect(await given(read())).toEqual(refused)
  asked[1]?.fail(new Error('time-out'))
  await vi.advanceTimersByTimeAsync(0)

  const second = read()
  expect(asked).toHaveLength(3)
  asked[2]?.answer('back')
  expect(await second).toBe('back')
  void given(read())
  void given(read())
  expect(asked).toHaveLength(5)
})

it('stops no read of another server', async () => {
  const key = (name: string) => ({ key: name }) as CacheKey
  const read = ({ key: name }: CacheKey) =>
    name.startsWith('dead') ? new Promise<never>(() => undefined) : Promise.resolve({ name })
  const { entries } = withReadTimeout(
    createGuardOf(200, { count: 2, clockOfKey: ({ key: name }) => name }, (clock) =>
      clock.slice(0, 4),
    ),
    () => undefined,
    {
      entries: { read, readMany: (keys: CacheKey[]) => Promise.all(keys.map(read)) },
      counters: {},
      objects: {},
    } as never,
  )
  const lost = given(entries.read(key('dead 1')) as never)
  await vi.advanceTimersByTimeAsync(250)
  expect(await lost).toEqual(refused)

  expect(await entries.read(key('well 1'))).toEqual({ name: 'well 1' })
  const many = entries.readMany([key('well 2'), key('dead 2'), key('well 3')], 0)
  await vi.advanceTimersByTimeAsync(250)
  expect(await many).toEqual([{ name: 'well 2' }, refused, { name: 'well 3' }])
})
