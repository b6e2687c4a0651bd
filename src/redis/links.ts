import { type Link, openLink } from './connect.js'
import type { Part } from './layout.js'
import { checkLayout, LayoutError } from './layout-record.js'
import { createProbe, type Probe } from './probe.js'
import { createSignals, type Signals } from './signals.js'

/** Every connection of one instance: one per purpose, so that none delays another. */
export interface Links {
  readonly commands: Link
  /** A batch of large values must not delay a lock. */
  readonly cache: Link
  readonly signals: Signals
  /** Of the Redis that holds the cache. */
  readonly cacheSignals: Signals
  readonly probe: Probe
  /** Undefined where the cache has no Redis of its own. */
  readonly cacheProbe: Probe | undefined
  close(): void
}

export interface LinksOptions {
  readonly url: string
  /** The Redis of the cache, where it has one of its own. */
  readonly cacheUrl?: string | undefined
  readonly timeoutMs: number
  readonly onError: (error: Error) => void
  /** This Redis was filled under another layout: nothing may be asked of it, now or later. */
  readonly onRefused: (error: LayoutError) => void
}

/** Returns at once; Redis may come later. */
export function openLinks({ cacheUrl, onRefused, ...options }: LinksOptions): Links {
  const admit =
    (part: Part): NonNullable<Parameters<typeof openLink>[0]['admit']> =>
    (client) =>
      checkLayout({ client }, part).catch((error: unknown) => {
        if (error instanceof LayoutError) onRefused(error)
        throw error
      })
  const listen = (to: typeof options, purpose: string) =>
    createSignals(openLink({ ...to, purpose, anyNode: true }))
  const probe = (of: typeof options, purpose: string) => createProbe(openLink({ ...of, purpose }))

  const isApart = cacheUrl !== undefined
  const cache = { ...options, url: cacheUrl ?? options.url }
  const signals = listen(options, 'signals')
  const links = {
    commands: openLink({
      ...options,
      purpose: 'commands',
      admit: admit(isApart ? 'all-but-cache' : 'everything'),
    }),
    cache: openLink({ ...cache, purpose: 'cache', ...(isApart && { admit: admit('cache') }) }),
    signals,
    cacheSignals: isApart ? listen(cache, 'cache-signals') : signals,
    probe: probe(options, 'probe'),
    cacheProbe: isApart ? probe(cache, 'cache-probe') : undefined,
  }
  return {
    ...links,
    close() {
      for (const link of new Set(Object.values(links))) link?.close()
    },
  }
}
