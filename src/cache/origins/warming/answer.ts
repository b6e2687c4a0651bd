import type { Problem } from '../../../http/problem.js'
import { problem } from '../../problems.js'
import type { WarmingRecord } from './scripts.js'

const instant = (ms: number): string => new Date(ms).toISOString()

export function toWarming(id: string, { startedMs, finishedMs, ...record }: WarmingRecord) {
  return {
    id,
    ...record,
    errors: [...record.errors],
    startedAt: instant(startedMs),
    ...(finishedMs > 0 && { finishedAt: instant(finishedMs) }),
  }
}

export const warmingNotFound = (space: string, id: string): Problem =>
  problem('warming-not-found', `The space "${space}" has no warming "${id}".`)

export const warmingRunning = (warmingId: string): Problem =>
  problem('warming-running', 'The space is being warmed by this instance.', {
    extensions: { warmingId },
    retryAfterMs: 1_000,
  })
