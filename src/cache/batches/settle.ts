import { StoreError } from '../../redis/errors.js'
import { storeErrorOrThrow } from '../entries/store-error.js'

/** The store gave no outcome for one item; its error says whether it may have been applied. */
export interface Failed {
  readonly kind: 'failed'
  readonly error: StoreError
}

/** Items whose calls leave together, one script call per slot: about 1 ms of Redis time. */
export const ITEMS_AT_ONCE = 128

const NOT_TRIED = new StoreError(
  'store-unavailable',
  'Redis did not answer for the items before; nothing was applied.',
)

/** Runs items in turns of 128, each item by itself; see `settleTurns`. */
export const settleAll = <I, O>(
  items: readonly I[],
  run: (item: I, index: number) => Promise<O>,
): Promise<(O | Failed)[]> =>
  settleTurns(items, async (turn, from) => {
    const settled = await Promise.allSettled(turn.map((item, i) => run(item, from + i)))
    return settled.map((one) => (one.status === 'fulfilled' ? one.value : toFailed(one.reason)))
  })

/**
 * Runs items in turns of 128, so that a batch delays nobody for long. An outage costs one item its
 * outcome, not the batch; after a turn in which nothing came back the rest is not tried, for each
 * turn would wait for its own time-out.
 *
 * @throws whatever is no StoreError, and the StoreError that all items met alike.
 */
export async function settleTurns<I, O>(
  items: readonly I[],
  run: (turn: readonly I[], from: number) => Promise<(O | Failed)[]>,
): Promise<(O | Failed)[]> {
  const outcomes: (O | Failed)[] = []
  let gone = false
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    const turn = items.slice(from, from + ITEMS_AT_ONCE)
    if (gone) {
      for (const _ of turn) outcomes.push({ kind: 'failed', error: NOT_TRIED })
      continue
    }
    const ended = await run(turn, from)
    outcomes.push(...ended)
    gone = ended.every(isFailed)
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

/** @throws whatever is no StoreError. */
export const toFailed = (error: unknown): Failed => ({
  kind: 'failed',
  error: storeErrorOrThrow(error),
})
