import { beforeAll, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { createDrivers, type KeyDriver, untilSwept } from './key-driver.js'
import { KeyModel, type Seen, type WriteOutcome } from './model.js'

/** `npm run interleavings` uses one step more. */
const LENGTH = Number(process.env.LOCKSTEP_LATE_FILL_LENGTH ?? 5)
/** Interleavings that run at once, so that their calls share batches. */
const AT_ONCE = 500

const INVALIDATIONS = [
  'soft key',
  'hard key',
  'soft tag',
  'hard tag',
  'soft all',
  'hard all',
] as const
type Invalidation = (typeof INVALIDATIONS)[number]
type Loader = 'A' | 'B'
type Step = Invalidation | `ask ${Loader}` | `repeat ${Loader}` | `fill ${Loader}` | 'lease ends'

/**
 * The steps that may follow. There are two loaders at most: A asks first, and each asks before it
 * fills. A repeat sends the request of A again, under the same token, as if its answer was lost.
 * One invalidation before A asks represents many, as does one of each kind in a row.
 */
function possible(before: readonly Step[]): Step[] {
  const askedBy = (loader: Loader) => before.includes(`ask ${loader}`)
  if (before.length > 0 && !askedBy('A')) return ['ask A']
  return [
    ...INVALIDATIONS.filter((one) => one !== before.at(-1)),
    'ask A' as const,
    ...(askedBy('A') ? (['repeat A', 'fill A', 'ask B', 'lease ends'] as const) : []),
    ...(askedBy('B') ? (['fill B'] as const) : []),
  ]
}

/** Yields every interleaving up to a length, so also each prefix: one check at the end is enough. */
function* interleavings(length: number, before: readonly Step[] = []): Generator<readonly Step[]> {
  if (before.length > 0) yield before
  if (before.length === length) return
  for (const step of possible(before)) yield* interleavings(length, [...before, step])
}

const LIFE = { ttl: 100, stale: 50, error: 0, tags: ['tag'] }
const LEASE = 20

const harness = useHarness()
let driverOf: (space: string) => KeyDriver

beforeAll(async () => {
  driverOf = createDrivers(harness)
  await untilSwept(harness)
})

/** One key: its source, a writer and two loaders. Every change is invalidated at once. */
class Story {
  readonly #driver: KeyDriver
  readonly #model = new KeyModel()
  #truth = 0
  #hardAt = 0
  #softAt = 0
  #asked = 0
  readonly #tokens = new Map<Loader, string>()
  readonly #loaded = new Map<Loader, { readonly proof: string; readonly truth: number }>()

  constructor(space: string) {
    this.#driver = driverOf(space)
  }

  async take(step: Step): Promise<void> {
    const [verb, what] = step.split(' ') as [string, string]
    if (verb === 'ask') await this.#load(what as Loader)
    else if (verb === 'repeat') await this.#ask(this.#tokens.get(what as Loader) as string)
    else if (verb === 'fill') await this.#fill(what as Loader)
    else if (verb === 'lease') await this.#runOut()
    else await this.#invalidate(verb as 'soft' | 'hard', what)
  }

  /** Compares a read with the model, and with the changes themselves: the model may be wrong too. */
  async end(): Promise<void> {
    const seen = await this.#driver.read()
    expect(seen).toEqual(this.#model.read())
    if (seen.state === 'miss') return
    const loadedAt = Number(seen.value)
    expect(loadedAt, 'loaded after the last hard invalidation').toBeGreaterThanOrEqual(this.#hardAt)
    if (loadedAt < this.#softAt) expect(seen.state).toBe('stale')
  }

  async #load(loader: Loader): Promise<void> {
    const token = `loader-${loader}-${String(this.#asked++).padStart(8, '0')}`
    this.#tokens.set(loader, token)
    const { proof } = await this.#ask(token)
    // The loader reads the source at once, and may fill at any later step.
    if (proof !== undefined) this.#loaded.set(loader, { proof, truth: this.#truth })
  }

  async #ask(token: string): Promise<Seen> {
    const seen = await this.#driver.ask(token, LEASE)
    expect(seen).toEqual(this.#model.ask(token, LEASE, seen.proof))
    return seen
  }

  async #fill(loader: Loader): Promise<void> {
    const loaded = this.#loaded.get(loader)
    if (!loaded) return
    const filled = { ...LIFE, value: String(loaded.truth) }
    const outcome: WriteOutcome = await this.#driver.write(filled, loaded.proof)
    expect(outcome).toBe(this.#model.fill(loaded.proof, filled))
  }

  async #runOut(): Promise<void> {
    await this.#driver.runOut()
    this.#model.runOut()
  }

  async #invalidate(mode: 'soft' | 'hard', what: string): Promise<void> {
    this.#truth += 1
    if (mode === 'hard') this.#hardAt = this.#truth
    else this.#softAt = this.#truth
    if (what === 'key') {
      await (mode === 'soft' ? this.#driver.soften() : this.#driver.remove())
      return mode === 'soft' ? this.#model.soften() : this.#model.remove()
    }
    const name = what === 'tag' ? 'tag' : ''
    await this.#driver.mark(name, mode)
    this.#model.mark(name, mode)
  }
}

it(`refuses late fills in every interleaving of up to ${LENGTH} steps`, {
  timeout: 600_000,
}, async () => {
  const stories = [...interleavings(LENGTH)]
  for (let from = 0; from < stories.length; from += AT_ONCE) {
    await Promise.all(
      stories.slice(from, from + AT_ONCE).map(async (steps, i) => {
        const story = new Story(`late-${from + i}`)
        try {
          for (const step of steps) await story.take(step)
          await story.end()
        } catch (error) {
          throw new Error(`after: ${steps.join(', ')}`, { cause: error })
        }
      }),
    )
  }
})
