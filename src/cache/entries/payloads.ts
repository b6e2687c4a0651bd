import { LRUCache } from 'lru-cache'
import type { Get } from '../../redis/get.js'
import type { Entry } from './scripts.js'
import type { CacheKey, ReadOptions } from './store.js'

/**
 * The largest payload that a script returns for one key: it is read with the header. Lua copies a
 * payload several times while Redis serves no other call; a plain GET takes a tenth of that time.
 */
export const INLINE_BYTES = 3 * 1024
/** Up to this size a second round trip costs more than the bytes of a GET that was not needed. */
const PREFETCH_BYTES = 64 * 1024
/** Callers invent spaces. */
const MAX_SPACES = 1_024
export const UNLIMITED = Number.MAX_SAFE_INTEGER

/** Offset of the version in an entry; see lib/entry.lua. */
const VERSION_AT = 3
/** How often a value may be replaced between a script and the GET after it. */
const TRIES = 3

/** Sends the GET of a payload together with the script, in spaces whose last value was of such a size. */
export class PayloadPrefetch {
  readonly #get: Get
  readonly #spaces = new LRUCache<string, true>({ max: MAX_SPACES })

  constructor(get: Get) {
    this.#get = get
  }

  /** @returns the whole entry at about the time of the script; undefined where that is not worth it */
  start(
    key: CacheKey,
    entry: string,
    { maxBytes, have }: ReadOptions,
  ): ReturnType<Get> | undefined {
    if (this.#spaces.size === 0 || maxBytes !== undefined || have !== undefined) return undefined
    if (!this.#spaces.has(nameOf(key))) return undefined
    const bytes = this.#get(entry)
    // The script may answer without it.
    bytes.catch(() => undefined)
    return bytes
  }

  saw(key: CacheKey, entry: Entry | undefined): void {
    if (entry && entry.size > INLINE_BYTES && entry.size <= PREFETCH_BYTES) {
      this.#spaces.set(nameOf(key), true)
    } else if (entry && this.#spaces.size > 0) {
      this.#spaces.delete(nameOf(key))
    }
  }
}

const nameOf = ({ namespace, space }: CacheKey): string => `${namespace} ${space}`

export interface Completing<R> {
  /** Reads the whole entry with a plain GET. */
  readonly get: () => ReturnType<Get>
  /** The same, sent together with the script. */
  readonly prefetched?: ReturnType<Get> | undefined
  /** Runs the script again. */
  readonly again: (inlineBytes: number) => Promise<R>
  /** The entry whose payload the caller still needs. */
  readonly lacking: (reply: R) => Entry | undefined
}

/**
 * Adds the payload that a script left out because it is large. The bytes of a version never change,
 * so those of a plain GET belong to what the script judged if their version is the same. If it is
 * not, the script runs again, and the last time it returns the payload itself.
 */
export async function complete<R>(
  first: R,
  { get, prefetched, again, lacking }: Completing<R>,
): Promise<R> {
  let reply = first
  let asked = prefetched
  for (let left = TRIES; ; left--) {
    const entry = lacking(reply)
    if (!entry) return reply
    const payload = payloadOf(await (asked ?? get()), entry)
    asked = undefined
    if (payload) return { ...reply, entry: { ...entry, payload } }
    reply = await again(left > 1 ? INLINE_BYTES : UNLIMITED)
  }
}

/** Whether a script left the payload out for its size alone. */
export const isLeftOut = (
  entry: Entry | undefined,
  maxBytes = UNLIMITED,
  have: readonly number[] = [],
): entry is Entry =>
  entry?.kind === 'bytes' &&
  entry.payload === undefined &&
  entry.size <= maxBytes &&
  !have.includes(entry.version)

function payloadOf(bytes: Buffer | undefined, { version, size }: Entry): Buffer | undefined {
  if (bytes === undefined || bytes.length <= size) return undefined
  return bytes.readDoubleBE(VERSION_AT) === version
    ? bytes.subarray(bytes.length - size)
    : undefined
}
