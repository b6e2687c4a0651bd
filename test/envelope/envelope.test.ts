import { beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { buildMutant } from '../support/mutant.js'
import {
  type Admission,
  type Bound,
  FULL,
  fullestMoment,
  queueBound,
  steadyBound,
  windowBound,
} from './bounds.js'
import { changePlansOf } from './changes.js'
import { changeFindingOf, findingOf, findingsOf, untilSeen } from './load.js'
import { MUTANTS } from './mutants.js'
import { plansOf } from './plans.js'

/** Admissions `[at, cost]`, and whether they stay within the bound. */
type Case = readonly [what: string, bound: Bound, admitted: [number, number][], fits: boolean]

const steady = steadyBound(3, 10, 1_000)
const strict = windowBound(4, 1_000, 0)
const loose = windowBound(4, 1_000, 1)
const queue = queueBound(10, 1_000)

describe('the checker', () => {
  it.each<Case>([
    ['a burst', steady, [[0, 3]], true],
    [
      'more than a burst at once',
      steady,
      [
        [0, 2],
        [0, 2],
      ],
      false,
    ],
    [
      'a burst and what has come back',
      steady,
      [
        [0, 3],
        [100, 1],
        [200, 1],
      ],
      true,
    ],
    [
      'a burst and what has not',
      steady,
      [
        [0, 3],
        [99, 1],
      ],
      false,
    ],
    [
      'too much after a quiet start',
      steady,
      [
        [0, 1],
        [5_000, 3],
        [5_099, 1],
      ],
      false,
    ],
    [
      'too much over a long span alone',
      steady,
      [
        [0, 3],
        [90, 1],
      ],
      false,
    ],
    [
      'a full window, and another',
      strict,
      [
        [0, 4],
        [1_000, 4],
      ],
      true,
    ],
    [
      'a full window, and a bit too soon',
      strict,
      [
        [0, 4],
        [999, 1],
      ],
      false,
    ],
    [
      'too much across a boundary',
      strict,
      [
        [900, 3],
        [1_100, 2],
      ],
      false,
    ],
    [
      'two windows side by side',
      loose,
      [
        [999, 4],
        [1_000, 4],
      ],
      true,
    ],
    [
      'more than two windows hold',
      loose,
      [
        [500, 4],
        [1_000, 4],
        [1_499, 1],
      ],
      false,
    ],
    [
      'three windows in a span of two',
      loose,
      [
        [0, 4],
        [1_000, 4],
        [1_999, 4],
      ],
      true,
    ],
    [
      'more than three windows hold',
      loose,
      [
        [0, 4],
        [500, 4],
        [1_000, 4],
        [1_999, 1],
      ],
      false,
    ],
    [
      'starts with their time between them',
      queue,
      [
        [0, 2],
        [200, 1],
        [300, 5],
      ],
      true,
    ],
    [
      'a start before the one before it is done',
      queue,
      [
        [0, 2],
        [150, 1],
      ],
      false,
    ],
  ])('judges %s', (_what, bound, admitted, fits) => {
    const admissions = admitted.map(([atUs, cost]): Admission => ({ atUs, cost }))
    expect(bound(admissions) <= FULL).toBe(fits)
  })

  it('counts the leases that are live at the same time', () => {
    const held = [
      { fromUs: 0, untilUs: 10, weight: 2 },
      { fromUs: 10, untilUs: 20, weight: 2 },
      { fromUs: 15, untilUs: 18, weight: 1 },
    ]
    expect(fullestMoment(held, 3)).toBe(1)
    expect(fullestMoment([...held, { fromUs: 17, untilUs: 19, weight: 1 }], 3)).toBeGreaterThan(1)
  })
})

/** A short form of long.test.ts, which shows that each check can fail. */
describe('processes that send as many checks as they can', () => {
  const plans = plansOf(400)
  let built = ''
  beforeAll(async () => {
    built = await ensureBuilt()
  })

  it('are never admitted more than each algorithm guarantees', async () => {
    const found = await findingsOf(built, plans, { processes: 2, seconds: 3, loops: 2 })
    for (const { name } of plans) {
      expect(found.get(name)!.fullest, name).toBeLessThanOrEqual(FULL)
      expect(found.get(name)!.admitted, name).toBeGreaterThan(0)
    }
  })

  it('are admitted more by a broken script, which the checker reports', async () => {
    const mutant = MUTANTS.find(({ plan }) => plan === 'sliding-window-strict')!
    const folder = buildMutant(built, mutant)
    const plan = plans.find(({ name }) => name === mutant.plan)!
    const load = { processes: 2, seconds: 2, loops: 3 }
    const found = await untilSeen(() => findingOf(folder, plan, load))
    expect(found.fullest).toBeGreaterThan(FULL)
  })

  it('are admitted no more, and wait no longer, while their limit changes', async () => {
    const changing = changePlansOf(400)
    const load = { seconds: 3, loops: 6 }
    const found = await Promise.all(changing.map((plan) => changeFindingOf(built, plan, load)))
    for (const [i, { name }] of changing.entries()) {
      expect(found[i]!.fullest, name).toBeLessThanOrEqual(FULL)
      expect(found[i]!.admitted, name).toBeGreaterThan(0)
    }
  })
})
