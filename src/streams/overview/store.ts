import type { Binder } from '../../redis/binder.js'
import { stepOf } from '../../redis/errors.js'
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

    /**
     * Deletes all entries and groups.
     * @param hadSettings whether settings of the stream were deleted before
     * @returns whether there was such a stream
     */
    remove: (stream: Stream, hadSettings = false): Promise<boolean> =>
      stepOf(
        remove(keysOf(stream), { settings: toScriptSettings(stream.settings) }),
        hadSettings,
        'The settings are deleted; the entries may not be.',
      ),

    /** Lets it end by its settings, which were just stored. */
    applyAge: (stream: Stream): Promise<void> =>
      stepOf(
        applyAge(keysOf(stream), { settings: toScriptSettings(stream.settings) }),
        true,
        'The settings are stored; the stream may not end by them yet.',
      ),
  }
}
