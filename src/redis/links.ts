import { type Link, openLink } from './connect.js'
import { createProbe, type Probe } from './probe.js'
import { createSignals, type Signals } from './signals.js'

/** Every connection of one instance: one per purpose, so that none delays another. */
export interface Links {
  readonly commands: Link
  readonly signals: Signals
  readonly probe: Probe
  close(): void
}

export interface LinksOptions {
  readonly url: string
  readonly timeoutMs: number
  readonly onError: (error: Error) => void
}

/** Returns at once; Redis may come later. */
export function openLinks(options: LinksOptions): Links {
  const commands = openLink({ ...options, purpose: 'commands' })
  const signals = createSignals(openLink({ ...options, purpose: 'signals' }))
  const probe = createProbe(openLink({ ...options, purpose: 'probe' }))
  return {
    commands,
    signals,
    probe,
    close() {
      commands.close()
      signals.close()
      probe.close()
    },
  }
}
