import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../../../redis/errors.js'
import { randomToken } from '../../../redis/random.js'
import type { CacheKey, EntryStore, LeveledReply } from '../../entries/store.js'
import type { Loads } from '../loading/loads.js'
import type { LoadError } from './scripts.js'
import type { WarmingName, WarmingStore } from './store.js'

export type Outcome = 'loaded' | 'skipped' | 'failed'

/** Which keys are loaded: those without a value, or stale ones too. */
export type Refresh = 'missing' | 'stale'

export interface Pace {
  readonly concurrency: number
  readonly ratePerSecond: number
}

/** Those that are known, or what reads them first. */
export type Keys = readonly CacheKey[] | ReadKeys

/** @returns the keys, or why there are none */
export type ReadKeys = (stopped: AbortSignal) => Promise<readonly CacheKey[] | string>

export interface WarmingOptions {
  readonly name: WarmingName
  readonly keys: Keys
  readonly refresh: Refresh
  readonly pace: Pace
  readonly loads: Pick<Loads, 'warm'>
  /** Reads that do not count among those that make a key hot. */
  readonly peek: EntryStore['readMany']
  readonly store: WarmingStore
  readonly onKey: (outcome: Outcome) => void
}

const NOTE_MS = 1_000
const MOST_ERRORS = 10
/** Keys that are looked at with one read. */
const CHUNK = 128
/** While the circuit is open, or readers use the slots. */
const PAUSE_MS = 25

/** Loads keys of one space, in this process. */
export class Warming {
  readonly #options: WarmingOptions
  readonly #counts = { loaded: 0, skipped: 0, failed: 0 }
  readonly #errors: LoadError[] = []
  #keys: readonly CacheKey[] = []
  readonly #stopped = new AbortController()
  #nextAt = performance.now()

  constructor(options: WarmingOptions) {
    this.#options = options
    if (typeof options.keys !== 'function') this.#keys = options.keys
  }

  /** Keys that are yet to be loaded. */
  get left(): number {
    const { loaded, skipped, failed } = this.#counts
    return this.#keys.length - loaded - skipped - failed
  }

  /** @throws StoreError where Redis did not note that it begins. */
  async begin(): Promise<void> {
    await this.#options.store.note(this.#options.name, 'begin', this.#progress())
  }

  async run(): Promise<void> {
    const notes = setInterval(() => void this.#note('go-on'), NOTE_MS).unref()
    let end: 'done' | 'failed'
    try {
      end = (await this.#readKeys()) ? 'done' : 'failed'
      for (let at = 0; at < this.#keys.length && !this.#isStopped; at += CHUNK) {
        await this.#load(this.#keys.slice(at, at + CHUNK))
      }
    } finally {
      clearInterval(notes)
    }
    await this.#note(this.#isStopped ? 'go-on' : end)
  }

  /** @returns whether there are keys */
  async #readKeys(): Promise<boolean> {
    const { keys } = this.#options
    if (typeof keys !== 'function') return true
    const read = await keys(this.#stopped.signal)
    if (typeof read === 'string') {
      this.#errors.push({ detail: read })
      return false
    }
    this.#keys = read
    return true
  }

  /** The process ends: the record shows that the warming was interrupted, or cancelled. */
  stop(): void {
    this.#stopped.abort()
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  async #load(chunk: readonly CacheKey[]): Promise<void> {
    const replies = await this.#options.peek(chunk, -1)
    const due = chunk.filter((_, i) => this.#isDue(replies[i] as LeveledReply | StoreError))
    this.#count('skipped', chunk.length - due.length)
    const work = async () => {
      for (let key = due.shift(); key && !this.#isStopped; key = due.shift()) {
        await this.#loadOne(key)
      }
    }
    await Promise.all(Array.from({ length: this.#options.pace.concurrency }, work))
  }

  #isDue(reply: LeveledReply | StoreError): boolean {
    if (reply instanceof StoreError || !reply.entry) return true
    return this.#options.refresh === 'stale' && reply.entry.state === 'stale'
  }

  async #loadOne(key: CacheKey): Promise<void> {
    await this.#turn()
    while (!this.#isStopped) {
      const loaded = await this.#options.loads
        .warm(key, { requestId: randomToken() })
        .catch((error: unknown) => {
          if (!(error instanceof StoreError)) throw error
          return error
        })
      if (loaded === 'busy') {
        await sleep(PAUSE_MS)
        continue
      }
      if (typeof loaded === 'string') return this.#count(loaded)
      if (this.#errors.length < MOST_ERRORS) {
        this.#errors.push({ key: key.key, detail: loaded.message })
      }
      return this.#count('failed')
    }
  }

  /** Waits, so that no more than `ratePerSecond` begin in a second. */
  async #turn(): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + 1_000 / this.#options.pace.ratePerSecond
    if (at > now) await sleep(at - now)
  }

  #count(outcome: Outcome, by = 1): void {
    this.#counts[outcome] += by
    for (let i = 0; i < by; i++) this.#options.onKey(outcome)
  }

  #progress() {
    return { total: this.#keys.length, ...this.#counts, errors: this.#errors }
  }

  /** Where Redis is away the warming goes on. */
  async #note(step: 'go-on' | 'done' | 'failed'): Promise<void> {
    try {
      if (await this.#options.store.note(this.#options.name, step, this.#progress())) this.stop()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
    }
  }
}
