import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { StoreError } from '../../src/redis/errors.js'
import { type Wait, Wakes } from '../../src/redis/wakes.js'
import { useHarness } from '../support/harness.js'
import { until } from '../support/until.js'
import { Gates } from './gates.js'
import { newThings, type Things } from './things.js'

/** `npm run interleavings` uses more. */
const RUNS = Number(process.env.LOCKSTEP_MODEL_RUNS ?? 50)
const STEPS = 40
const INSTANCES = 2

const harness = useHarness()

const HOUR_US = 3_600_000_000

/**
 * Lets every registration last: it ends after three seconds without a poll, and a busy machine takes
 * longer between two steps. One that is earlier than ARGV[1] is two hours younger from now on.
 */
const KEEP = `
  for _, instance in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])) do
    redis.call('ZINCRBY', KEYS[1], 7200000000, instance)
  end
  redis.call('PERSIST', KEYS[1])`

/** An instance that waits for things; the test decides when each of its calls and messages passes. */
class Instance {
  readonly gates = new Gates(harness.binder, harness.connections.pubSub)
  readonly wakes = new Wakes({
    ...this.gates,
    pollMs: 2 ** 30,
    maxPerThing: 1_000,
    onServed: () => undefined,
  })
  readonly id = this.gates.channel.replace('ls:wakes:', '')
  readonly waiting = new Set<Wait<string[]>>()
  readonly got: string[] = []
  /** A message to it was lost, or a call of it failed: only its next poll makes up for that. */
  isBehind = false

  join(things: Things, limit: number): void {
    const wait = this.wakes.wait(things.keys.waiting, 600_000, (registration) =>
      this.gates.hold(() => things.take(limit, registration)),
    )
    this.waiting.add(wait)
    const end = () => this.waiting.delete(wait)
    wait.result.then(
      (got) => {
        this.got.push(...(got ?? []))
        end()
      },
      (error) => {
        expect(error).toBeInstanceOf(StoreError)
        end()
      },
    )
  }

  async isRegistered({ keys }: Things): Promise<boolean> {
    return (await harness.redis.zscore(keys.waiting, this.id)) !== null
  }
}

const weighted = <T>(weight: number, value: T) => ({ weight, arbitrary: fc.constant(value) })
const steps = fc.array(
  fc.record({
    // Long pauses between sending, running and answering are what goes wrong, so all are steps.
    kind: fc.oneof(
      weighted(8, 'run' as const),
      weighted(8, 'answer' as const),
      weighted(6, 'deliver' as const),
      weighted(4, 'join' as const),
      weighted(4, 'put' as const),
      weighted(2, 'leave' as const),
      weighted(1, 'take' as const),
      weighted(1, 'poll' as const),
    ),
    pick: fc.nat({ max: 999 }),
  }),
  { minLength: 10, maxLength: STEPS },
)
const parked = fc.array(fc.nat({ max: 3 }), { maxLength: 5 })
const faults = fc.array(
  fc.record({
    at: fc.nat({ max: STEPS }),
    kind: fc.constantFrom('drop' as const, 'fail' as const, 'kill' as const),
    pick: fc.nat({ max: 999 }),
  }),
  { maxLength: 3 },
)

/** Who waits from the beginning, and what happens then. */
type Scene = readonly [parked: readonly number[], steps: readonly Step[]]
type Step = { kind: Kind; pick: number }
type Kind =
  | 'run'
  | 'answer'
  | 'deliver'
  | 'join'
  | 'put'
  | 'leave'
  | 'take'
  | 'poll'
  | 'drop'
  | 'fail'
  | 'kill'

class World {
  readonly things = newThings(harness.binder, harness.namespace)
  instances: Instance[] = []
  /** A wake that a dead instance got, or nobody, was for others: they find out when they poll. */
  isBehind = false
  #put = 0
  readonly #taken: string[] = []
  readonly #barrier = `ls:test:${randomUUID()}`
  #passed = 0
  #subscriptions: (() => void)[] = []

