import type { Binder } from '../../redis/binder.js'
import { stepOf } from '../../redis/errors.js'
import { statKey } from '../keys.js'
import { toNumber } from '../message-ids.js'
import type { QueueMetrics } from '../metrics.js'
import { toScriptSettings } from '../script-settings.js'
import type { Queue } from '../settings.js'
import { discardScript, type RedriveReply, redriveScript } from './scripts.js'

/** Messages of one call of a script: less than a millisecond of Redis. */
const PER_CALL = 100

export type Redrive = { readonly ids: readonly string[] } | { readonly count: number }

export type DeadStore = ReturnType<typeof createDeadStore>

/** What operators do with dead letters. */
export function createDeadStore({
  binder,
  metrics,
}: {
  readonly binder: Binder
  readonly metrics: Pick<QueueMetrics, 'met' | 'discarded'>
}) {
  const redrive = binder.bind(redriveScript)
  const discard = binder.bind(discardScript)
  const keysOf = ({ namespace, name }: Queue) => ({ stat: statKey(namespace, name) })

  return {
    /** Makes these dead letters, or the oldest ones, ready again in steps of 100, until the queue is full. */
    async redrive(queue: Queue, which: Redrive): Promise<Omit<RedriveReply, 'expired'>> {
      const settings = toScriptSettings(queue.settings)
      const redriven: string[] = []
      const total = 'ids' in which ? which.ids.length : which.count
      for (let at = 0; at < total; at += PER_CALL) {
        const count = Math.min(PER_CALL, total - at)
        const args =
          'ids' in which
            ? { settings, count: 0, ids: which.ids.slice(at, at + count).map(toNumber) }
            : { settings, count, ids: [] }
        const { ids, full, expired } = await stepOf(
          redrive(keysOf(queue), args),
          redriven.length > 0,
          'Some of the dead letters were redriven.',
        )
        metrics.met({ expired })
        redriven.push(...ids)
        if (full) return { ids: redriven, full }
        if ('count' in which && ids.length < count) break
      }
      return { ids: redriven, full: false }
    },

    /** @returns the ids of those that were dead letters and are deleted now */
    async discard(queue: Queue, ids: readonly string[]): Promise<readonly string[]> {
      const discarded: string[] = []
      for (let at = 0; at < ids.length; at += PER_CALL) {
        const args = {
          settings: toScriptSettings(queue.settings),
          ids: ids.slice(at, at + PER_CALL).map(toNumber),
        }
        const step = await stepOf(
          discard(keysOf(queue), args),
          discarded.length > 0,
          'Some of the dead letters were discarded.',
        )
        metrics.discarded(step.length)
        discarded.push(...step)
      }
      return discarded
    },
  }
}
