import type { Binder } from '../../redis/binder.js'
import { stepOf } from '../../redis/errors.js'
import { statKey } from '../keys.js'
import type { MessageState } from '../messages/scripts.js'
import type { QueueMetrics } from '../metrics.js'
import { toScriptSettings } from '../script-settings.js'
import type { Queue } from '../settings.js'
import {
  countsScript,
  keepScript,
  type PurgeStep,
  purgeScript,
  type QueueCounts,
  removeScript,
  TOTALS,
} from './scripts.js'

/** Messages of one call of a script: a few milliseconds of Redis. */
const PURGED_PER_CALL = 500

export type OverviewStore = ReturnType<typeof createOverviewStore>

/** What a queue holds as a whole. */
export function createOverviewStore({
  binder,
  metrics,
}: {
  readonly binder: Binder
  readonly metrics: Pick<QueueMetrics, 'met' | 'discarded'>
}) {
  const counts = binder.bind(countsScript)
  const purge = binder.bind(purgeScript)
  const remove = binder.bind(removeScript)
  const keep = binder.bind(keepScript)
  const keysOf = ({ namespace, name }: Queue) => ({ stat: statKey(namespace, name) })

  return {
    /** @returns undefined for a queue without messages, past ones included */
    counts: (queue: Queue): Promise<QueueCounts | undefined> =>
      counts(keysOf(queue), {
        settings: toScriptSettings(queue.settings),
        totals: ['bytes', ...TOTALS],
      }),

    /**
     * Deletes the messages of a state that were sent before, in steps of 500. With its head a group
     * moves on, so a purge of `ready` deletes what waits behind ready messages as well.
     * @returns how many
     */
    async purge(queue: Queue, state: MessageState): Promise<number> {
      const settings = toScriptSettings(queue.settings)
      let step: PurgeStep = { deleted: 0, more: true, lastId: 0, score: '', member: '', met: {} }
      let deleted = 0
      while (step.more) {
        const { lastId, score, member } = step
        const args = { settings, state, most: PURGED_PER_CALL, last_id: lastId, score, member }
        const call = purge(keysOf(queue), args)
        step = await stepOf(call, deleted > 0, 'Some of the messages were deleted.')
        metrics.met(step.met)
        metrics.discarded(step.deleted)
        deleted += step.deleted
      }
      return deleted
    },

    /** Before the queue gets these settings: messages that no call meets must last as long, too. */
    keep: (queue: Queue): Promise<void> =>
      keep(keysOf(queue), { settings: toScriptSettings(queue.settings) }),

    /**
     * Deletes all messages and totals.
     * @param hadSettings whether settings of the queue were deleted before
     * @returns whether there was such a queue
     */
    remove: (queue: Queue, hadSettings = false): Promise<boolean> =>
      stepOf(
        remove(keysOf(queue), { settings: toScriptSettings(queue.settings) }),
        hadSettings,
        'The settings are deleted; the messages may not be.',
      ),
  }
}
