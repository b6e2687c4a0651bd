import { StoreError } from '../../../redis/errors.js'
import type { CacheKey, EntryStore, LeveledReply, ReadOptions } from '../../entries/store.js'
import type { LeasedReads } from '../../leases/leased-reads.js'
import type { Operation } from '../metrics.js'
import type { Origin, Sent, Trace } from '../origin.js'
import { quietly } from '../quietly.js'
import { failed, found, LATE, type LoadEnd, toReply, toValue, unstored } from './load-end.js'
import { type Answered, confirmedLife, isAnswer, type LoadedValue } from './loaded-value.js'
import { FAILURES, type LoadFailure } from './reply.js'

/** How fresh the requests of a load want the value. */
export type Accepts = Pick<ReadOptions, 'maxStaleMs' | 'minFreshMs'>

/** Which fresh values are due: so many load times before their end, or fresh for less. */
export interface RefreshOffer {
  readonly early?: number
  readonly minFreshMs?: number
}

/** What became of a load in the background: skipped where none was due, or another has it. */
export type RefreshEnd = 'loaded' | 'skipped' | LoadFailure

export interface LoaderOptions {
  readonly leases: Pick<LeasedReads, 'ask' | 'wait' | 'cancel' | 'pass' | 'confirm'>
  readonly entries: Pick<EntryStore, 'write'>
}

/** What a load is for. */
export interface Loading {
  readonly key: CacheKey
  readonly accepts: Accepts
  readonly trace: Trace
  /** Called before anything is read: requests that come later may not take what it brings. */
  readonly onBegin: () => void
}

/**
 * Loads keys of one space from its origin: first a slot, then the lease of the key, then the request.
 * No slot is held while another instance has the lease.
 */
export class Loader {
  readonly origin: Origin
  readonly #options: LoaderOptions

  constructor(origin: Origin, options: LoaderOptions) {
    this.origin = origin
    this.#options = options
  }

  /** @param waitMs for a slot, and while another instance loads */
  async load(loading: Loading, waitMs: number): Promise<LoadEnd> {
    const { leases } = this.#options
    const { circuit, slots } = this.origin
    const endsAt = performance.now() + waitMs
    const leftMs = () => endsAt - performance.now()
    while (leftMs() > 0 && !this.isDraining) {
      if (circuit.refusesMs > 0) return failed(FAILURES.open(circuit.refusesMs))
      if (!(await slots.take(leftMs()))) return LATE
      const asked = await this.#ask(loading).finally(() => slots.release(false))
      if ('kind' in asked) return asked
      const waited = await leases.wait(
        loading.key,
        { ...loading.accepts, isUncounted: true },
        asked,
        leftMs(),
      )
      if (waited.entry) return found(waited)
    }
    return LATE
  }

  /** Loads in the background, with a slot: only if no other does. */
  async refresh(
    key: CacheKey,
    trace: Trace,
    { early, minFreshMs }: RefreshOffer,
  ): Promise<RefreshEnd> {
    const options = { skipL1: true, isUncounted: true, maxBytes: -1, minFreshMs }
    const { lease, entry } = await this.#options.leases.ask(key, options, { early })
    if (lease.kind === 'granted') {
      return this.#refreshUnder(lease.proof, key, trace, entry?.validator)
    }
    if (lease.kind !== 'none') {
      this.origin.backOffs.rest(nameOf(key), Math.min(REST_MS, lease.retryAfterMs))
    }
    return 'skipped'
  }

  /** Loads for one request, without a lease: nothing is stored. */
  async loadAlone(key: CacheKey, trace: Trace, waitMs: number): Promise<LoadEnd> {
    const { slots } = this.origin
    if (!(await slots.take(waitMs))) return LATE
    return this.#loadUnstored(key, trace).finally(() => slots.release(false))
  }

  get isDraining(): boolean {
    return this.origin.slots.isClosed
  }

