import type { Binder } from '../../redis/binder.js'
import { addScript, claimScript, keepScript } from './scripts.js'

/** What is to be looked through, and the claim of this instance on it. */
export interface Claim {
  readonly name: string
  readonly untilMs: number
}

/** One for all namespaces, in one slot. */
const KEYS = { sweeps: 'ls:{sweeps}:cache' }
/** Longer than a turn of a sweep takes; then another instance takes it for dead. */
const CLAIM_MS = 15_000

/**
 * The list of what is to be swept, which all instances share: each sweep is claimed by one of them,
 * and by another one if that dies.
 */
export class Sweeps {
  readonly #scripts
  #count = 0

  constructor(binder: Binder) {
    this.#scripts = {
      add: binder.bind(addScript),
      claim: binder.bind(claimScript),
      keep: binder.bind(keepScript),
    }
  }

  /** How many there were at the last look. */
  get count(): number {
    return this.#count
  }

  /** Where it is under way, it begins again: what was looked at may be dead since. */
  async add(name: string): Promise<void> {
    this.#count = await this.#scripts.add(KEYS, { name })
  }

  async claim(): Promise<Claim | undefined> {
    const { claim, sweeps } = await this.#scripts.claim(KEYS, { lasts_ms: CLAIM_MS })
    this.#count = sweeps
    return claim
  }

  /** @returns undefined where it is not this instance's to go on with. */
  keep(claim: Claim): Promise<Claim | undefined> {
    return this.#keep(claim, CLAIM_MS)
  }

  async end(claim: Claim): Promise<void> {
    await this.#keep(claim, 0)
  }

  async #keep({ name, untilMs }: Claim, lastsMs: number): Promise<Claim | undefined> {
    const args = { name, until_ms: untilMs, lasts_ms: lastsMs }
    const kept = await this.#scripts.keep(KEYS, args)
    this.#count = kept.sweeps
    return kept.untilMs === 0 ? undefined : { name, untilMs: kept.untilMs }
  }
}
