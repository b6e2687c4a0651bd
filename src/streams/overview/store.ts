import type { Binder } from '../../redis/binder.js'
import { metaKey } from '../keys.js'
import { toScriptSettings } from '../script-settings.js'
import type { Stream } from '../settings.js'
import { applyAgeScript, removeScript, type StreamContent, showScript } from './scripts.js'

export type OverviewStore = ReturnType<typeof createOverviewStore>

/** What a stream holds as a whole. */
export function createOverviewStore({ binder }: { readonly binder: Binder }) {
  const show = binder.bind(showScript)
  const remove = binder.bind(removeScript)
  const applyAge = binder.bind(applyAgeScript)
  const keysOf = ({ namespace, name }: Stream) => ({ meta: metaKey(namespace, name) })

  return {
    /** @returns undefined for a stream without entries, past ones included, and groups */
    show: (stream: Stream): Promise<StreamContent | undefined> =>
      show(keysOf(stream), { settings: toScriptSettings(stream.settings) }),

    /** Deletes all entries and groups. @returns whether there was such a stream */
    remove: (stream: Stream): Promise<boolean> =>
      remove(keysOf(stream), { settings: toScriptSettings(stream.settings) }),

    /** Lets it end by its settings, which changed since its last append. */
    applyAge: (stream: Stream): Promise<void> =>
      applyAge(keysOf(stream), { settings: toScriptSettings(stream.settings) }),
  }
}
