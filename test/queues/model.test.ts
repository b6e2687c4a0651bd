import fc from 'fast-check'
import { expect, it } from 'vitest'
import { STATES } from '../../src/queues/messages/scripts.js'
import { useHarness } from '../support/harness.js'
import { type ModelAction, type ModelMessage, type ModelSettings, QueueModel } from './model.js'
import { keyOf, type TestQueue, testQueue } from './stores.js'

/** LOCKSTEP_MODEL_RUNS=400 for a long run. */
const RUNS = Number(process.env.LOCKSTEP_MODEL_RUNS ?? 60)

/** A step of the model. A run takes far less real time, so nothing ends within a step. */
const STEP_MS = 600_000
const SETTINGS: ModelSettings = {
  maxFailures: 2,
  capacity: 9,
  deadCapacity: 3,
  visibility: 1,
  retention: 8,
  deadRetention: 6,
  longestLease: 72,
}

const harness = useHarness()

const message = fc.record({
  text: fc.constantFrom('x', 'yy', 'zzz'),
  priority: fc.constantFrom(0, 0, 0, 1, 9),
  delay: fc.constantFrom(0, 0, 0, 1, 2, 9),
  group: fc.constantFrom(undefined, undefined, 'g', 'g', 'gh'),
  dedupId: fc.constantFrom(undefined, undefined, undefined, 'd', 'e'),
})
/** A receipt or a dead letter: its place among all that there are. */
const which = fc.nat(1_000)
const key = fc.constantFrom(undefined, undefined, undefined, 'k', 'l')
const action = fc.record({
  kind: fc.constantFrom('ack', 'ack', 'nack', 'nack', 'release', 'extend'),
  recent: fc.boolean(),
  which,
  delay: fc.constantFrom(0, 1, 2),
  dead: fc.constantFrom(false, false, false, true),
  error: fc.constantFrom('', 'broken', 'a long error'),
  visibility: fc.constantFrom(1, 3, 60, 72),
})
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('send' as const),
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      key,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('receive' as const),
      limit: fc.integer({ min: 1, max: 4 }),
      visibility: fc.constantFrom(1, 1, 2, 30),
      key,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('settle' as const),
      actions: fc.uniqueArray(action, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('advance' as const),
      steps: fc.constantFrom(1, 1, 1, 2, 3, 9, -1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('redrive' as const, 'discard' as const),
      picks: fc.array(which, { minLength: 1, maxLength: 3 }),
      byCount: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('purge' as const),
      state: fc.constantFrom(...STATES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const) }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never

const toNumber = (id: string) => Number.parseInt(id, 36)

/** A queue and its model, which get the same operations. */
class Pair {
  readonly #queue: TestQueue
  readonly #model = new QueueModel(SETTINGS)
  readonly #receipts: string[] = []
  readonly #sent = new Map<string, unknown>()
  readonly #received = new Map<string, readonly string[]>()
  #lastId = 0
  advancedMs = 0

  constructor() {
    this.#queue = testQueue(harness, {
      maxFailures: SETTINGS.maxFailures,
      capacity: SETTINGS.capacity,
      deadCapacity: SETTINGS.deadCapacity,
      retentionMs: SETTINGS.retention * STEP_MS,
      deadRetentionMs: SETTINGS.deadRetention * STEP_MS,
    })
  }

  async run(one: Operation): Promise<void> {
    this.#model.begin()
    switch (one.op) {
      case 'send':
        return this.#send(one.messages, one.key && `send-${one.key}`)
      case 'receive':
        return this.#receive(one.limit, one.visibility, one.key && `receive-${one.key}`)
      case 'settle':
        return this.#settle(one.actions)
      case 'redrive':
      case 'discard':
        return this.#revise(one.op, one.picks, one.byCount)
      case 'advance':
        this.#model.advance(one.steps)
        this.advancedMs += one.steps * STEP_MS
        return harness.advance(one.steps * STEP_MS)
      case 'purge':
        expect(await this.#queue.purge(one.state)).toBe(this.#model.purge(one.state))
        return
      case 'remove':
        await this.#queue.remove()
        return this.#model.remove(this.#lastId)
    }
  }

  async #send(drawn: readonly ModelMessage[], key: string | undefined): Promise<void> {
    const messages = drawn.map((one) => (one.group === undefined ? one : { ...one, delay: 0 }))
    const reply = await this.#queue.sendAll(
      messages.map(({ text, priority, delay, group, dedupId }) => ({
        text,
        priority,
        delayMs: delay * STEP_MS,
        ...(group !== undefined && { group }),
        ...(dedupId !== undefined && { dedupId }),
      })),
      key === undefined ? undefined : keyOf(key),
    )
    if (key !== undefined && this.#sent.has(key)) {
      expect(reply).toMatchObject({ kind: 'sent', messages: this.#sent.get(key), replayed: true })
      return
    }
    const found = this.#model.findNew(messages)
    const count = found.filter((one) => one === 'new').length
    if (!this.#model.makeRoom(count)) {
      expect(reply).toMatchObject({ kind: 'full', limit: 'capacity' })
      return
    }
    if (reply.kind !== 'sent') throw new Error(reply.kind)
    const ids = reply.messages.map(({ id }) => toNumber(id))
    for (const [at, one] of found.entries()) {
      expect(reply.messages[at]?.duplicate).toBe(one !== 'new')
      if (one === 'new') {
        expect(ids[at]).toBeGreaterThan(this.#lastId)
        this.#lastId = ids[at]!
        this.#model.add(ids[at]!, messages[at]!)
      } else expect(ids[at]).toBe(typeof one === 'number' ? one : ids[one.same])
    }
    this.#model.count('sent', count)
    this.#model.count('duplicates', found.length - count)
    if (key !== undefined) this.#sent.set(key, reply.messages)
  }

  async #receive(limit: number, visibility: number, key: string | undefined): Promise<void> {
    const { deliveries, replayed } = await this.#queue.receive(
      { limit, visibilityMs: visibility * STEP_MS },
      key === undefined ? undefined : keyOf(key),
    )
    const receipts = deliveries.map(({ receipt }) => receipt)
    const ids = deliveries.map(({ id }) => toNumber(id))
    const first = key === undefined ? undefined : this.#received.get(key)
    expect(replayed).toBe(first !== undefined)
    if (first) {
      expect(ids).toEqual(this.#model.standing(first))
      expect(first).toEqual(expect.arrayContaining(receipts))
      return
    }
    const expected = this.#model.receive(limit)
    expect(ids).toEqual(expected.map(({ id }) => id))
    for (const [at, { id, text }] of expected.entries()) {
      expect(String(deliveries[at]?.body)).toBe(text)
      this.#model.lease(id, receipts[at]!, visibility)
    }
    if (ids.length > 0) this.#model.count('delivered', ids.length)
    // Any two receipts that were ever given differ.
    expect(new Set([...this.#receipts, ...receipts]).size).toBe(
      this.#receipts.length + receipts.length,
    )
    this.#receipts.push(...receipts)
    if (key !== undefined && receipts.length > 0) this.#received.set(key, receipts)
  }

  async #settle(drawn: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[]) {
    const all = drawn.flatMap(({ which, recent, ...rest }): ModelAction[] => {
      const among = recent ? this.#receipts.slice(-4) : this.#receipts
      const receipt = among[which % among.length]
      return receipt === undefined ? [] : [{ ...rest, receipt } as ModelAction]
    })
    const actions = all.filter(
      ({ receipt }, at) => all.findIndex((other) => other.receipt === receipt) === at,
    )
    if (actions.length === 0) return
    const statuses = await this.#queue.settle(
      ...actions.map((one) => {
        if (one.kind === 'extend') {
          const { kind, receipt, visibility } = one
          return { kind, receipt, visibilityMs: visibility * STEP_MS }
        }
        if (one.kind !== 'nack') return one
        return { ...one, delayMs: one.delay * STEP_MS }
      }),
    )
    expect(statuses).toEqual(actions.map((one) => this.#model.settle(one)))
  }

  async #revise(op: 'redrive' | 'discard', picks: readonly number[], byCount: boolean) {
    const dead = this.#model.look('dead').map(({ id }) => id)
    const all = [...dead, ...this.#model.look('ready').map(({ id }) => id), 1]
    const chosen = picks.map((pick) => all[pick % all.length] as number)
    const ids = chosen.map((id) => id.toString(36))
    if (op === 'discard') {
      const expected = this.#model.discard(chosen)
      expect((await this.#queue.discard(...ids)).map(toNumber)).toEqual(expected)
      return
    }
    const count = picks.length
    const { ids: redriven, full } = await this.#queue.redrive(byCount ? { count } : { ids })
    const expected = this.#model.redrive(byCount ? dead.slice(0, count) : chosen)
    expect({ ids: redriven.map(toNumber), full }).toEqual(expected)
  }

  /** Every message of every state, and the totals. */
  async compare(): Promise<void> {
    for (const state of STATES) {
      const found = (await this.#queue.look(state)).map((one) => ({
        id: toNumber(one.id),
        text: String(one.body),
        priority: one.priority,
        group: one.group,
        deliveries: one.deliveries,
        failures: one.failures,
        error: one.error ?? '',
      }))
      const expected = this.#model
        .look(state)
        .map(({ id, text, priority, group, deliveries, failures, error }) => ({
          id,
          text,
          priority,
          group,
          deliveries,
          failures,
          error,
        }))
      expect(found, state).toEqual(expected)
    }
    const counts = await this.#queue.counts()
    for (const state of STATES) {
      expect(counts?.[state] ?? 0, state).toBe(this.#model.look(state).length)
    }
    expect(withoutZeros(counts?.totals ?? {})).toEqual(withoutZeros(this.#model.totals))
  }

  /** What Redis holds is what the messages need, and all of it ends at one moment. */
  async compareKeys(): Promise<void> {
    const { redis } = harness
    const key = (part: string) => this.#queue.key(part)
    const bodies = await redis.hvals(key('body'))
    const errors: string[] = []
    for (const state of STATES) {
      errors.push(...(await this.#queue.look(state)).map(({ error = '' }) => error))
    }
    const ids = (await redis.hkeys(key('msg'))).sort()
    expect((await redis.hkeys(key('body'))).sort()).toEqual(ids)
    const parts = (await this.#queue.keys()).filter((part) => !/^(dedup|record):/.test(part))
    const ends = await Promise.all(parts.map((part) => redis.pexpiretime(key(part))))
    expect(new Set(ends).size).toBeLessThanOrEqual(1)
    for (const end of ends) expect(end).toBeGreaterThan(0)
    const stored = Number((await this.#queue.stat()).bytes ?? 0)
    const dropped = ids.length - this.#model.look('dead').length
    // Dead letters whose time is over are kept until a call meets them.
    if (dropped === STATES.slice(0, 4).flatMap((state) => this.#model.look(state)).length) {
      expect(stored).toBe(bodies.join('').length + errors.join('').length)
    }
  }
}

const withoutZeros = (totals: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(totals).filter(([, total]) => total !== 0))

it('does what a plain array does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async (operations) => {
      const pair = new Pair()
      try {
        for (const one of operations) {
          await pair.run(one)
          await pair.compare()
        }
        await pair.compareKeys()
      } finally {
        harness.advance(-pair.advancedMs)
      }
    }),
    { numRuns: RUNS },
  )
})
