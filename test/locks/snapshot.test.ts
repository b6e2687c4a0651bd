import { expect, it } from 'vitest'
import { readSnapshot } from '../../src/locks/lock-state.js'

const holder = [7, 30_000, 10, 1, 'me', '', 'exclusive', '', '']
const snapshot = (holders: unknown) => [
  ...['lock', 'held', 0, 0, 1, 1, 0, 30_000, '', 0, 0],
  holders,
  ...holder,
]

it('reads as many holders as a snapshot says', () => {
  const [{ holders }, end] = readSnapshot([0, ...snapshot(1), 'behind'], 1)
  expect(holders).toMatchObject([{ fence: 7, owner: 'me', mode: 'exclusive' }])
  expect(end).toBe(22)
})

it.each([2, 'none'])('refuses a snapshot that says %s but has one', (count) => {
  expect(() => readSnapshot(snapshot(count), 0)).toThrow(TypeError)
})
