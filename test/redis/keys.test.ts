import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromStoredName, lockKey } from '../../src/locks/keys.js'
import { escapeKey, redisKey } from '../../src/redis/keys.js'

const namespace = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/)
const name = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' })
const tricky = fc
  .array(fc.constantFrom('{', '}', '%', ':', '7B', '7D', 'a', '/'), { minLength: 1 })
  .map((parts) => parts.join(''))

it('escapes two texts differently', () => {
  fc.assert(
    fc.property(fc.oneof(name, tricky), fc.oneof(name, tricky), (left, right) => {
      expect(escapeKey(left) === escapeKey(right)).toBe(left === right)
      expect(escapeKey(left)).not.toMatch(/[{}]/)
    }),
  )
})

it('never makes one key of two (namespace, name) pairs of a domain', () => {
  fc.assert(
    fc.property(
      namespace,
      fc.oneof(name, tricky),
      namespace,
      fc.oneof(name, tricky),
      (a, b, c, d) => {
        const same = lockKey(a, 'l0', b) === lockKey(c, 'l0', d)
        expect(same).toBe(a === c && b === d)
        expect(fromStoredName(escapeKey(b))).toBe(b)
      },
    ),
  )
})

it('has one form', () => {
  expect(redisKey('ns', 'l0', 'lock', 'a{b}%')).toBe('ls:{ns:l0}:lock:a%7Bb%7D%25')
  expect(redisKey('ns', 'l0', 'fence')).toBe('ls:{ns:l0}:fence')
})
