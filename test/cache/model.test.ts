import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { createDrivers, type KeyDriver, UNIT_MS, untilSwept } from './key-driver.js'
import { type Filled, KeyModel } from './model.js'

/** `npm run interleavings` uses more. */
const RUNS = Number(process.env.LOCKSTEP_MODEL_RUNS ?? 40)
const ROUNDS = 30
/** The service folds further soft marks of one name into spans; see marks.test.ts. */
const EXACT_MARKS = 5
/** Keys that share one clock, so that their calls share batches. */
const KEYS = 24

const harness = useHarness()
let driverOf: (space: string) => KeyDriver

beforeAll(async () => {
  driverOf = createDrivers(harness)
  await untilSwept(harness)
})

const mode = fc.constantFrom('soft' as const, 'hard' as const)
const filled = fc.record({
  isNegative: fc.nat({ max: 5 }).map((n) => n === 0),
  tags: fc.subarray(['x', 'y']),
  ttl: fc.constantFrom(3, 6, 12),
  stale: fc.constantFrom(0, 2, 8),
  error: fc.constantFrom(0, 10, 20),
})
/** Index from the end: of the tokens that a key has seen, or of its grants. */
const recent = fc.nat({ max: 3 })
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      again: fc.option(recent),
      lasts: fc.constantFrom(2, 5, 9),
      early: fc.constantFrom(0, 0.75, 1.5, 3),
    }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('fill' as const), grant: recent, filled }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('put' as const), filled }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('renew' as const),
      grant: recent,
      lasts: fc.constantFrom(2, 5, 9),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      grant: recent,
      backoff: fc.constantFrom(0, 4, 8),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('soften' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('mark' as const),
      name: fc.constantFrom('', 'x', 'y'),
      mode,
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const round = fc.record({
  advance: fc.constantFrom(0, 0, 1, 2, 3),
  losesClock: fc.nat({ max: 40 }).map((n) => n === 0),
  steps: fc.array(step, { minLength: KEYS, maxLength: KEYS }),
})

/** A key of the service and its model, side by side. */
class Pair {
  static #count = 0
  readonly driver = driverOf(`model-${Pair.#count++}`)
  readonly model = new KeyModel()
  readonly #tokens: string[] = []
  readonly #proofs: string[] = []
  readonly #history: string[] = []
  readonly #softMarks = new Map<string, number>()
  #values = 0

  /** @throws an error with the history of this key alone. */
  async take(one: Step): Promise<void> {
    this.#history.push(`${this.model.now}: ${JSON.stringify(one)}`)
    try {
      await this.#compare(one)
    } catch (error) {
      throw new Error(`after\n${this.#history.join('\n')}`, { cause: error })
    }
  }

  async #compare(one: Step): Promise<void> {
    const { driver, model } = this
    switch (one.do) {
      case 'ask': {
        const own = one.again === null ? this.#newToken() : this.#token(one.again)
        const seen = await driver.ask(own, one.lasts, one.early)
        expect(seen).toEqual(model.ask(own, one.lasts, seen.proof, one.early))
        if (seen.proof !== undefined && seen.proof !== this.#proofs[0]) {
          this.#proofs.unshift(seen.proof)
        }
        break
      }
      case 'fill': {
        const value = this.#value(one.filled)
        const proof = this.#proof(one.grant)
        expect(await driver.write(value, proof)).toBe(model.fill(proof, value))
        break
      }
      case 'put': {
        const value = this.#value(one.filled)
        expect(await driver.write(value)).toBe(model.put(value))
        break
      }
      case 'renew': {
        const proof = this.#proof(one.grant)
        expect(await driver.renew(proof, one.lasts)).toBe(model.renew(proof, one.lasts))
        break
      }
      case 'cancel': {
        const proof = this.#proof(one.grant)
        expect(await driver.cancel(proof, one.backoff)).toBe(model.cancel(proof, one.backoff))
        break
      }
      default:
        await this.#invalidate(one)
    }
    expect(await driver.read()).toEqual(model.read())
  }

  async #invalidate(one: Step & { do: 'soften' | 'remove' | 'mark' }): Promise<void> {
    const { driver, model } = this
    if (one.do === 'mark') {
      const marks = (this.#softMarks.get(one.name) ?? 0) + (one.mode === 'soft' ? 1 : 0)
      if (marks > EXACT_MARKS) return
      this.#softMarks.set(one.name, marks)
      await driver.mark(one.name, one.mode)
      return model.mark(one.name, one.mode)
    }
    await driver[one.do]()
    model[one.do]()
  }

  #newToken(): string {
    this.#tokens.unshift(`token-of-a-load-${this.#tokens.length}`)
    return this.#tokens[0] as string
  }

  #token(at: number): string {
    return this.#tokens[at] ?? this.#newToken()
  }

  #proof(at: number): string {
    return this.#proofs[at] ?? 'token-never-granted.1'
  }

  #value({ isNegative, ...life }: Omit<Filled, 'value'> & { isNegative: boolean }): Filled {
    return { ...life, value: isNegative ? undefined : `value ${this.#values++}` }
  }
}

async function live(rounds: readonly (typeof round extends fc.Arbitrary<infer T> ? T : never)[]) {
  const pairs = Array.from({ length: KEYS }, () => new Pair())
  for (const { advance, losesClock, steps } of rounds) {
    harness.advance(advance * UNIT_MS)
    for (const { model } of pairs) model.now += advance
    if (losesClock) {
      for (const { driver, model } of pairs) {
        await driver.loseClock()
        model.loseClock()
      }
    }
    await Promise.all(pairs.map((pair, i) => pair.take(steps[i] as Step)))
  }
}

it('answers as a model in memory does', { timeout: 600_000 }, async () => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 5, maxLength: ROUNDS }), live)
  const run = await fc.check(property, { numRuns: RUNS, endOnFailure: true })
  // The history of the one key says more than all steps of all keys.
  if (run.failed) throw new Error(`with LOCKSTEP_SEED=${run.seed}`, { cause: run.errorInstance })
})
