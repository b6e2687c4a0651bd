import type { EntryStore } from '../entries/store.js'
import type { LeaseMetrics } from '../metrics.js'
import type { SpaceUsages } from '../spaces/usage.js'

/** Counts the fills of leases, of single requests and of batches alike. */
export const withFillCount = (
  metrics: LeaseMetrics,
  usages: SpaceUsages,
  entries: EntryStore,
): EntryStore => ({
  ...entries,
  async write(key, options) {
    const outcome = await entries.write(key, options)
    if (options.fill !== undefined && outcome.kind !== 'conflict') {
      const isAccepted = outcome.kind !== 'lease-lost'
      metrics.filled(key.space, isAccepted ? 'accepted' : 'refused')
      if (isAccepted) usages.count(key, 'fills')
    }
    return outcome
  },
})
