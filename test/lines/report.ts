import { expect, it } from 'vitest'
import { faults } from './runner.js'

it('finds no line of a script that no test needs', () => {
  expect(faults).toEqual([])
})
