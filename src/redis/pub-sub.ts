import type { Redis } from 'ioredis'
import type { Connection } from './connection.js'

export type Listener = (message: string) => void

/**
 * Pub/sub on connections of its own. Scripts publish; instances listen. An accelerator only:
 * messages are lost with the connection, so whoever relies on one also has a slower way to learn.
 */
export interface PubSub {
  /**
   * Resolves to a function that ends the subscription, once Redis has confirmed it: also where the
   * connection is being opened. Without a connection it follows as soon as there is one.
   */
  subscribe(channel: string, listener: Listener): Promise<() => void>
  /** Ends a subscription, confirmed or not. */
  unsubscribe(channel: string, listener: Listener): void
  /**
   * Calls back whenever messages may have been missed: the connection was lost, or silent.
   * @returns what ends that
   */
  onGap(listener: () => void): () => void
  /** Whether the present connection is known to listen to this channel. */
  hears(channel: string): boolean
  /**
   * Milliseconds since the question was sent that Redis answered last on the connection of this
   * channel: whatever was published before has arrived. Infinity while it is not connected.
   */
  silentForMs(channel: string): number
  /** The same as a moment of `performance.now()`, also after the connection was lost. */
  answeredAt(channel: string): number
  /** How long Redis took to answer last: a message waits behind as much. */
  roundTripMs(): number
  close(): void
}

export interface PubSubOptions {
  /**
   * Listen to what scripts publish with SPUBLISH: it stays on the server that ran them, so an answer
   * of that server proves that it has arrived. PUBLISH reaches listeners of all servers of a Cluster,
   * by way of one that may have lost touch with the others.
   */
  readonly sharded?: boolean
  /** Asked every 250 ms; what rejects is no answer. Default PING. */
  readonly ask?: (client: Redis) => Promise<unknown>
}

const PING_EVERY_MS = 250
const CHANNELS_PER_COMMAND = 1_000

/** @param connection a connection to one server of which nothing else is asked; `close` closes it. */
export function createPubSub(connection: Connection, options: PubSubOptions = {}): PubSub {
  const { sharded = false, ask = (client: Redis) => client.ping() } = options
  const client = connection.client as Redis
  const listeners = new Map<string, Set<Listener>>()
  const gapListeners = new Set<() => void>()
  let answeredAt = Number.NEGATIVE_INFINITY
  /** The same of the present connection alone. */
  let aliveAt = Number.NEGATIVE_INFINITY
  let roundTripMs = 0
  /** Channels that the present connection listens to; the set is replaced with the connection. */
  let heard = new Set<string>()

  /** The first try to connect; resolves also if it failed. */
  const opened = new Promise<void>((resolve) => {
    client.once('ready', resolve)
    client.once('close', resolve)
  })

  client.on(sharded ? 'smessage' : 'message', (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message)
  })
  const lose = () => {
    heard = new Set()
    for (const listener of gapListeners) listener()
  }
  client.on('close', () => {
    aliveAt = Number.NEGATIVE_INFINITY
    lose()
  })
  // The slot of a channel went to another server, which one is not said.
  client.on('moved', lose)
  // A new connection listens to nothing yet.
  client.on('ready', () => {
    if (listeners.size > 0) listen([...listeners.keys()]).catch(() => undefined)
  })

  async function listen(channels: readonly string[]): Promise<void> {
    const onThis = heard
    const asked = new Map(channels.map((channel) => [channel, listeners.get(channel)]))
    // One that was ended and begun again meanwhile has a confirmation of its own to come.
    const confirm = (channel: string) => {
      if (asked.get(channel) && asked.get(channel) === listeners.get(channel)) onThis.add(channel)
    }
    if (sharded) {
      // One by one: those of one command would have to share a slot.
      const confirmed = channels.map((channel) =>
        client.ssubscribe(channel).then(() => confirm(channel)),
      )
      await Promise.all(confirmed)
    } else {
      // Arguments are handed over on the stack: more than some 100,000 of them end the process.
      for (let i = 0; i < channels.length; i += CHANNELS_PER_COMMAND) {
        const some = channels.slice(i, i + CHANNELS_PER_COMMAND)
        await client.subscribe(...some)
        some.forEach(confirm)
      }
    }
  }

  // A half-open connection stays "ready" for minutes; only an answer proves that messages arrive.
  const timer = setInterval(() => {
    if (!connection.isReady()) return
    const askedAt = performance.now()
    ask(client).then(
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
    if (!connection.isReady()) return
    const ended = sharded ? client.sunsubscribe(channel) : client.unsubscribe(channel)
    ended.catch(() => undefined)
  }

  return {
    async subscribe(channel, listener) {
      const known = listeners.get(channel)
      if (known) known.add(listener)
      else listeners.set(channel, new Set([listener]))
      if (heard.has(channel)) return () => unsubscribe(channel, listener)
      if (!connection.isReady()) await opened
      if (connection.isReady()) await listen([channel])
      return () => unsubscribe(channel, listener)
    },
    unsubscribe,
    onGap(listener) {
      gapListeners.add(listener)
      return () => gapListeners.delete(listener)
    },
    hears: (channel) => heard.has(channel),
    silentForMs: () => performance.now() - aliveAt,
    answeredAt: () => answeredAt,
    roundTripMs: () => roundTripMs,
    close() {
      clearInterval(timer)
      connection.close()
    },
  }
}
