import { createLeaseStore, type LeaseStore } from '../../../src/cache/leases/store.js'
import { createWriteLeases, type WriteLeases } from '../../../src/cache/origins/writing/store.js'
import { Partitions } from '../../../src/cache/partition.js'
import { layoutOf } from '../../../src/redis/layout.js'
import type { Harness } from '../../support/harness.js'
import { createDrivers, type KeyDriver, UNIT_MS } from '../key-driver.js'

export type Writer = 'A' | 'B'
export type Invalidation =
  | 'soft key'
  | 'hard key'
  | 'soft all'
  | 'hard all'
  | 'soft tag'
  | 'hard tag'
/**
 * `apply`: the origin has the write. A writer that stops has died; a `pause` is longer than every time
 * limit. An invalidation follows a change of the origin by another hand.
 */
export type Step =
  | `${'begin' | 'apply' | 'finish' | 'refused' | 'unknown'} ${Writer}`
  | Invalidation
  | 'load'
  | 'fill'
  | 'pause'

const TIMES = { timeoutMs: 60 * UNIT_MS, applyWithinMs: 120 * UNIT_MS }
/** Longer than a write, and than the time after it; much shorter than values are served. */
export const PAUSE_MS = 2 * (TIMES.timeoutMs + TIMES.applyWithinMs)
const LIFE = { ttl: 100_000, stale: 50_000, error: 0, tags: ['tag'] }
const LEASE = 20

interface Loaded {
  readonly proof: string
  readonly value: number
  /** It is the stale value that is there: the origin answers 304. */
  readonly isSame: boolean
}

interface Stores {
  readonly writes: WriteLeases
  readonly leases: LeaseStore
}

/** A change of the origin; a value is its index. */
type Change = 'begin' | 'write' | 'soft' | 'hard'

/** What the guarantee forbids; the text says what a reader saw. */
export class Broken extends Error {}

export function createStories(harness: Harness) {
  const driverOf = createDrivers(harness)
  const partitions = new Partitions(layoutOf(harness.connections.cache), 'keep')
  const stores: Stores = {
    writes: createWriteLeases(harness.binder, partitions),
    leases: createLeaseStore(harness.binder, partitions),
  }
  return (space: string, isWarm: boolean) => new Story(driverOf(space), stores, isWarm)
}

/** One key, its origin, two writers and a reader; the test decides what happens when. */
export class Story {
  readonly #driver: KeyDriver
  readonly #writes: WriteLeases
  readonly #leases: LeaseStore
  readonly #isWarm: boolean
  readonly #changes: Change[] = ['begin']
  readonly #clks = new Map<Writer, number>()
  readonly #applied = new Map<Writer, number>()
  readonly #outcomes: string[] = []
  #loaded: Loaded | undefined

  constructor(driver: KeyDriver, { writes, leases }: Stores, isWarm: boolean) {
    this.#driver = driver
    this.#writes = writes
    this.#leases = leases
    this.#isWarm = isWarm
  }

  /** What each `finish`, `load` and `fill` came to. */
  get outcomes(): readonly string[] {
    return this.#outcomes
  }

  async start(): Promise<void> {
    if (this.#isWarm) await this.#driver.write({ ...LIFE, value: '0' })
  }

  async take(step: Step): Promise<void> {
    const [verb, what] = step.split(' ') as [string, string]
    switch (verb) {
      case 'begin':
        return this.#begin(what as Writer)
      case 'apply':
        this.#applied.set(what as Writer, this.#change('write'))
        return
      case 'finish':
        return this.#finish(what as Writer)
      case 'refused':
        await this.#writes.refused(this.#driver.key, this.#clkOf(what as Writer))
        return
      case 'unknown':
        return this.#writes.unknown(
          this.#driver.key,
          this.#clkOf(what as Writer),
          TIMES.applyWithinMs,
        )
      case 'load':
        return this.#load()
      case 'fill':
        return this.#fill()
      default:
        return this.#invalidate(verb as 'soft' | 'hard', what)
    }
  }

  /**
   * All writes have ended, and the time of the origin is over: the cache has what the origin has, or
   * nothing, or what was softly invalidated, as stale. And it stores again what is loaded.
   * @throws Broken
   */
  async end(): Promise<void> {
    const seen = await this.#driver.read()
    if (seen.state !== 'miss') this.#compare(Number(seen.value), seen.state === 'stale')
    if (seen.state === 'fresh') return
    const { proof } = await this.#driver.ask('the-last-load-of-all', LEASE)
    if (proof === undefined) throw new Broken('nobody may load')
    const value = String(this.#newest)
    const written = await this.#driver.write({ ...LIFE, value }, proof)
    if (written === 'lease-lost') throw new Broken('nothing is stored')
    const { state } = await this.#driver.read()
    if (state !== 'fresh') throw new Broken(`the last load is ${state}`)
  }

  #compare(value: number, isStale: boolean): void {
    const missed = this.#changes.slice(value + 1)
    if (missed.length === 0 || (isStale && missed.every((change) => change === 'soft'))) return
    throw new Broken(`value ${value}${isStale ? ', stale,' : ''} of ${this.#newest}: ${missed}`)
  }

  get #newest(): number {
    return this.#changes.length - 1
  }

  #change(change: Change): number {
    return this.#changes.push(change) - 1
  }

  #clkOf(writer: Writer): number {
    return this.#clks.get(writer) as number
  }

  async #begin(writer: Writer): Promise<void> {
    const begun = await this.#writes.begin(this.#driver.key, TIMES)
    if (begun.kind !== 'begun') throw new Error(`a write without condition: ${begun.kind}`)
    this.#clks.set(writer, begun.clk)
  }

  async #finish(writer: Writer): Promise<void> {
    const { kind } = await this.#writes.finish(this.#driver.key, this.#clkOf(writer), {
      isCreated: false,
      value: {
        payload: Buffer.from(String(this.#applied.get(writer))),
        contentType: 'text/plain',
        contentEncoding: '',
        tags: LIFE.tags,
        ttlMs: LIFE.ttl * UNIT_MS,
        staleMs: LIFE.stale * UNIT_MS,
      },
    })
    this.#outcomes.push(`finish ${writer}: ${kind}`)
  }

  /** The reader reads the origin at once, and may fill at any later step. */
  async #load(): Promise<void> {
    const { proof, lease, value } = await this.#driver.ask('the-load-of-a-reader', LEASE)
    const isSame = Number(value ?? -1) === this.#newest
    if (proof !== undefined) this.#loaded = { proof, value: this.#newest, isSame }
    this.#outcomes.push(`load: ${lease}`)
  }

  async #fill(): Promise<void> {
    if (!this.#loaded) return
    const kind = await this.#store(this.#loaded)
    this.#outcomes.push(`fill: ${/^(created|replaced|confirmed)$/.test(kind) ? 'stored' : 'lost'}`)
  }

  #store({ proof, value, isSame }: Loaded): Promise<string> {
    if (!isSame) return this.#driver.write({ ...LIFE, value: String(value) }, proof)
    const life = { ttlMs: LIFE.ttl * UNIT_MS, staleMs: LIFE.stale * UNIT_MS, errorMs: 0 }
    return this.#leases.confirm(this.#driver.key, proof, life)
  }

  async #invalidate(mode: 'soft' | 'hard', what: string): Promise<void> {
    this.#change(mode)
    if (what === 'key') await (mode === 'soft' ? this.#driver.soften() : this.#driver.remove())
    else await this.#driver.mark(what === 'tag' ? 'tag' : '', mode)
  }
}