  /** @returns how the load ended, or the reply that says that another instance loads */
  async #ask({ key, accepts, trace, onBegin }: Loading): Promise<LoadEnd | LeveledReply> {
    onBegin()
    const options = { ...accepts, skipL1: true, isUncounted: true }
    const asked = await this.#options.leases.ask(key, options)
    const { lease, entry } = asked
    if (lease.kind === 'granted') return this.#loadUnder(lease.proof, key, 'load', trace)
    if (entry) return found(asked)
    switch (lease.kind) {
      case 'held':
        return lease.isWritten ? this.#loadUnstored(key, trace) : asked
      case 'backoff':
        return failed(FAILURES.rest(lease.retryAfterMs))
      case 'pass':
        return { kind: 'alone' }
      case 'none':
        // Redis has no room for a lease.
        return this.#loadUnstored(key, trace)
    }
  }

  async #loadUnstored(key: CacheKey, trace: Trace): Promise<LoadEnd> {
    const sent = await this.origin.request(key, 'load', trace)
    const value = sent && toValue(sent, key)
    if (value) return unstored(value, sent.exchanged as Answered, true)
    return failed(this.#failureOf(sent, key))
  }

  async #loadUnder(
    proof: string,
    key: CacheKey,
    operation: Operation,
    trace: Trace,
  ): Promise<LoadEnd> {
    return this.#settle(proof, key, await this.origin.request(key, operation, trace))
  }

  /** Asks only for another value than the one that is there, where its origin has a name for that. */
  async #refreshUnder(
    proof: string,
    key: CacheKey,
    trace: Trace,
    validator: string | undefined,
  ): Promise<RefreshEnd> {
    const sent = await this.origin.request(key, 'refresh', trace, validator)
    if (validator === undefined || !sent || !isNotModified(sent)) {
      return toRefreshEnd(await this.#settle(proof, key, sent))
    }
    const life = confirmedLife(sent.exchanged, key, sent.tookMs)
    const outcome = life ? await this.#options.leases.confirm(key, proof, life) : 'gone'
    if (outcome === 'gone') {
      return toRefreshEnd(await this.#loadUnder(proof, key, 'refresh', trace))
    }
    this.origin.backOffs.succeeded(nameOf(key))
    return outcome === 'confirmed' ? 'loaded' : 'skipped'
  }

  /** @param sent undefined where the circuit is open */
  async #settle(proof: string, key: CacheKey, sent: Sent | undefined): Promise<LoadEnd> {
    const { leases } = this.#options
    const value = sent && toValue(sent, key)
    if (!value) {
      const failure = this.#failureOf(sent, key)
      // A broken path of this process is no reason for others to wait.
      const isLocal = !sent || sent.exchanged.kind === 'unreachable'
      await quietly(leases.cancel(key, proof, isLocal ? 0 : failure.retryAfterMs))
      return failed(failure)
    }
    this.origin.backOffs.succeeded(nameOf(key))
    const answer = sent.exchanged as Answered
    if (!value.isStorable) {
      await quietly(leases.pass(key, proof, PASS_MS))
      return unstored(value, answer, false)
    }
    return this.#fill(key, proof, value, answer)
  }

  async #fill(
    key: CacheKey,
    proof: string,
    value: LoadedValue,
    answer: Answered,
  ): Promise<LoadEnd> {
    try {
      const written = await this.#options.entries.write(key, { ...value.write, fill: proof })
      if (written.kind !== 'created' && written.kind !== 'replaced') {
        return unstored(value, answer, true)
      }
      const reply = toReply(value, answer, written.version, key.policy.jitter)
      return { kind: 'loaded', reply, isShared: true }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      await quietly(this.#options.leases.cancel(key, proof, 0))
      return unstored(value, answer, true)
    }
  }

  /** @param sent undefined where the circuit is open */
  #failureOf(sent: Sent | undefined, key: CacheKey): LoadFailure {
    const { circuit, backOffs } = this.origin
    if (!sent) return FAILURES.open(circuit.refusesMs)
    const { exchanged } = sent
    if (exchanged.kind === 'unreachable') return FAILURES.unreachable()
    const restMs = backOffs.failed(nameOf(key))
    if (exchanged.kind !== 'answered') return FAILURES[exchanged.kind](restMs)
    return isAnswer(exchanged.status)
      ? FAILURES.broken(restMs)
      : FAILURES.answered(restMs, exchanged.status)
  }
}

/** A value that is not stored is loaded by each request for so long. */
const PASS_MS = 10_000
/** A refresh that another instance makes is not asked for again so soon. */
const REST_MS = 1_000

export const nameOf = ({ namespace, key }: CacheKey): string => `${namespace} ${key}`

function toRefreshEnd(end: LoadEnd): RefreshEnd {
  if (end.kind === 'failed') return end.failure
  return end.kind === 'loaded' && end.reply.loaded?.isStored ? 'loaded' : 'skipped'
}

const isNotModified = (sent: Sent): sent is Sent & { readonly exchanged: Answered } =>
  sent.exchanged.kind === 'answered' && sent.exchanged.status === 304
