import type { Binder } from '../../redis/binder.js'
import { addScript, type Claim, claimScript, keepScript } from './scripts.js'

/** One list for all namespaces, in one slot. */
const KEYS = { sweeps: 'ls:{sweeps}:cache' }
/** Longer than a turn of a sweep takes; then another instance may claim it. */
const CLAIM_MS = 15_000

/**
 * The list of sweeps that all instances share: one instance claims each of them, and another one if
 * that dies.
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

  /** How many there were at the last call. */
  get count(): number {
    return this.#count
  }

  /** A sweep that is under way begins again: entries that it has passed may be dead by now. */
  async add(name: string): Promise<void> {
    this.#count = await this.#scripts.add(KEYS, { name })
  }

  async claim(): Promise<Claim | undefined> {
    const { claim, sweeps } = await this.#scripts.claim(KEYS, { lasts_ms: CLAIM_MS })
    this.#count = sweeps
    return claim
  }

  /**
   * @param lastsMs 0 for a sweep that is over
   * @returns undefined where it is over, another instance claimed it, or it was noted again
   */
  async keep({ name, untilMs }: Claim, lastsMs = CLAIM_MS): Promise<Claim | undefined> {
    const args = { name, until_ms: untilMs, lasts_ms: lastsMs }
    const kept = await this.#scripts.keep(KEYS, args)
    this.#count = kept.sweeps
    return kept.untilMs === 0 ? undefined : { name, untilMs: kept.untilMs }
  }
}
