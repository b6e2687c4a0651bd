import { Cluster } from 'ioredis'
import { createClusterSignals } from './cluster-signals.js'
import { type Link, type LinkOptions, openLink } from './connect.js'
import { Contacts } from './contact.js'
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
  /** Of every connection. */
  readonly contacts: Contacts
  close(): void
}

export interface LinksOptions {
  readonly url: string
  /** The Redis of the cache, where it has one of its own. */
  readonly cacheUrl?: string | undefined
  readonly timeoutMs: number
  /** This Redis was filled under another layout: nothing may be asked of it, now or later. */
  readonly onRefused: (error: LayoutError) => void
}

/** Returns at once; Redis may come later. */
export function openLinks({ cacheUrl, onRefused, ...given }: LinksOptions): Links {
  const contacts = new Contacts()
  const options = { ...given, contacts }
  const admit =
    (part: Part): NonNullable<Parameters<typeof openLink>[0]['admit']> =>
    (client) =>
      checkLayout({ client }, part).catch((error: unknown) => {
        if (error instanceof LayoutError) onRefused(error)
        throw error
      })
  const probe = (of: typeof options, purpose: string) => createProbe(openLink({ ...of, purpose }))

  const isApart = cacheUrl !== undefined
  const cache = { ...options, url: cacheUrl ?? options.url }
  const cacheLink = openLink({
    ...cache,
    purpose: 'cache',
    ...(isApart && { admit: admit('cache') }),
  })
  const links = {
    commands: openLink({
      ...options,
      purpose: 'commands',
      admit: admit(isApart ? 'all-but-cache' : 'everything'),
    }),
    cache: cacheLink,
    signals: createSignals(openLink({ ...options, purpose: 'signals', anyNode: true })),
    cacheSignals: listenToCache(cache, cacheLink),
    probe: probe(options, 'probe'),
    cacheProbe: isApart ? probe(cache, 'cache-probe') : undefined,
  }
  return {
    ...links,
    contacts,
    close() {
      for (const link of Object.values(links)) link?.close()
    },
  }
}

/** Whoever trusts its memory must know that no message is missing: each comes straight from its server. */
function listenToCache(options: Omit<LinkOptions, 'purpose'>, cache: Link): Signals {
  const open = (node?: LinkOptions['node']) =>
    openLink({ ...options, purpose: 'cache-signals', ...(node && { node }) })
  return cache.client instanceof Cluster
    ? createClusterSignals({ cluster: cache, openNode: open })
    : createSignals(open(), { sharded: true })
}
