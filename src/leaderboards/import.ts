import type { Redis } from 'ioredis'
import { toResults } from './answer.js'
import type { LeaderboardStore } from './store.js'

export interface ImportReport {
  readonly imported: number
  /** Members that no board can hold: no text, too long, or an infinite score. */
  readonly skipped: readonly string[]
}

const PAGE = 200

/**
 * Copies a plain ZSET to a board in the order of ZREVRANGE, so that equal scores keep that order. Does
 * not change the ZSET. One that is written meanwhile may be copied in part; a second run does no harm.
 */
export async function importZset(
  redis: Pick<Redis, 'zrevrangeBuffer'>,
  store: LeaderboardStore,
  { key, namespace, board }: { key: string; namespace: string; board: string },
): Promise<ImportReport> {
  const skipped: string[] = []
  let imported = 0
  for (let first = 0; ; first += PAGE) {
    const flat = await redis.zrevrangeBuffer(key, first, first + PAGE - 1, 'WITHSCORES')
    if (flat.length === 0) return { imported, skipped }
    const entries = []
    for (let at = 0; at < flat.length; at += 2) {
      const member = flat[at]!.toString()
      const score = String(flat[at + 1])
      if (isMember(flat[at]!, member) && !score.includes('inf')) {
        entries.push({ member, score, op: 'set' as const })
      } else skipped.push(member)
    }
    if (entries.length === 0) continue
    const outcome = await store.submit(namespace, board, entries)
    if (outcome.kind !== 'submitted') {
      const why = outcome.kind === 'refused' ? outcome.fault.message : outcome.kind
      throw new Error(`the board refuses "${entries[0]!.member}" and those after it: ${why}`)
    }
    const results = toResults(outcome.parts)
    imported += results.filter(({ error }) => error === undefined).length
  }
}

const isMember = (bytes: Buffer, text: string): boolean =>
  bytes.length >= 1 && bytes.length <= 512 && Buffer.from(text).equals(bytes) && !CONTROL.test(text)

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]|^\.\.?$/
