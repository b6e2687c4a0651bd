import type { Link } from './connect.js'

export type Listener = (message: string) => void

/**
 * Pub/sub on a connection of its own. Scripts publish; instances listen. An accelerator only:
 * messages are lost with the connection, so whoever relies on one also has a slower way to learn.
 */
export interface Signals {
  /** Resolves to a function that ends the subscription, once Redis has confirmed it. */
  subscribe(channel: string, listener: Listener): Promise<() => void>
  /** Called whenever messages may have been missed: the connection was lost, or silent. */
  onGap(listener: () => void): void
  /** Milliseconds since Redis last answered on this connection; Infinity while it is not connected. */
  silentForMs(): number
  close(): void
}

const PING_EVERY_MS = 250

/** @param link a connection of which nothing else is asked; `close` closes it. */
export function createSignals(link: Link): Signals {
  const { client } = link
  const listeners = new Map<string, Set<Listener>>()
  const gapListeners = new Set<() => void>()
  let lastAnswerAt = Number.NEGATIVE_INFINITY

  client.on('message', (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message)
  })
  client.on('close', () => {
    lastAnswerAt = Number.NEGATIVE_INFINITY
    for (const listener of gapListeners) listener()
  })
  // A new connection listens to nothing yet.
  client.on('ready', () => {
    if (listeners.size > 0) client.subscribe(...listeners.keys()).catch(() => undefined)
  })

  // A half-open connection stays "ready" for minutes; only an answer proves that messages arrive.
  const timer = setInterval(() => {
    if (!link.isReady()) return
    client.ping().then(
      () => {
        lastAnswerAt = performance.now()
      },
      () => undefined,
    )
  }, PING_EVERY_MS)
  timer.unref()

  function unsubscribe(channel: string, listener: Listener): void {
    const known = listeners.get(channel)
    if (!known?.delete(listener) || known.size > 0) return
    listeners.delete(channel)
    if (link.isReady()) client.unsubscribe(channel).catch(() => undefined)
  }

  return {
    async subscribe(channel, listener) {
      const known = listeners.get(channel)
      if (known) known.add(listener)
      else {
        listeners.set(channel, new Set([listener]))
        // Without a connection the subscription follows as soon as there is one.
        if (link.isReady()) await client.subscribe(channel)
      }
      return () => unsubscribe(channel, listener)
    },
    onGap: (listener) => void gapListeners.add(listener),
    silentForMs: () => performance.now() - lastAnswerAt,
    close() {
      clearInterval(timer)
      link.close()
    },
  }
}
