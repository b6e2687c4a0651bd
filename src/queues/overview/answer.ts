import { toConfigured } from '../configuration/answer.js'
import type { QueueDocument } from '../configuration/store.js'
import { toSettings } from '../settings.js'
import { type QueueCounts, TOTALS } from './scripts.js'

/** The settings of a queue, which has all defaults without a document. */
export const toSettled = (name: string, document: QueueDocument | undefined) =>
  document ? toConfigured(document) : { name, ...toSettings({}) }

const NOTHING: QueueCounts = Object.freeze({
  ready: 0,
  delayed: 0,
  leased: 0,
  blocked: 0,
  dead: 0,
  bytes: 0,
  oldestReadyMs: undefined,
  totals: Object.freeze(
    Object.fromEntries(TOTALS.map((total) => [total, 0])),
  ) as QueueCounts['totals'],
})

/** What a queue holds: nothing before its first message. */
export function toContent(queue: QueueCounts | undefined) {
  const { ready, delayed, leased, blocked, dead, bytes, oldestReadyMs, totals } = queue ?? NOTHING
  return {
    counts: { ready, delayed, leased, blocked, dead },
    bytes,
    ...(oldestReadyMs !== undefined && { oldestReadyMs }),
    totals,
  }
}
