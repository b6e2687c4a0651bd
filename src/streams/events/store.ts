import type { Binder } from '../../redis/binder.js'
import type { PubSub } from '../../redis/pub-sub.js'
import { randomToken } from '../../redis/random.js'
import { type Listener, type Subscription, WATCH_MS, Watches } from '../../redis/watches.js'
import type { Entry } from '../entries/scripts.js'
import type { Place } from '../entries/store.js'
import { metaKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Stream } from '../settings.js'
import { type StreamReset, watchScript } from './scripts.js'

const READ_AT_ONCE = 100
/** Of one reading; an entry that is larger comes alone. */
const MOST_BYTES = 256 * 1024

export interface StreamWatchesOptions {
  readonly binder: Binder
  readonly pubSub: PubSub
  readonly settingsOf: (namespace: string, name: string) => StreamSettingsOrLater
}

type StreamSettingsOrLater = Stream['settings'] | Promise<Stream['settings']>

export type StreamWatches = ReturnType<typeof createStreamWatches>

/** Entries of streams for listeners here, as they are appended. */
export function createStreamWatches({ binder, pubSub, settingsOf }: StreamWatchesOptions) {
  const instance = randomToken()
  const run = binder.bind(watchScript)
  const watches = new Watches<Entry, StreamReset>(pubSub, instance)

  /** @throws StoreError where the first reading fails */
  return (
    { namespace, name }: Pick<Stream, 'namespace' | 'name'>,
    after: Place,
    listener: Listener<Entry, StreamReset>,
  ): Promise<Subscription> => {
    const meta = metaKey(namespace, name)
    // The settings may change while it is watched.
    const read = async (from: Place) =>
      run(
        { meta },
        {
          settings: toScriptSettings(await settingsOf(namespace, name)),
          instance,
          watch_ms: WATCH_MS,
          after: from,
          limit: READ_AT_ONCE,
          most_bytes: MOST_BYTES,
        },
      )
    return watches.watch(meta, after, read, listener)
  }
}
