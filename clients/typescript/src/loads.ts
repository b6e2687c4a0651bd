import type { Call } from './call.js'
import type { Codec } from './codecs.js'
import { isAway, isProblem, LoadFailedError } from './errors.js'
import { Keeper, type Term, termAfterWait } from './keeper.js'
import { type PutOptions, putInput } from './puts.js'
import type { CallOptions } from './transport.js'

/** Longest wait of one request: an outage meanwhile is noticed after it. */
const PIECE_MS = 5_000

export interface LoadOptions<T> extends PutOptions<T> {
  /** How long to wait for the load of another caller: 30 s by default. */
  readonly waitMs?: number
  /** How long no caller loads after a load that failed: 5 s by default. */
  readonly backoffMs?: number
  /** Called when a loaded value could not be stored, for another reason than that it came too late. */
  readonly onNotStored?: (error: unknown) => void
}

/** Loads a value; `undefined` means that there is none. */
export type Load<T> = () => T | undefined | Promise<T | undefined>

interface Entry {
  readonly space: string
  readonly key: string
}

interface Lease {
  readonly token: string
  readonly askedAt: number
  readonly expiresInMs: number
}

/** What a read found: a value or none, and perhaps the lease to load it. */
interface Found<T> {
  readonly is: 'value' | 'none' | 'nothing' | 'held' | 'backoff' | 'away'
  readonly value?: T
  readonly lease?: Lease
  readonly retryAfterMs?: number
}

/** Reads an entry, and loads it when it is missing: one caller in all processes does. */
export class Loader<T> {
  readonly #call: Call
  readonly #path: Entry
  readonly #codec: Codec<T>
  readonly #options: LoadOptions<T>
  /** A repeat of the read gets the same lease. */
  readonly #token = crypto.randomUUID()

  constructor(call: Call, path: Entry, codec: Codec<T>, options: LoadOptions<T>) {
    this.#call = call
    this.#path = path
    this.#codec = codec
    this.#options = options
  }

  async get(load: Load<T>): Promise<T | undefined> {
    const found = await this.#wait()
    if (found.lease) return this.#loadUnder(found.lease, found, load)
    if (found.is === 'value') return found.value
    if (found.is === 'none') return undefined
    if (found.is === 'backoff') throw new LoadFailedError(found.retryAfterMs ?? 0)
    // The service is away, or the wait is over.
    return load()
  }

  /** Waits in pieces. The first one is no wait, so that an outage is noticed at once. */
  async #wait(): Promise<Found<T>> {
    const deadline = performance.now() + (this.#options.waitMs ?? 30_000)
    for (let waitMs = 0; ; ) {
      const found = await this.#read(waitMs).catch((error) => this.#missing(error))
      const left = deadline - performance.now()
      if (found.is !== 'held' || left <= 0) return found
      waitMs = Math.ceil(Math.min(PIECE_MS, left))
    }
  }

  async #read(waitMs: number): Promise<Found<T>> {
    const query = { lease: true, waitMs }
    const input = { path: this.#path, query, header: { 'Lockstep-Lease': this.#token } }
    const answer = await this.#call('getCacheEntry', input, this.#timed())
    const token = answer.headers.get('lockstep-lease')
    const expiresInMs = Number(answer.headers.get('lockstep-lease-expires-in-ms'))
    const lease = token ? { token, expiresInMs, askedAt: answer.askedAt } : undefined
    const value = this.#codec.decode(answer.bytes)
    return { is: 'value', value, ...(lease && { lease }) }
  }

  #missing(error: unknown): Found<T> {
    this.#options.signal?.throwIfAborted()
    if (isAway(error)) return { is: 'away' }
    if (!isProblem(error, 'cache-miss')) throw error
    const { state, lease } = error.problem
    if (state === 'negative') return { is: 'none' }
    const { status = 'held', token = '', expiresInMs = 0, retryAfterMs = 0 } = lease ?? {}
    if (status !== 'granted') return { is: status, retryAfterMs }
    return { is: 'nothing', lease: { token, ...termAfterWait(0, expiresInMs) } }
  }

  async #loadUnder(lease: Lease, found: Found<T>, load: Load<T>): Promise<T | undefined> {
    const keeper = new Keeper(lease, (call) => this.#renew(lease, call))
    try {
      const value = await load()
      await this.#fill(lease.token, value)
      return value
    } catch (error) {
      await this.#giveUp(lease.token)
      if (found.is === 'value' && !this.#options.signal?.aborted) return found.value
      throw error
    } finally {
      keeper.end()
    }
  }

  async #renew({ token, expiresInMs }: Lease, call: CallOptions): Promise<Term> {
    const body = { token, leaseMs: Math.max(500, expiresInMs) }
    const { json, askedAt } = await this.#call('renewCacheLease', { path: this.#path, body }, call)
    return { askedAt, expiresInMs: json.expiresInMs }
  }

  async #fill(lease: string, value: T | undefined): Promise<void> {
    const input = putInput(this.#path, value, this.#codec, { ...this.#options, lease })
    await this.#call('putCacheEntry', input, this.#timed()).catch((error) => {
      // It was invalidated or written meanwhile: the value is used once.
      if (!isProblem(error, 'lease-lost')) this.#options.onNotStored?.(error)
    })
  }

  async #giveUp(token: string): Promise<void> {
    const { signal, backoffMs = 5_000 } = this.#options
    // The caller that stopped its load says nothing about the source.
    const failure = signal?.aborted ? {} : { failed: true, backoffMs }
    const { signal: _, ...timed } = this.#timed()
    const body = { token, ...failure }
    await this.#call('cancelCacheLease', { path: this.#path, body }, timed).catch(() => undefined)
  }

  /** A cache that does not answer soon is slower than the source. */
  #timed(): CallOptions {
    const { signal, traceparent, timeoutMs = 2_000 } = this.#options
    return {
      timeoutMs,
      ...(signal && { signal }),
      ...(traceparent && { traceparent }),
    }
  }
}
