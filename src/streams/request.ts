import type { SettingsStore } from './configuration/store.js'
import type { Stream } from './settings.js'

interface Named {
  readonly namespace: string
  readonly params: { readonly stream: string }
}

/** The stream of a request, with its settings. */
export async function streamOf(
  { namespace, params: { stream } }: Named,
  settingsOf: SettingsStore['settingsOf'],
): Promise<Stream> {
  return { namespace, name: stream, settings: await settingsOf(namespace, stream) }
}
