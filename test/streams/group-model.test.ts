import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Settlement } from '../../src/deliveries/settlement.js'
import type { Delivery } from '../../src/streams/groups/delivery-scripts.js'
import { useHarness } from '../support/harness.js'
import { GroupModel, type GroupModelSettings } from './group-model.js'
import { type TestStream, testStream } from './stores.js'

/** LOCKSTEP_MODEL_RUNS=400 for a long run. */
const RUNS = Number(process.env.LOCKSTEP_MODEL_RUNS ?? 12)

/** A step of the model. A run takes far less real time, so nothing ends within a step. */
const STEP_MS = 600_000

const harness = useHarness()

/** An entry or a delivery: its place among all that ever were. */
const which = fc.nat(1_000)

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('receive' as const),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('settle' as const),
      kind: fc.constantFrom('ack', 'nack', 'dead', 'release', 'extend'),
      which,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('advance' as const),
      steps: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('seek' as const), to: fc.constantFrom('start', 'end') }),
  },
)

const settings: fc.Arbitrary<GroupModelSettings> = fc.record({
  capacity: fc.constantFrom(4, 100),
  maxFailures: fc.constantFrom(0, 1, 2),
  visibility: fc.constantFrom(1, 2),
})

type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never

/** A group of the service, and one of the model. */
class Pair {
  readonly #stream: TestStream
  readonly #group: ReturnType<TestStream['group']>
  readonly #model: GroupModel
  readonly #visibilityMs: number
  readonly #ids: string[] = []
  readonly #deliveries: Delivery[] = []
  advancedMs = 0

  constructor(model: GroupModelSettings) {
    this.#model = new GroupModel(model)
    this.#stream = testStream(harness, { capacity: model.capacity })
    this.#group = this.#stream.group('g')
    this.#visibilityMs = (model.visibility - 0.5) * STEP_MS
  }

  begin(maxFailures: number): Promise<void> {
    return this.#stream.putGroup('g', { maxFailures, visibilityMs: this.#visibilityMs })
  }

  async run(one: Operation): Promise<void> {
    switch (one.op) {
      case 'append': {
        const ids = await this.#stream.append(...Array.from({ length: one.count }, () => 'x'))
        this.#ids.push(...ids)
        return this.#model.append(ids)
      }
      case 'receive': {
        const { deliveries } = await this.#group.receive({ limit: one.limit })
        const facts = deliveries.map(({ id, deliveries, failures }) => [id, deliveries, failures])
        expect(facts).toEqual(this.#model.receive(one.limit))
        this.#model.note(deliveries)
        this.#deliveries.push(...deliveries)
        return
      }
      case 'settle':
        return this.#settle(one.kind, one.which)
      case 'delete': {
        const id = this.#ids[one.which % (this.#ids.length || 1)]
        if (id === undefined) return
        await this.#stream.removeEntry(id)
        return this.#model.delete(id)
      }
      case 'advance':
        this.#model.advance(one.steps)
        this.advancedMs += one.steps * STEP_MS
        return harness.advance(one.steps * STEP_MS)
      case 'seek':
        await this.#group.seek(one.to)
        this.#model.seek(one.to as 'start' | 'end')
    }
  }

  async #settle(kind: string, drawn: number): Promise<void> {
    // Of the newest ones, most of which are not settled.
    const recent = this.#deliveries.slice(-6)
    const delivery = recent[drawn % (recent.length || 1)]
    if (!delivery) return
    const { id, receipt } = delivery
    const expected = this.#model.settle(kind as 'ack', id, receipt)
    expect(await this.#group.settle(this.#toSettlement(kind, receipt)), kind).toEqual([expected])
  }

  #toSettlement(kind: string, receipt: string): Settlement {
    if (kind === 'extend') return { kind, receipt, visibilityMs: this.#visibilityMs }
    if (kind === 'nack' || kind === 'dead') return { kind: 'nack', receipt, dead: kind === 'dead' }
    return { kind: kind as 'ack', receipt }
  }

  async compare(): Promise<void> {
    expect(await this.#group.get()).toMatchObject(this.#model.counts)
    expect((await this.#group.dead()).entries.map(({ id }) => id)).toEqual(this.#model.dead)
  }
}

it('does what plain lists do', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(operation, { minLength: 10, maxLength: 40 }),
      async (drawn, operations) => {
        const pair = new Pair(drawn)
        await pair.begin(drawn.maxFailures)
        try {
          for (const one of operations) {
            await pair.run(one)
            await pair.compare()
          }
        } finally {
          harness.advance(-pair.advancedMs)
        }
      },
    ),
    { numRuns: RUNS },
  )
})
