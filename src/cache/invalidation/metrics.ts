import type { Metrics } from '../../metrics/registry.js'
import type { MarkReply } from './scripts.js'

export interface MarkMetrics {
  /** @param clock the key that marks stand in */
  marked(clock: string, reply: MarkReply): void
}

/** Clocks whose marks are known; callers make namespaces up. */
const MAX_CLOCKS = 1_024

export function createMarkMetrics(metrics: Metrics): MarkMetrics {
  const known = new Map<string, number>()
  const marks = metrics.gauge(
    'lockstep_cache_marks',
    'Marks of the partition that has most of them, of the 1024 in which this process invalidated a tag or a space last',
  )
  Object.assign(marks, { collect: () => marks.set(Math.max(0, ...known.values())) })
  const folded = metrics.counter(
    'lockstep_cache_marks_folded_total',
    'Marks that were folded into one for all older entries of their kind, because there were too many',
  )
  return {
    marked(clock, reply) {
      known.delete(clock)
      known.set(clock, reply.marks)
      if (known.size > MAX_CLOCKS) known.delete(known.keys().next().value as string)
      folded.inc(reply.folded)
    },
  }
}
