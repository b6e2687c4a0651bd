import { StoreError } from '../../../redis/errors.js'
import type { Idempotency } from '../../../redis/idempotency.js'
import type { Condition } from '../../condition.js'
import type { CacheKey } from '../../entries/store.js'
import type { Value } from '../../entries/value.js'
import type { Exchanged } from '../client.js'
import { FAILURES, type LoadFailure } from '../loading/reply.js'
import { onlyIfHeaders } from '../loading/validator.js'
import type { Origin, Sent, Trace } from '../origin.js'
import { usualWaitMs } from '../policy.js'
import { quietly } from '../quietly.js'
import { toOutgoing } from './sending.js'
import { ABSENT, type Begun, type WriteLeases } from './store.js'
import { verdictOf } from './verdict.js'

/** What the origin should hold for a key. */
export interface Change {
  /** Undefined: none. */
  readonly value: Value | undefined
  readonly condition?: Condition | undefined
  readonly idempotency?: Idempotency | undefined
}

export type WriteEnd =
  | {
      readonly kind: 'created' | 'replaced'
      /** Under which it is stored; 0: it is not. */
      readonly version: number
      readonly replayed: boolean
      readonly originStatus?: number
      /** The origin has yet to get it. */
      readonly isPending?: boolean
    }
  /** `version` is that of what is there, 0 for nothing. */
  | { readonly kind: 'precondition-failed'; readonly version: number }
  /** There is no value to compare the condition with. */
  | { readonly kind: 'miss' }
  | { readonly kind: 'conflict' }
  /** The outbox takes no more. */
  | { readonly kind: 'full' }
  /** What is there has yet to reach the origin by its outbox. */
  | { readonly kind: 'outbox-pending' }
  /** The origin has another value than the one that the condition was compared with. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'refused'; readonly originStatus: number; readonly originBody?: string }
  /** The origin may have applied it, or may still do so. */
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'not-sent'; readonly failure: LoadFailure }

type Beginning = Extract<Begun, { kind: 'begun' }>

/** What a caller sees of an error of the origin, in bytes. */
const MAX_SHOWN = 8_192

/** Passes the writes of one space on to its origin: first a slot, then the write lease, then the request. */
export class Writer {
  readonly #origin: Origin
  readonly #writes: WriteLeases

  constructor(origin: Origin, writes: WriteLeases) {
    this.#origin = origin
    this.#writes = writes
  }

  /** @throws StoreError where nothing was sent to the origin */
  async write(key: CacheKey, change: Change, trace: Trace): Promise<WriteEnd> {
    const { circuit, policy, slots } = this.#origin
    if (circuit.refusesMs > 0) return notSent(FAILURES.open(circuit.refusesMs))
    if (!(await slots.take(usualWaitMs(policy)))) return notSent(FAILURES.busy())
    return this.#writeWithSlot(key, change, trace).finally(() => slots.release(false))
  }

  async #writeWithSlot(key: CacheKey, change: Change, trace: Trace): Promise<WriteEnd> {
    const begun = await this.#begin(key, change)
    switch (begun.kind) {
      case 'begun':
        return this.#settle(key, change, begun, await this.#send(key, change, begun, trace))
      case 'created':
      case 'replaced':
        return { ...begun, replayed: true }
      default:
        return begun
    }
  }

  async #begin(key: CacheKey, { condition, idempotency }: Change): Promise<Begun> {
    const { timeoutMs, applyWithinMs } = this.#origin.policy
    try {
      return await this.#writes.begin(key, { timeoutMs, applyWithinMs, condition, idempotency })
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'outcome-unknown') throw error
      // A note that stands is all that there may be.
      const message = 'Redis did not answer; nothing was sent to the origin.'
      throw new StoreError('store-unavailable', message, error.reason, error)
    }
  }

  /** @returns undefined where it is too late, or the circuit is open */
  #send(
    key: CacheKey,
    { value }: Change,
    { first, sendBefore, validator }: Beginning,
    trace: Trace,
  ): Promise<Sent | undefined> | undefined {
    if (performance.now() >= sendBefore) return undefined
    const operation = value ? 'write' : 'delete'
    const { headers, ...outgoing } = toOutgoing(key, value, first)
    return this.#origin.send(key, operation, trace, {
      ...outgoing,
      headers: { ...headers, ...onlyIfHeaders(validator) },
      sendBefore,
      wantsBody: (status) =>
        this.#origin.policy.exposeErrors && verdictOf(status, operation) === 'refused',
    })
  }

  async #settle(
    key: CacheKey,
    change: Change,
    begun: Beginning,
    sent: Sent | undefined,
  ): Promise<WriteEnd> {
    const { clk, validator } = begun
    const { exchanged } = sent ?? {}
    if (!exchanged || exchanged.kind === 'unreachable') {
      await quietly(this.#writes.refused(key, clk))
      const ms = this.#origin.circuit.refusesMs
      return notSent(ms > 0 ? FAILURES.open(ms) : FAILURES.unreachable())
    }
    const status = exchanged.kind === 'answered' ? exchanged.status : 0
    switch (verdictOf(status, change.value ? 'write' : 'delete')) {
      case 'taken':
        return this.#finish(key, change, begun, status)
      case 'refused':
        await quietly(this.#writes.refused(key, clk))
        if (status === 412 && validator !== undefined) return { kind: 'changed' }
        return { kind: 'refused', originStatus: status, ...shownOf(exchanged) }
      case 'unknown':
        await quietly(this.#writes.unknown(key, clk, this.#origin.policy.applyWithinMs))
        return { kind: 'unknown', message: `${whatOf(exchanged)}: it may have taken the write.` }
    }
  }

  async #finish(
    key: CacheKey,
    { value = ABSENT, idempotency }: Change,
    { clk, first }: Beginning,
    originStatus: number,
  ): Promise<WriteEnd> {
    const isCreated = originStatus === 201
    // An origin that took a repeat before may answer so again, whatever it holds now.
    const isKept = this.#origin.policy.after === 'store' && first === clk
    const taken = { value: isKept ? value : undefined, isCreated, idempotency }
    try {
      const finished = await this.#writes.finish(key, clk, taken)
      const version = finished.kind === 'stored' ? finished.version : 0
      const kind = isCreated ? 'created' : 'replaced'
      return { kind, version, replayed: false, originStatus }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { kind: 'unknown', message: 'The origin took the write; Redis did not answer.' }
    }
  }
}

const notSent = (failure: LoadFailure): WriteEnd => ({ kind: 'not-sent', failure })

function shownOf(exchanged: Exchanged): { originBody?: string } {
  if (exchanged.kind !== 'answered' || exchanged.body.length === 0) return {}
  return { originBody: exchanged.body.subarray(0, MAX_SHOWN).toString('utf8') }
}

function whatOf(exchanged: Exchanged): string {
  if (exchanged.kind === 'answered') return `The origin answered ${exchanged.status}`
  return exchanged.kind === 'timeout'
    ? 'The origin did not answer in time'
    : 'The answer of the origin broke off'
}
