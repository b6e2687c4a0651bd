import type { Binder } from '../../redis/binder.js'
import { metaKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Stream } from '../settings.js'
import { type Mark, markScript, removeMarkScript, showMarkScript } from './scripts.js'

/** Of one stream; beyond, the mark goes that was set longest ago. */
export const MAX_READERS = 10_000

export interface ReaderStoreOptions {
  readonly binder: Binder
  readonly maxReaders?: number
}

/** How far the readers of a stream have read. */
export function createReaderStore({ binder, maxReaders = MAX_READERS }: ReaderStoreOptions) {
  const mark = binder.bind(markScript)
  const show = binder.bind(showMarkScript)
  const remove = binder.bind(removeMarkScript)
  const keysOf = ({ namespace, name }: Stream) => ({ meta: metaKey(namespace, name) })
  const settingsOf = ({ settings }: Stream) => toScriptSettings(settings)

  return {
    /** A mark never moves back. */
    mark: (stream: Stream, reader: string, seen: string) =>
      mark(keysOf(stream), { settings: settingsOf(stream), reader, seen, most: maxReaders }),

    /** @returns undefined if the reader has no mark */
    get: (stream: Stream, reader: string): Promise<Mark | undefined> =>
      show(keysOf(stream), { settings: settingsOf(stream), reader }),

    /** @returns whether there was one */
    remove: (stream: Stream, reader: string): Promise<boolean> =>
      remove(keysOf(stream), { settings: settingsOf(stream), reader }),
  }
}
