import type { Partitions } from '../../partition.js'
import type { SpaceName } from '../../spaces/usage.js'
import type { FailedWrite, OutboxState } from './scripts.js'
import { total } from './state.js'
import type { OutboxName, OutboxStore } from './store.js'

export interface FailedItem extends Omit<FailedWrite, 'key'> {
  readonly name: string
}

/** The outboxes of a space in all partitions, for operators. */
export interface OutboxOverview {
  state(space: SpaceName): Promise<OutboxState>
  /** By key. */
  failed(space: SpaceName): Promise<readonly FailedItem[]>
  /** @returns how many keys are due now */
  retry(space: SpaceName, keys: readonly string[]): Promise<number>
  flush(space: SpaceName): Promise<number>
  /** @returns how many keys had something pending */
  discard(space: SpaceName, keys: readonly string[]): Promise<number>
}

export function createOutboxOverview(
  outbox: Pick<OutboxStore, 'state' | 'failed' | 'makeDue' | 'discard'>,
  partitions: Pick<Partitions, 'count' | 'of'>,
): OutboxOverview {
  const ofAll = <T>(space: SpaceName, run: (name: OutboxName) => Promise<T>): Promise<T[]> =>
    Promise.all(
      Array.from({ length: partitions.count }, (_, partition) => run({ ...space, partition })),
    )
  return {
    state: async (space) => total(await ofAll(space, outbox.state)),
    async failed(space) {
      const found = (await ofAll(space, outbox.failed)).flat()
      return found
        .map(({ key, ...write }) => ({ name: key, ...write }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async retry(space, keys) {
      const due = await ofAll(space, (name) => {
        const own = keys.filter((key) => partitions.of(space.space, key) === name.partition)
        return own.length > 0 ? outbox.makeDue(name, own) : Promise.resolve(0)
      })
      return sum(due)
    },
    flush: async (space) => sum(await ofAll(space, (name) => outbox.makeDue(name))),
    async discard(space, keys) {
      const ended = await Promise.all(keys.map((key) => outbox.discard({ ...space, key })))
      return ended.filter(Boolean).length
    },
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
