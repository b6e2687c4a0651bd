import type { Binder } from '../../redis/binder.js'
import type { Idempotency } from '../../redis/idempotency.js'
import type { Names } from '../../redis/names.js'
import { metaKey, recordKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Stream } from '../settings.js'
import { type Content, toEnvelope } from './envelope.js'
import {
  type AppendReply,
  appendScript,
  type EntryPage,
  type LostPosition,
  readScript,
  removeEntryScript,
} from './scripts.js'

/** Of one page, where an entry that is larger comes alone; and of what one append drops beyond its own. */
const MOST_BYTES = 256 * 1024
/** By one append: a few milliseconds of Redis. */
const MOST_DROPPED = 1_000

/** `start`, `end`, `at:` and milliseconds since 1970, or the id of an entry. */
export type Place = string

export interface ReadOptions {
  readonly after: Place
  readonly before: Place
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** Whose unread entries are counted. */
  readonly reader?: string | undefined
}

export interface EntryStoreOptions {
  readonly binder: Binder
  readonly names: Pick<Names, 'add'>
}

export type EntryStore = ReturnType<typeof createEntryStore>

/** Appends, reads and deletes entries. */
export function createEntryStore({ binder, names }: EntryStoreOptions) {
  const append = binder.bind(appendScript)
  const read = binder.bind(readScript)
  const remove = binder.bind(removeEntryScript)
  const keysOf = ({ namespace, name }: Stream) => ({ meta: metaKey(namespace, name) })

  return {
    /** All or none. Lists the stream first. */
    async append(
      stream: Stream,
      entries: readonly Content[],
      idempotency?: Idempotency,
    ): Promise<AppendReply> {
      const { namespace, name, settings } = stream
      await names.add(namespace, name)
      const record = idempotency && recordKey(namespace, name, idempotency.digest)
      return append(
        { ...keysOf(stream), record },
        {
          settings: toScriptSettings(settings),
          most_dropped: MOST_DROPPED,
          most_bytes: MOST_BYTES,
          fingerprint: idempotency?.fingerprint ?? '',
          record_ttl_ms: idempotency?.ttlMs ?? 0,
          entries: entries.map(toEnvelope),
        },
      )
    },

    /** One page. A place that is an id is lost when entries after it were dropped. */
    read: (
      stream: Stream,
      { after, before, order, limit, reader = '' }: ReadOptions,
    ): Promise<EntryPage | LostPosition> =>
      read(keysOf(stream), {
        settings: toScriptSettings(stream.settings),
        after,
        before,
        descending: order === 'desc' ? 1 : 0,
        limit,
        most_bytes: MOST_BYTES,
        reader,
      }),

    /** @returns whether it was there */
    remove: (stream: Stream, id: string): Promise<boolean> =>
      remove(keysOf(stream), { settings: toScriptSettings(stream.settings), id }),
  }
}
