import { integer, integers, list } from '../../redis/reply.js'
import { defineScript } from '../../redis/script.js'
import type { Met } from '../met.js'

/** What became of messages since the queue exists; fields of its `stat`. */
export const TOTALS = [
  'sent',
  'duplicates',
  'delivered',
  'acked',
  'retried',
  'timedOut',
  'released',
  'expired',
  'dead',
  'dropped',
  'discarded',
] as const

export interface QueueCounts {
  readonly ready: number
  readonly delayed: number
  readonly leased: number
  /** Behind the head of their group. */
  readonly blocked: number
  readonly dead: number
  /** Stored: bodies and headers, also of dead letters. */
  readonly bytes: number
  /** Since the oldest of those that are next was first ready; undefined without one. */
  readonly oldestReadyMs: number | undefined
  readonly totals: Readonly<Record<(typeof TOTALS)[number], number>>
}

export const countsScript = defineScript({
  name: 'queues.counts',
  file: new URL('../scripts/counts.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings', 'totals[]'],
  units: () => 12,
  /** @returns undefined for a queue that does not exist */
  decode(reply): QueueCounts | undefined {
    const [ready, delayed, leased, blocked, dead, oldestMs, bytes, ...totals] = integers<number>(
      reply,
      7 + TOTALS.length,
    ) as [number, number, number, number, number, number, number, ...number[]]
    if (bytes < 0) return undefined
    return {
      ready,
      delayed,
      leased,
      blocked,
      dead,
      bytes,
      oldestReadyMs: oldestMs < 0 ? undefined : oldestMs,
      totals: Object.fromEntries(
        TOTALS.map((total, at) => [total, totals[at]]),
      ) as QueueCounts['totals'],
    }
  },
})

/** Where a purge goes on. */
export interface PurgeStep {
  readonly deleted: number
  readonly more: boolean
  readonly lastId: number
  readonly score: string
  readonly member: string
  readonly met: Partial<Met>
}

export const purgeScript = defineScript({
  name: 'queues.purge',
  file: new URL('../scripts/purge.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings', 'state', 'most', 'last_id', 'score', 'member'],
  coalesce: false,
  decode(reply): PurgeStep {
    const [deleted, more, lastId, score, member, timedOut, dead, dropped] = list(reply, 8)
    return {
      deleted: integer(deleted),
      more: more === 1,
      lastId: integer(lastId),
      score: String(score),
      member: String(member),
      met: { timedOut: integer(timedOut), dead: integer(dead), dropped: integer(dropped) },
    }
  },
})

export const keepScript = defineScript({
  name: 'queues.keep',
  file: new URL('../scripts/keep.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings'],
  decode: (reply) => void integers(reply, 0),
})

export const removeScript = defineScript({
  name: 'queues.remove',
  file: new URL('../scripts/remove.lua', import.meta.url),
  keys: ['stat'],
  args: ['settings'],
  decode: (reply) => integers(reply, 1)[0] === 1,
})
