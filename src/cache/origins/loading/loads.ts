import type { Client } from '../../../domain.js'
import type { Entry } from '../../entries/scripts.js'
import type { CacheKey, EntryStore, LeveledReply, ReadOptions } from '../../entries/store.js'
import { drawEarly } from '../../leases/leased-reads.js'
import type { Trace } from '../origin.js'
import { usualWaitMs } from '../policy.js'
import type { LoadEnd } from './load-end.js'
import { type Loader, nameOf, type RefreshEnd, type RefreshOffer } from './loader.js'
import { FAILURES, type LoadFailure, type LoadingReply } from './reply.js'

/** A request that loads what is missing. */
export interface Wanting {
  /** How long it waits where there is nothing to serve; by default for a load and a second one. */
  readonly waitMs?: number | undefined
  readonly client?: Client | undefined
  readonly trace: Trace
}

/** A load that requests wait for. */
interface RunningLoad {
  end: Promise<LoadEnd>
  hasBegun: boolean
}

/** The requests of this process for the keys of one space: those for one key share one load. */
export class Loads {
  readonly #loader: Loader
  readonly #entries: Pick<EntryStore, 'read'>
  readonly #running = new Map<string, RunningLoad>()
  readonly #refreshing = new Set<string>()

  constructor(loader: Loader, entries: Pick<EntryStore, 'read'>) {
    this.#loader = loader
    this.#entries = entries
  }

  /**
   * A value that there is, also a stale one, is served at once, and loaded again in the background.
   * @param known what was read already
   */
  async read(
    key: CacheKey,
    options: ReadOptions,
    wanting: Wanting,
    known?: LeveledReply,
  ): Promise<LoadingReply> {
    const { waitMs = usualWaitMs(this.#loader.origin.policy) } = wanting
    const endsAt = performance.now() + waitMs
    for (let isFirst = true; ; isFirst = false) {
      const reply =
        (isFirst && known) || (await this.#entries.read(key, { ...options, isUncounted: !isFirst }))
      if (reply.entry) {
        const early = earlyOf(reply.entry, key.policy.earlyRefreshBeta)
        if (early !== undefined) this.refresh(key, wanting.trace, { early })
        return isFirst ? reply : toCollapsed(reply)
      }
      const loaded = await this.#load(key, options, wanting, endsAt - performance.now())
      if (loaded) return loaded
    }
  }

  /** @returns undefined where the request has to read again */
  async #load(
    key: CacheKey,
    options: ReadOptions,
    { trace, client }: Wanting,
    leftMs: number,
  ): Promise<LoadingReply | undefined> {
    if (leftMs <= 0 || this.#loader.isDraining || client?.destroyed) return none(FAILURES.late())
    const startedAt = performance.now()
    const { load, isFirst } = this.#join(key, options, trace)
    const isEarly = isFirst || !load.hasBegun
    const end = await within(load.end, leftMs, client)
    switch (end?.kind) {
      case undefined:
        return none(FAILURES.late())
      case 'late':
        return undefined
      case 'failed':
        return this.#readAfter(end.failure, key, options)
      case 'loaded':
        if (isFirst) return end.reply
        return isEarly && end.isShared ? toCollapsed(end.reply) : undefined
      case 'alone':
        return this.#loadAlone(key, options, trace, leftMs - (performance.now() - startedAt))
    }
  }

  async #loadAlone(
    key: CacheKey,
    options: ReadOptions,
    trace: Trace,
    leftMs: number,
  ): Promise<LoadingReply> {
    const end = await this.#loader.loadAlone(key, trace, leftMs)
    switch (end.kind) {
      case 'loaded':
        return end.reply
      case 'failed':
        return this.#readAfter(end.failure, key, options)
      default:
        return none(FAILURES.late())
    }
  }

  /** The load failed: serves what is in its error window. */
  async #readAfter(
    failure: LoadFailure,
    key: CacheKey,
    options: ReadOptions,
  ): Promise<LoadingReply> {
    const reply = await this.#entries.read(key, {
      ...options,
      skipL1: true,
      isUncounted: true,
      hasFailed: true,
    })
    if (!reply.entry) return { ...reply, failure }
    const isStale = reply.entry.state === 'stale'
    return {
      ...reply,
      loaded: { status: failure.originStatus, isStored: false, isCollapsed: false, isStale },
    }
  }

  #join(key: CacheKey, { maxStaleMs, minFreshMs }: ReadOptions, trace: Trace) {
    const name = `${maxStaleMs} ${minFreshMs} ${nameOf(key)}`
    const known = this.#running.get(name)
    if (known) return { load: known, isFirst: false }
    const accepts = { maxStaleMs, minFreshMs }
    const onBegin = () => {
      load.hasBegun = true
    }
    const waitMs = usualWaitMs(this.#loader.origin.policy)
    const end = this.#loader
      .load({ key, accepts, trace, onBegin }, waitMs)
      .finally(() => this.#running.delete(name))
    // Its requests may all have left.
    end.catch(() => undefined)
    const load: RunningLoad = { end, hasBegun: false }
    this.#running.set(name, load)
    return { load, isFirst: true }
  }

  /** Loads a key that no caller asked for. @returns busy where there is no slot for it, or the circuit is open */
  async warm(key: CacheKey, trace: Trace): Promise<RefreshEnd | 'busy'> {
    const { circuit, slots } = this.#loader.origin
    if (circuit.refusesMs > 0 || !slots.takeInBackground()) return 'busy'
    return this.#loader.refresh(key, trace, { early: 0 }).finally(() => slots.release(true))
  }

  /** Loads again while the value is served: unless that would be refused, or takes too many slots. */
  refresh(key: CacheKey, trace: Trace, offer: RefreshOffer): void {
    const { backOffs, circuit, slots } = this.#loader.origin
    const name = nameOf(key)
    if (this.#refreshing.has(name) || backOffs.rests(name) || circuit.refusesMs > 0) return
    if (!slots.takeInBackground()) return
    this.#refreshing.add(name)
    this.#loader
      .refresh(key, trace, offer)
      // The value goes on being served; the next read tries again.
      .catch(() => undefined)
      .finally(() => {
        this.#refreshing.delete(name)
        slots.release(true)
      })
  }
}

/** -ln of the least number that is drawn, see `uniform`. */
const MOST = Math.log(2 ** 32)

/** How early the value is loaded again: see `drawEarly`; undefined where it is not. */
function earlyOf({ kind, state, loadMs, ttlMs }: Entry, beta: number): number | undefined {
  if (kind !== 'bytes' || state === 'negative') return undefined
  if (state === 'stale') return 0
  if (loadMs === 0 || loadMs * beta * MOST < ttlMs) return undefined
  const early = drawEarly(beta)
  return loadMs * early >= ttlMs ? early : undefined
}

const none = (failure: LoadFailure): LoadingReply => ({
  asOf: -1,
  lease: { kind: 'none' },
  entry: undefined,
  failure,
})

const toCollapsed = (reply: LoadingReply): LoadingReply => ({
  ...reply,
  loaded: { isStored: false, isStale: false, ...reply.loaded, isCollapsed: true },
})

/** @returns undefined where the time is over, or the client is gone */
function within<T>(
  result: Promise<T>,
  ms: number,
  client: Client | undefined,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      client?.off('close', leave)
    }
    const leave = () => {
      end()
      resolve(undefined)
    }
    const timer = setTimeout(leave, ms)
    client?.once('close', leave)
    result.finally(end).then(resolve, reject)
  })
}
