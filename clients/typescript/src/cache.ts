import type { components } from './api.js'
import type { Call } from './call.js'
import { type Codec, fromWire, json } from './codecs.js'
import { isProblem } from './errors.js'
import { type Load, Loader, type LoadOptions } from './loads.js'
import { type PutOptions, putInput } from './puts.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

export interface Cached<T> {
  readonly value: T
  /** The version, for `ifMatch`. */
  readonly etag: string
  readonly isStale: boolean
}

export class Cache {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** The value of a key, which one caller loads when it is missing; `undefined`: there is none. */
  getOrLoad<T>(
    space: string,
    key: string,
    load: Load<T>,
    options: LoadOptions<T> = {},
  ): Promise<T | undefined> {
    const loader = new Loader(this.#call, { space, key }, options.codec ?? json<T>(), options)
    return loader.get(load)
  }

  async get<T>(
    space: string,
    key: string,
    { codec = json<T>(), ...options }: CallOptions & { readonly codec?: Codec<T> } = {},
  ): Promise<Cached<T> | undefined> {
    try {
      const path = { space, key }
      const { bytes, headers } = await this.#call('getCacheEntry', { path }, options)
      const isStale = headers.get('lockstep-state') === 'stale'
      return { value: codec.decode(bytes), etag: headers.get('etag') ?? '', isStale }
    } catch (error) {
      if (isProblem(error, 'cache-miss')) return undefined
      throw error
    }
  }

  /** Stores a value, or with `undefined` that there is none. */
  async put<T>(
    space: string,
    key: string,
    value: T | undefined,
    { codec = json<T>(), ...options }: PutOptions<T> = {},
  ): Promise<void> {
    await this.#call('putCacheEntry', putInput({ space, key }, value, codec, options), options)
  }

  async delete(space: string, key: string, options?: CallOptions): Promise<void> {
    await this.#call('deleteCacheEntry', { path: { space, key } }, options)
  }

  /** Values of these keys or tags are stale from now on, or with `mode: 'hard'` never served again. */
  async invalidate(
    space: string,
    what: Schemas['InvalidateCacheRequest'],
    options?: CallOptions,
  ): Promise<void> {
    await this.#call('invalidateCache', { path: { space }, body: what }, options)
  }

  /** The values that are there: JSON, text, or bytes as Uint8Array. */
  async getMany(
    space: string,
    keys: readonly string[],
    options?: CallOptions,
  ): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>()
    for (let asked = [...keys]; asked.length > 0; ) {
      const input = { path: { space }, body: { keys: asked } }
      const { results } = (await this.#call('getManyCacheEntries', input, options)).json
      for (const one of results)
        if (one.status === 'hit') found.set(one.key, fromWire(one.value, one.encoding))
      asked = results.filter(({ status }) => status === 'deferred').map(({ key }) => key)
    }
    return found
  }

  /** Adds to a counter, and answers its value. */
  async increment(
    space: string,
    key: string,
    by: bigint | number = 1,
    options?: CallOptions,
  ): Promise<bigint> {
    const input = { path: { space, key }, body: { by: String(by) } }
    return BigInt((await this.#call('incrementCacheCounter', input, options)).json.value)
  }
}
