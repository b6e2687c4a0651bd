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
  /**
   * Whether an answer on this connection proves that every message published before has arrived.
   * On a Cluster those of other nodes come by way of a node that may have lost touch with them.
   */
  readonly provesDelivery: boolean
  /** Whether the present connection is known to listen to this channel. */
  hears(channel: string): boolean
  /**
   * Milliseconds since the question was sent that Redis answered last on this connection: whatever
   * was published before has arrived. Infinity while it is not connected.
   */
  silentForMs(): number
  /** The same as a moment of `performance.now()`, also after the connection was lost. */
  answeredAt(): number
  /** How long Redis took to answer last: a message waits behind as much. */
  roundTripMs(): number
  close(): void
}

const PING_EVERY_MS = 250

/** @param link a connection of which nothing else is asked; `close` closes it. */
export function createSignals(link: Link): Signals {
  const { client } = link
  const listeners = new Map<string, Set<Listener>>()
  const gapListeners = new Set<() => void>()
  let answeredAt = Number.NEGATIVE_INFINITY
  /** The same of the present connection alone. */
  let aliveAt = Number.NEGATIVE_INFINITY
  let roundTripMs = 0
  /** Channels that the present connection listens to; the set is replaced with the connection. */
  let heard = new Set<string>()

  client.on('message', (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message)
  })
  client.on('close', () => {
    heard = new Set()
    aliveAt = Number.NEGATIVE_INFINITY
    for (const listener of gapListeners) listener()
  })
  // A new connection listens to nothing yet.
  client.on('ready', () => {
    if (listeners.size > 0) listen([...listeners.keys()]).catch(() => undefined)
  })

  async function listen(channels: readonly string[]): Promise<void> {
    const onThis = heard
    await client.subscribe(...channels)
    for (const channel of channels) if (listeners.has(channel)) onThis.add(channel)
  }

  // A half-open connection stays "ready" for minutes; only an answer proves that messages arrive.
  const timer = setInterval(() => {
    if (!link.isReady()) return
    const askedAt = performance.now()
    client.ping().then(
      () => {
        answeredAt = askedAt
        aliveAt = askedAt
        roundTripMs = performance.now() - askedAt
      },
      () => undefined,
    )
    // A subscription whose confirmation was lost is asked for again.
    const deaf = [...listeners.keys()].filter((channel) => !heard.has(channel))
    if (deaf.length > 0) listen(deaf).catch(() => undefined)
  }, PING_EVERY_MS)
  timer.unref()

  function unsubscribe(channel: string, listener: Listener): void {
    const known = listeners.get(channel)
    if (!known?.delete(listener) || known.size > 0) return
    listeners.delete(channel)
    heard.delete(channel)
    if (link.isReady()) client.unsubscribe(channel).catch(() => undefined)
  }

  return {
    async subscribe(channel, listener) {
      const known = listeners.get(channel)
      if (known) known.add(listener)
      else {
        listeners.set(channel, new Set([listener]))
        // Without a connection the subscription follows as soon as there is one.
        if (link.isReady()) await listen([channel])
      }
      return () => unsubscribe(channel, listener)
    },
    onGap: (listener) => void gapListeners.add(listener),
    provesDelivery: !link.isRelayed,
    hears: (channel) => heard.has(channel),
    silentForMs: () => performance.now() - aliveAt,
    answeredAt: () => answeredAt,
    roundTripMs: () => roundTripMs,
    close() {
      clearInterval(timer)
      link.close()
    },
  }
}
