import type { CacheKey, LeveledReply } from '../../entries/store.js'
import type { Sent } from '../origin.js'
import {
  type Answered,
  isAnswer,
  isReadable,
  type LoadedValue,
  toLoadedValue,
} from './loaded-value.js'
import type { LoadFailure, LoadingReply } from './reply.js'

/** How a load ended, for the requests that want its value. */
export type LoadEnd =
  /** `isShared`: with all requests that came before the load began; else only for the first of them. */
  | { readonly kind: 'loaded'; readonly reply: LoadingReply; readonly isShared: boolean }
  | { readonly kind: 'failed'; readonly failure: LoadFailure }
  /** Values of this key are not stored: each request loads for itself. */
  | { readonly kind: 'alone' }
  /** Its time was over before it began. */
  | { readonly kind: 'late' }

export const LATE: LoadEnd = { kind: 'late' }

export const failed = (failure: LoadFailure): LoadEnd => ({ kind: 'failed', failure })

export const found = (reply: LeveledReply): LoadEnd => ({
  kind: 'loaded',
  reply: { ...reply, loaded: { isStored: false, isCollapsed: true, isStale: false } },
  isShared: true,
})

export const unstored = (value: LoadedValue, answer: Answered, isShared: boolean): LoadEnd => ({
  kind: 'loaded',
  reply: toReply(value, answer, 0, 0),
  isShared,
})

/** What the origin says of the key, unless the load failed. */
export function toValue({ exchanged, tookMs }: Sent, key: CacheKey): LoadedValue | undefined {
  if (exchanged.kind !== 'answered' || !isAnswer(exchanged.status)) return undefined
  return isReadable(exchanged) ? toLoadedValue(exchanged, key, tookMs) : undefined
}

/** @param version that was stored, 0 for none */
export function toReply(
  { write }: LoadedValue,
  { status }: Answered,
  version: number,
  jitter: number,
): LoadingReply {
  const { ttlMs = 0, staleMs = 0, payload, isNegative = false } = write
  // The jitter is drawn when the value is stored: it is fresh for at least so long.
  const freshMs = Math.floor(ttlMs * (1 - jitter))
  return {
    asOf: -1,
    lease: { kind: 'none' },
    entry: {
      state: isNegative ? 'negative' : ttlMs > 0 ? 'fresh' : 'stale',
      kind: 'bytes',
      version,
      ageMs: 0,
      ttlMs: freshMs,
      servedMs: freshMs + staleMs,
      loadMs: 0,
      size: payload.length,
      contentType: write.contentType,
      contentEncoding: write.contentEncoding,
      tags: write.tags,
      payload,
    },
    loaded: { status, isStored: version > 0, isCollapsed: false, isStale: false },
  }
}
