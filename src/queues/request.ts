import type { SettingsStore } from './configuration/store.js'
import type { Queue } from './settings.js'

interface Named {
  readonly namespace: string
  readonly params: { readonly queue: string }
}

/** The queue of a request, with its settings. */
export async function queueOf(
  { namespace, params: { queue } }: Named,
  settingsOf: SettingsStore['settingsOf'],
): Promise<Queue> {
  return { namespace, name: queue, settings: await settingsOf(namespace, queue) }
}
