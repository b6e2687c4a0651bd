import { StoreError } from '../../../redis/errors.js'
import { randomToken } from '../../../redis/random.js'
import type { PolicyOf } from '../../spaces/store.js'
import type { WarmPolicy } from '../policy.js'
import { SILENT_MS } from './store.js'
import type { Warmable, Warmings } from './warmings.js'

export interface ScheduleOptions {
  readonly space: string
  readonly warmable: Warmable
  readonly warmings: Pick<Warmings, 'isRunning' | 'startConfigured' | 'store'>
  readonly policyOf: PolicyOf
}

const LOOK_MS = 1_000
/** Instances that start together, or one after the other, warm once. */
const START_MS = 300_000

/** Begins the configured warmings of one space: of all instances, one does. */
export class Schedule {
  readonly #options: ScheduleOptions
  readonly #warm: WarmPolicy
  /** The namespaces that are yet to be warmed because this instance started. */
  readonly #starting: Set<string>
  readonly #timer: NodeJS.Timeout
  #isLooking = false

  constructor(options: ScheduleOptions, warm: WarmPolicy) {
    this.#options = options
    this.#warm = warm
    this.#starting = new Set(warm.onStart ? options.warmable.origin.policy.namespaces : [])
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
    void this.#look()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const all = this.#options.warmable.origin.policy.namespaces
    const namespaces = this.#warm.everyMs === undefined ? [...this.#starting] : all
    for (const namespace of namespaces) {
      // What Redis did not answer is looked at again.
      await this.#lookAt(namespace).catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error
      })
    }
    this.#isLooking = false
  }

  async #lookAt(namespace: string): Promise<void> {
    const { space, warmable, warmings, policyOf } = this.#options
    const place = { namespace, space }
    if (warmings.isRunning(place)) return
    const name = { ...place, id: randomToken() }
    let claim = await warmings.store.claim(name, '')
    if (claim.kind === 'held') {
      if (!(await this.#isDue(namespace, claim.id, claim.agedMs))) return
      claim = await warmings.store.claim(name, claim.id)
    }
    if (claim.kind === 'held') return
    this.#starting.delete(namespace)
    const policy = await policyOf(namespace, space)
    await warmings.startConfigured(warmable, name, policy, 'stale')
  }

  /** @param agedMs since the last warming was claimed */
  async #isDue(namespace: string, id: string, agedMs: number): Promise<boolean> {
    const { space, warmings } = this.#options
    const record = await warmings.store.read({ namespace, space, id })
    // Its instance is gone; or it is about to begin.
    if (!record || record.state === 'interrupted') return record !== undefined || agedMs > SILENT_MS
    if (record.state === 'running') return false
    const sinceEndMs = agedMs - (record.finishedMs - record.startedMs)
    if (this.#starting.has(namespace)) {
      if (sinceEndMs > START_MS) return true
      this.#starting.delete(namespace)
    }
    return agedMs >= (this.#warm.everyMs ?? Number.POSITIVE_INFINITY)
  }
}
