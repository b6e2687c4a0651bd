import type { Get } from '../../redis/get.js'
import type { Entry } from './scripts.js'

/**
 * The largest payload that a script returns. Lua copies what passes through it several times while
 * Redis serves nobody else; a plain GET of the same bytes takes a tenth of that.
 */
export const INLINE_BYTES = 64 * 1024
export const UNLIMITED = Number.MAX_SAFE_INTEGER

/** Where the version stands in an entry; see lib/entry.lua. */
const VERSION_AT = 3
/** How often a value may be replaced between a script and the GET behind it. */
const TRIES = 3

export interface Completing<R> {
  /** Reads the whole entry, past any script. */
  readonly get: () => ReturnType<Get>
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
export async function complete<R>(first: R, { get, again, lacking }: Completing<R>): Promise<R> {
  let reply = first
  for (let left = TRIES; ; left--) {
    const entry = lacking(reply)
    if (!entry) return reply
    const payload = payloadOf(await get(), entry)
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
