import type { components } from './api.js'
import type { Call } from './call.js'
import { isAway } from './errors.js'
import { Keeper, type Term } from './keeper.js'
import { mayBeGranted, UNDO_MS, under } from './scope.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

export interface CheckOptions extends CallOptions {
  /** What is decided when the service does not answer: `open` allows, and is the default. */
  readonly onNoAnswer?: 'open' | 'closed'
  readonly mode?: Schemas['RateLimitCheckMode']
  readonly take?: Schemas['RateLimitTake']
}

export interface Decision {
  readonly allowed: boolean
  /** RateLimit, RateLimit-Policy and Retry-After, for the answer to the caller. */
  readonly headers: Readonly<Record<string, string>>
  /** Absent when the service did not answer. */
  readonly decision?: Schemas['RateLimitDecision']
}

export interface Concurrency extends CallOptions {
  readonly key: string
  readonly weight?: number
}

export class Limits {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Checks limits, all or nothing, within half a second unless `timeoutMs` says otherwise. */
  async check(
    limits: Schemas['RequestedRateLimit'] | Schemas['RequestedRateLimit'][],
    { onNoAnswer = 'open', mode, take, timeoutMs = 500, ...options }: CheckOptions = {},
  ): Promise<Decision> {
    const body = { limits: [limits].flat(), ...(mode && { mode }), ...(take && { take }) }
    try {
      const call = { ...options, timeoutMs }
      const { json, headers } = await this.#call('checkRateLimits', { body }, call)
      return { allowed: json.allowed, headers: passedOn(headers), decision: json }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isAway(error)) throw error
      return { allowed: onNoAnswer === 'open', headers: {} }
    }
  }

  /**
   * Runs the work under a concurrency lease, which is renewed until the work ends.
   * @throws LockstepError `concurrency-limited` when there is no room
   */
  async run<T>(
    policy: string,
    { key, weight, ...options }: Concurrency,
    work: (signal: AbortSignal) => T | Promise<T>,
  ): Promise<T> {
    const path = { policy }
    const body = { key, ...(weight !== undefined && { weight }) }
    const input = { path, query: { onDeny: 'reject' as const }, body }
    const idempotencyKey = crypto.randomUUID()
    const acquire = (call: CallOptions) =>
      this.#call('acquireConcurrencyLease', input, { idempotencyKey, ...call })
    const release = (token = '') =>
      this.#call('releaseConcurrencyLease', { path, body: { key, token } }, { timeoutMs: UNDO_MS })
    const undo = async () => release((await acquire({ timeoutMs: UNDO_MS })).json.token)
    const { json, askedAt } = await acquire(options).catch((error) => {
      if (!options.idempotencyKey && mayBeGranted(error)) void undo().catch(() => undefined)
      throw error
    })
    const { token = '', expiresInMs = 0 } = json
    const renew = async (call: CallOptions): Promise<Term> => {
      const input = { path, body: { key, token } }
      const renewed = await this.#call('renewConcurrencyLease', input, call)
      return { askedAt: renewed.askedAt, expiresInMs: renewed.json.expiresInMs }
    }
    const keeper = new Keeper({ askedAt, expiresInMs }, renew)
    return under(
      keeper,
      () => release(token),
      () => work(keeper.signal),
    )
  }
}

const passedOn = (headers: Headers) =>
  Object.fromEntries(
    [...headers].filter(([name]) => /^(x-)?ratelimit(-|$)|^retry-after$/.test(name)),
  )
