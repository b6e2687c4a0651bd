import { randomBytes } from 'node:crypto'
import type { Binder } from '../../redis/binder.js'
import type { Names } from '../../redis/names.js'
import type { Place } from '../entries/store.js'
import { metaKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Stream } from '../settings.js'
import {
  type Group,
  putGroupScript,
  removeGroupScript,
  seekGroupScript,
  showGroupsScript,
} from './scripts.js'

/** Of one stream. */
export const MAX_GROUPS = 32

export interface GroupSettings {
  /** Where a new group begins. */
  readonly start: Place
  readonly visibilityMs: number
  /** 0 for never. */
  readonly maxFailures: number
}

export type GroupStore = ReturnType<typeof createGroupStore>

/** Makes, moves, shows and deletes the groups of a stream. */
export function createGroupStore({
  binder,
  names,
}: {
  readonly binder: Binder
  readonly names: Pick<Names, 'add'>
}) {
  const put = binder.bind(putGroupScript)
  const show = binder.bind(showGroupsScript)
  const seek = binder.bind(seekGroupScript)
  const remove = binder.bind(removeGroupScript)
  const keysOf = ({ namespace, name }: Stream) => ({ meta: metaKey(namespace, name) })
  const settingsOf = ({ settings }: Stream) => toScriptSettings(settings)

  return {
    /** Lists the stream first: it exists by its first group. */
    async put(stream: Stream, group: string, { start, visibilityMs, maxFailures }: GroupSettings) {
      await names.add(stream.namespace, stream.name)
      return put(keysOf(stream), {
        settings: settingsOf(stream),
        group,
        place: start,
        visibility_ms: visibilityMs,
        max_failures: maxFailures,
        most: MAX_GROUPS,
        generation: newGeneration(),
      })
    },

    /** By name. */
    async list(stream: Stream): Promise<Group[]> {
      const groups = await show(keysOf(stream), { settings: settingsOf(stream), group: '' })
      return groups.sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    /** @returns undefined if there is no such group */
    async get(stream: Stream, group: string): Promise<Group | undefined> {
      return (await show(keysOf(stream), { settings: settingsOf(stream), group }))[0]
    },

    /** Moves a group, and ends its deliveries. */
    seek: (stream: Stream, group: string, to: Place) =>
      seek(keysOf(stream), {
        settings: settingsOf(stream),
        group,
        place: to,
        generation: newGeneration(),
      }),

    /** @returns whether it was there */
    remove: (stream: Stream, group: string): Promise<boolean> =>
      remove(keysOf(stream), { settings: settingsOf(stream), group }),
  }
}

/** Four characters. */
const newGeneration = (): string => randomBytes(3).toString('base64url')
