import { StoreError } from '../../redis/errors.js'
import { storeErrorOrThrow } from '../entries/store-error.js'

/** The store gave no outcome for one item; its error says whether it may have been applied. */
export interface Failed {
  readonly kind: 'failed'
  readonly error: StoreError
}

/** Items that are sent together, one script call per slot: about 1 ms of Redis time. */
export const ITEMS_AT_ONCE = 128

const NOT_TRIED = new StoreError(
  'store-unavailable',
  'Redis did not answer for the items before; nothing was applied.',
)

/** Runs items in chunks, each item by itself; see `settleChunks`. */
export const settleAll = <I, O>(
  items: readonly I[],
  run: (item: I, index: number) => Promise<O>,
  atOnce?: number,
): Promise<(O | Failed)[]> =>
  settleChunks(
    items,
    async (chunk, from) => {
      const settled = await Promise.allSettled(chunk.map((item, i) => run(item, from + i)))
      return settled.map((one) => (one.status === 'fulfilled' ? one.value : toFailed(one.reason)))
    },
    atOnce,
  )

/**
 * Runs items in chunks of 128, so that a batch delays no other call for long. A failure costs an item
 * its outcome, not the batch. After a chunk without any outcome the rest is not tried: each chunk would
 * wait for its own timeout.
 *
 * @throws any error that is no StoreError, and the StoreError where all items have the same.
 */
export async function settleChunks<I, O>(
  items: readonly I[],
  run: (chunk: readonly I[], from: number) => Promise<(O | Failed)[]>,
  atOnce = ITEMS_AT_ONCE,
): Promise<(O | Failed)[]> {
  const outcomes: (O | Failed)[] = []
  let isAway = false
  for (let from = 0; from < items.length; from += atOnce) {
    const chunk = items.slice(from, from + atOnce)
    if (isAway) {
      for (const _ of chunk) outcomes.push({ kind: 'failed', error: NOT_TRIED })
      continue
    }
    const ended = await run(chunk, from)
    outcomes.push(...ended)
    isAway = ended.every(isFailed)
  }
  const first = outcomes[0]
  if (
    isFailed(first) &&
    outcomes.every((one) => isFailed(one) && one.error.code === first.error.code)
  ) {
    throw first.error
  }
  return outcomes
}

export const isFailed = (outcome: unknown): outcome is Failed =>
  (outcome as Failed | undefined)?.kind === 'failed'

/** @throws any error that is no StoreError. */
export const toFailed = (error: unknown): Failed => ({
  kind: 'failed',
  error: storeErrorOrThrow(error),
})
