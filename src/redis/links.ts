import { type Link, openLink } from './connect.js'
import { checkLayout, LayoutError } from './layout-record.js'
import { createProbe, type Probe } from './probe.js'
import { createSignals, type Signals } from './signals.js'

/** Every connection of one instance: one per purpose, so that none delays another. */
export interface Links {
  readonly commands: Link
  /** A batch of large values must not delay a lock. */
  readonly cache: Link
  readonly signals: Signals
  readonly probe: Probe
  close(): void
}

export interface LinksOptions {
  readonly url: string
  readonly timeoutMs: number
  readonly onError: (error: Error) => void
  /** This Redis was filled under another layout: nothing may be asked of it, now or later. */
  readonly onRefused: (error: LayoutError) => void
}

/** Returns at once; Redis may come later. */
export function openLinks(options: LinksOptions): Links {
  const commands = openLink({
    ...options,
    purpose: 'commands',
    admit: (client) =>
      checkLayout({ client }).catch((error: unknown) => {
        if (error instanceof LayoutError) options.onRefused(error)
        throw error
      }),
  })
  const cache = openLink({ ...options, purpose: 'cache' })
  const signals = createSignals(openLink({ ...options, purpose: 'signals', anyNode: true }))
  const probe = createProbe(openLink({ ...options, purpose: 'probe' }))
  return {
    commands,
    cache,
    signals,
    probe,
    close() {
      commands.close()
      cache.close()
      signals.close()
      probe.close()
    },
  }
}
