import type { Binder } from '../../../redis/binder.js'
import { redisKey } from '../../../redis/keys.js'
import {
  type Counts,
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

const STEPS = { begin: 0, 'go-on': 1, done: 2 } as const
/** Many times the pause between two notes. */
const SILENT_MS = 30_000

/** What is known of warmings, by any instance. */
export interface WarmingStore {
  /** @returns whether the warming has to stop */
  note(name: WarmingName, step: keyof typeof STEPS, progress: Progress): Promise<boolean>
  /** @returns undefined for one that never was, or ended more than a day ago */
  read(name: WarmingName, cancels?: boolean): Promise<WarmingRecord | undefined>
}

export function createWarmingStore(binder: Binder): WarmingStore {
  const scripts = { note: binder.bind(noteScript), read: binder.bind(readWarmingScript) }
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
  }
}
