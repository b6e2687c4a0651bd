import type { Input } from './call.js'
import type { Codec } from './codecs.js'
import type { CallOptions } from './transport.js'

export interface PutOptions<T> extends CallOptions {
  /** Bytes, text or JSON; JSON by default. */
  readonly codec?: Codec<T>
  readonly ttlMs?: number
  readonly staleMs?: number
  readonly errorMs?: number
  readonly tags?: readonly string[]
  /** Store only over this version; `*`: over any. */
  readonly ifMatch?: string
  /** `*`: store only where there is none. */
  readonly ifNoneMatch?: string
}

/** The request that stores a value, or that there is none. */
export function putInput<T>(
  path: { readonly space: string; readonly key: string },
  value: T | undefined,
  codec: Codec<T>,
  options: PutOptions<T> & { readonly lease?: string },
): Input<'putCacheEntry'> {
  const { ttlMs, staleMs, errorMs, tags = [], ifMatch, ifNoneMatch, lease } = options
  const header = {
    'Content-Type': codec.contentType,
    ...(tags.length > 0 && { 'Cache-Groups': tags.map((tag) => JSON.stringify(tag)).join(', ') }),
    ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
    ...(ifNoneMatch !== undefined && { 'If-None-Match': ifNoneMatch }),
    ...(lease !== undefined && { 'Lockstep-Lease': lease }),
    ...(value === undefined && { 'Lockstep-Negative': 'true' as const }),
  }
  const query = {
    ...(ttlMs !== undefined && { ttlMs }),
    ...(staleMs !== undefined && { staleMs }),
    ...(errorMs !== undefined && { errorMs }),
  }
  const body = value === undefined ? new Uint8Array() : codec.encode(value)
  return { path, query, header, body } as Input<'putCacheEntry'>
}