  async open(): Promise<void> {
    this.instances = Array.from({ length: INSTANCES }, () => new Instance())
    this.#subscriptions = await Promise.all([
      harness.connections.pubSub.subscribe(this.#barrier, () => {
        this.#passed += 1
      }),
      ...this.instances.map(({ gates }) => gates.subscribed),
    ])
  }

  async step({ kind, pick }: Step): Promise<void> {
    const calls = this.instances.flatMap(({ gates }) => gates.calls)
    const hearing = this.instances.filter(({ gates }) => gates.messages.length > 0)
    switch (kind) {
      case 'run':
        await at(
          calls.filter(({ hasRun }) => !hasRun),
          pick,
        )?.run()
        break
      case 'answer':
        at(
          calls.filter(({ hasRun }) => hasRun),
          pick,
        )?.answer()
        break
      case 'deliver':
        at(hearing, pick)?.gates.deliver()
        break
      case 'join':
        at(this.instances, pick)?.join(this.things, 1 + (pick % 2))
        break
      case 'put':
        await this.things.put(...Array.from({ length: 1 + (pick % 2) }, () => `t${this.#put++}`))
        break
      case 'leave':
        at(
          this.instances.flatMap(({ waiting }) => [...waiting]),
          pick,
        )?.leave()
        break
      case 'take':
        this.#taken.push(...((await this.things.take()).got ?? []))
        break
      case 'poll':
        this.#poll(at(this.instances, pick))
        break
      case 'drop':
        this.#harm(at(hearing, pick), ({ gates }) => gates.messages.shift())
        break
      case 'fail': {
        const failing = this.instances.filter(({ gates }) => gates.calls.length > 0)
        this.#harm(at(failing, pick), ({ gates }) => at(gates.calls, pick >> 2)?.fail())
        break
      }
      case 'kill':
        this.#harm(at(this.instances, pick), (dead) => {
          this.instances = this.instances.filter((instance) => instance !== dead)
        })
    }
    await this.#quiet()
  }

  #harm(instance: Instance | undefined, harm: (instance: Instance) => void): void {
    if (!instance) return
    harm(instance)
    instance.isBehind = true
    this.isBehind = true
  }

  /** What the timer of an instance does once a second. */
  #poll(instance: Instance | undefined): void {
    if (!instance) return
    instance.gates.hear(`1 0 ${this.things.keys.waiting}`)
    instance.isBehind = false
  }

  /** All that was published has arrived, and all that follows from an answer has happened. */
  async #quiet(): Promise<void> {
    const before = this.#passed
    await harness.redis.eval(KEEP, 1, this.things.keys.waiting, Date.now() * 1_000 + HOUR_US)
    await this.things.publish(this.#barrier, '')
    if (this.#passed === before) await until('the barrier', () => this.#passed > before)
    await turn()
  }

  /** An unsatisfied waiter means: registered, or a wake or an attempt under way. */
  async assertInvariant(): Promise<void> {
    for (const instance of this.instances) {
      if (instance.isBehind || instance.waiting.size === 0) continue
      const isUnderWay = instance.gates.calls.length > 0 || instance.gates.messages.length > 0
      expect(isUnderWay || (await instance.isRegistered(this.things))).toBe(true)
    }
  }

  /** Lets everything that is under way happen, until nothing is. */
  async settle(): Promise<void> {
    for (;;) {
      await this.#quiet()
      const busy = this.instances.filter(
        ({ gates }) => gates.calls.length > 0 || gates.messages.length > 0,
      )
      if (busy.length === 0) return
      for (const { gates } of busy) {
        gates.deliver()
        const call = gates.calls[0]
        if (call && !call.hasRun) await call.run()
        call?.answer()
      }
    }
  }

  async assertServed(): Promise<void> {
    const waiting = this.instances.filter((instance) => instance.waiting.size > 0)
    expect(Math.min(waiting.length, await this.#left())).toBe(0)
  }

  #left(): Promise<number> {
    return harness.redis.zcard(this.things.keys.things)
  }

  #got(): string[] {
    return [...this.#taken, ...this.instances.flatMap(({ got }) => got)]
  }

  async end(): Promise<void> {
    await this.settle()
    if (!this.isBehind) {
      await this.assertServed()
      expect(await this.#left()).toBe(this.#put - this.#got().length)
    }
    for (const instance of this.instances) this.#poll(instance)
    await this.settle()
    await this.assertServed()
    expect(new Set(this.#got()).size).toBe(this.#got().length)
    for (const { wakes } of this.instances) wakes.drain()
    for (const end of this.#subscriptions) end()
  }
}

const at = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length]

async function play([parked, sequence]: Scene): Promise<void> {
  const world = new World()
  await world.open()
  for (const pick of parked) await world.step({ kind: 'join', pick })
  await world.settle()
  for (const step of sequence) {
    await world.step(step)
    await world.assertInvariant()
  }
  await world.end()
}

async function check(scenes: fc.Arbitrary<Scene>): Promise<void> {
  const property = fc.asyncProperty(scenes, play)
  const run = await fc.check(property, { numRuns: RUNS })
  if (run.failed) {
    const shown = fc.stringify(run.counterexample)
    throw new Error(`with LOCKSTEP_SEED=${run.seed}: ${shown}`, { cause: run.errorInstance })
  }
}

it('no waiter is forgotten, in whatever order calls, replies and messages pass', async () => {
  await check(fc.tuple(parked, steps))
})

it('a lost message, a failed call or a dead instance delays a waiter until the next poll', async () => {
  const harmed = fc.tuple(parked, steps, faults).map(([first, plain, harm]): Scene => {
    const all: Step[] = [...plain]
    for (const { at: index, ...fault } of harm) all.splice(index % (all.length + 1), 0, fault)
    return [first, all]
  })
  await check(harmed)
})
