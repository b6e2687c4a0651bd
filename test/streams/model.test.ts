import fc from 'fast-check'
import { expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { type ModelSettings, StreamModel } from './model.js'
import { keyOf, numberOf, type TestStream, testStream } from './stores.js'

/** LOCKSTEP_MODEL_RUNS=400 for a long run. */
const RUNS = Number(process.env.LOCKSTEP_MODEL_RUNS ?? 60)

/** A step of the model. A run takes far less real time, so nothing ends within a step. */
const STEP_MS = 600_000

const harness = useHarness()

const texts = fc.array(fc.constantFrom('x', 'yy', 'a long text'), { minLength: 1, maxLength: 5 })
/** An entry: its place among all that ever were. */
const which = fc.nat(1_000)
const place = fc.oneof(fc.constantFrom('start', 'end'), which)

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      texts,
      key: fc.constantFrom(undefined, undefined, 'k', 'l'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('read' as const),
      after: place,
      before: fc.oneof(fc.constant('end'), which),
      order: fc.constantFrom('asc' as const, 'desc' as const),
      limit: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('delete' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('advance' as const),
      steps: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const) }) },
)

const settings: fc.Arbitrary<ModelSettings> = fc.record({
  capacity: fc.constantFrom(3, 7, 100),
  maxBytes: fc.constantFrom(40, 1_000),
  refuses: fc.boolean(),
  age: fc.constantFrom(undefined, 2),
})

type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never

/** A stream of the service, and one of the model. */
class Pair {
  readonly #stream: TestStream
  readonly #model: StreamModel
  /** All ids that were given. */
  readonly #ids: string[] = []
  readonly #appended = new Map<string, readonly string[]>()
  advancedMs = 0

  constructor(model: ModelSettings) {
    const { capacity, maxBytes, refuses, age } = model
    this.#model = new StreamModel(model)
    this.#stream = testStream(harness, {
      capacity,
      maxBytes,
      whenFull: refuses ? 'refuse' : 'trim',
      ...(age !== undefined && { maxAgeMs: (age - 0.5) * STEP_MS }),
    })
  }

  async run(one: Operation): Promise<void> {
    switch (one.op) {
      case 'append':
        return this.#append(one.texts, one.key)
      case 'read':
        return this.#read(one)
      case 'delete': {
        const id = this.#id(one.which)
        expect(await this.#stream.removeEntry(id)).toBe(this.#model.removeEntry(id))
        return
      }
      case 'advance':
        this.#model.advance(one.steps)
        this.advancedMs += one.steps * STEP_MS
        return harness.advance(one.steps * STEP_MS)
      case 'remove':
        expect(await this.#stream.remove()).toBe(this.#model.remove())
    }
  }

  async #append(all: readonly string[], key: string | undefined): Promise<void> {
    const reply = await this.#stream.appendAll(all, key === undefined ? undefined : keyOf(key))
    const first = key === undefined ? undefined : this.#appended.get(key)
    if (first) {
      expect(reply).toMatchObject({ kind: 'appended', ids: first, replayed: true })
      return
    }
    const limit = this.#model.refusal(all)
    if (limit) {
      expect(reply).toMatchObject({ kind: 'full', limit })
      return
    }
    if (reply.kind !== 'appended') throw new Error(reply.kind)
    const { last } = this.#model
    expect(reply.ids.map(numberOf)).toEqual(all.map((_, at) => last + 1 + at))
    expect(reply.replayed).toBe(false)
    this.#model.append(reply.ids, all)
    this.#ids.push(...reply.ids)
    if (key !== undefined) this.#appended.set(key, reply.ids)
  }

  async #read({ after, before, order, limit }: Extract<Operation, { op: 'read' }>) {
    const range = { after: this.#placeOf(after), before: this.#placeOf(before) }
    const reply = await this.#stream.read({ ...range, order, limit })
    const missed = range.after === 'end' ? 0 : this.#model.missed(range.after)
    if (typeof after === 'number' && missed > 0) {
      expect(reply).toMatchObject({ kind: 'lost', missed })
      return
    }
    if (reply.kind !== 'page') throw new Error(reply.kind)
    const expected = this.#model.read(range.after, range.before, order, limit)
    expect(reply.entries.map(({ data }) => String(data))).toEqual(expected.texts)
    expect([reply.more, reply.missed]).toEqual([expected.more, missed])
  }

  async compare(): Promise<void> {
    const all = this.#model.read('start', 'end', 'asc', 100).texts
    expect(await this.#stream.texts()).toEqual(all)
    const shown = await this.#stream.show()
    expect(shown !== undefined).toBe(this.#model.exists)
    if (!shown) return
    expect(shown.appended).toBe(this.#model.last)
    if (all.length > 0) expect(shown.bytes).toBe(this.#model.bytes)
    expect(shown.length).toBeGreaterThanOrEqual(all.length)
    expect(shown.length).toBeLessThanOrEqual(this.#model.stored.length)
  }

  #placeOf(drawn: string | number): string {
    return typeof drawn === 'string' ? drawn : this.#id(drawn)
  }

  /** Of an entry, or the place before all of them. */
  #id(drawn: number): string {
    const at = drawn % (this.#ids.length + 1)
    return this.#ids[at] ?? '0-0'
  }
}

it('does what a plain array does', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(operation, { minLength: 10, maxLength: 40 }),
      async (drawn, operations) => {
        const pair = new Pair(drawn)
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
