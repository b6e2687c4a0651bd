import type { Binder } from '../../../redis/binder.js'
import { redisKey } from '../../../redis/keys.js'
import {
  type ClaimReply,
  type Counts,
  claimScript,
  type LoadError,
  noteScript,
  readWarmingScript,
  type WarmingRecord,
} from './scripts.js'

/** One warming of a space. */
export interface WarmingName {
  readonly namespace: string
  readonly space: string
  readonly id: string
}

export interface Progress extends Counts {
  readonly errors: readonly LoadError[]
}

const STEPS = { begin: 0, 'go-on': 1, done: 2, failed: 3 } as const
/** Many times the pause between two notes. */
export const SILENT_MS = 30_000

/** What is known of warmings, by any instance. */
export interface WarmingStore {
  /** @returns whether the warming has to stop */
  note(name: WarmingName, step: keyof typeof STEPS, progress: Progress): Promise<boolean>
  /** @returns undefined for one that never was, or ended more than a day ago */
  read(name: WarmingName, cancels?: boolean): Promise<WarmingRecord | undefined>
  /**
   * The right to begin a configured warming.
   * @param insteadOf the last one that was claimed, '' for none
   */
  claim(name: WarmingName, insteadOf: string): Promise<ClaimReply>
  /** The id of the one that was claimed last, in the last day. */
  claimed(place: Omit<WarmingName, 'id'>): Promise<string | undefined>
}

export function createWarmingStore(binder: Binder): WarmingStore {
  const scripts = {
    note: binder.bind(noteScript),
    read: binder.bind(readWarmingScript),
    claim: binder.bind(claimScript),
  }
  const get = binder.bindGet('cache.warming-claimed')
  const claimOf = ({ namespace, space }: Omit<WarmingName, 'id'>) =>
    redisKey(namespace, 'policies', 'warming-claim', space)
  const keysOf = ({ namespace, space, id }: WarmingName) => ({
    record: redisKey(namespace, 'policies', 'warming', `${space}:${id}`),
  })
  return {
    note: (name, step, { errors, ...counts }) =>
      scripts.note(keysOf(name), {
        step: STEPS[step],
        ...counts,
        errors: JSON.stringify(errors),
      }),
    read: (name, cancels = false) =>
      scripts.read(keysOf(name), { cancels: cancels ? 1 : 0, silent_ms: SILENT_MS }),
    claim: (name, insteadOf) =>
      scripts.claim({ claim: claimOf(name) }, { id: name.id, instead_of: insteadOf }),
    async claimed(place) {
      const claim = await get(claimOf(place))
      return claim?.toString().split(' ', 1)[0]
    },
  }
}
