import fc from 'fast-check'
import { expect, it } from 'vitest'
import { redisKey } from '../../src/redis/keys.js'
import { list } from '../../src/redis/reply.js'
import { defineScript } from '../../src/redis/script.js'
import { useHarness } from '../support/harness.js'

const orderScript = defineScript({
  name: 'test.order',
  file: new URL('./scripts/order.lua', import.meta.url),
  keys: ['subject'],
  args: ['column', 'left', 'right'],
  decode: (reply) => list(reply, 4) as [string, string, number, string],
})

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

const harness = useHarness()

const ask = async (column: string, left: string, right: string) => {
  const run = harness.binder.bind(orderScript)
  const subject = redisKey(harness.namespace, 'x', 'order')
  const [leftText, rightText, before, sum] = await run({ subject }, { column, left, right })
  return {
    texts: [leftText, rightText],
    before: before === 1,
    sum,
  }
}

/** Numbers near each other, and near the limits, as often as any others. */
const int64 = fc.oneof(
  fc.bigInt(MIN, MAX),
  fc.bigInt(-10n, 10n),
  fc.constantFrom(MIN, MIN + 1n, MAX - 1n, MAX, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n),
)
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer().map(Number),
  fc.constantFrom(0, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 1, 1 + Number.EPSILON),
)
const runs = { numRuns: 400 }

it('orders, keeps and adds int64 exactly, whichever end is better', () =>
  fc.assert(
    fc.asyncProperty(int64, int64, fc.constantFrom('id', 'ia'), async (left, right, column) => {
      const { texts, before, sum } = await ask(column, `${left}`, `${right}`)
      expect(texts).toEqual([`${left}`, `${right}`])
      expect(before).toBe(column === 'id' ? left > right : left < right)
      const exact = left + right
      expect(sum).toBe(exact < MIN || exact > MAX ? '' : `${exact}`)
    }),
    runs,
  ))

it('orders, keeps and adds finite doubles exactly, whichever end is better', () =>
  fc.assert(
    fc.asyncProperty(double, double, fc.constantFrom('nd', 'na'), async (left, right, column) => {
      // The service answers -0 as 0 and never stores it.
      const [a, b] = [left + 0, right + 0]
      const { texts, before, sum } = await ask(column, `${a}`, `${b}`)
      expect(texts.map(Number)).toEqual([a, b])
      expect(before).toBe(column === 'nd' ? a > b : a < b)
      const exact = a + b
      if (Number.isFinite(exact)) expect(Number(sum) + 0).toBe(exact + 0)
      else expect(sum).toBe('')
    }),
    runs,
  ))
