import type { Redis } from 'ioredis'
import type { Connection } from './connection.js'

export type Listener = (message: string) => void

/**
 * Pub/sub on connections of its own: scripts publish, instances listen. It only makes things faster:
 * messages are lost with the connection, so every listener also has a slower way to learn.
 */
export interface PubSub {
  /**
   * Resolves, once Redis has confirmed the subscription, to a function that ends it. If the first
   * attempt to connect fails, it resolves as well, and the subscription follows with the connection.
   */
  subscribe(channel: string, listener: Listener): Promise<() => void>
  /** Ends a subscription, confirmed or not. */
  unsubscribe(channel: string, listener: Listener): void
  /**
   * Calls the listener when messages may be missing: the connection was lost, or the slot moved.
   * @returns a function that ends that
   */
  onGap(listener: () => void): () => void
  /** Whether Redis has confirmed this channel on the current connection. */
  hears(channel: string): boolean
  /**
   * Milliseconds since the last PING that Redis answered on the connection of this channel was sent:
   * every message published before has arrived. Infinity while it is not connected.
   */
  silentForMs(channel: string): number
  /** That time by `performance.now()`, also after the connection was lost. */
  answeredAt(channel: string): number
  /** How long the last answer took: a message can be delayed as much. */
  roundTripMs(): number
  close(): void
}

export interface PubSubOptions {
  /**
   * Listens to SPUBLISH. Its messages stay on the server that ran the script, so an answer of that
   * server proves that they have arrived. PUBLISH passes messages between the servers of a Cluster,
   * which may have lost touch.
   */
  readonly sharded?: boolean
  /** Called every 250 ms; a rejection is no answer. Default PING. */
  readonly ask?: (client: Redis) => Promise<unknown>
}

const PING_EVERY_MS = 250
const CHANNELS_PER_COMMAND = 1_000

/** @param connection to one server, used for nothing else; `close` closes it. */
export function createPubSub(connection: Connection, options: PubSubOptions = {}): PubSub {
  const { sharded = false, ask = (client: Redis) => client.ping() } = options
  const client = connection.client as Redis
  const listeners = new Map<string, Set<Listener>>()
  const gapListeners = new Set<() => void>()
  let answeredAt = Number.NEGATIVE_INFINITY
  /** The same on the current connection alone. */
  let aliveAt = Number.NEGATIVE_INFINITY
  let roundTripMs = 0
  /** Confirmed channels; every connection has its own set. */
  let heard = new Set<string>()

  /** Settles with the first attempt to connect, also if that fails. */
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
  // The slot of some channel moved to another server.
  client.on('moved', lose)
  // A new connection has no subscriptions.
  client.on('ready', () => {
    if (listeners.size > 0) listen([...listeners.keys()]).catch(() => undefined)
  })

  async function listen(channels: readonly string[]): Promise<void> {
    const onThis = heard
    const asked = new Map(channels.map((channel) => [channel, listeners.get(channel)]))
    // A channel that was left and joined again in the meantime waits for its own confirmation.
    const confirm = (channel: string) => {
      if (asked.get(channel) && asked.get(channel) === listeners.get(channel)) onThis.add(channel)
    }
    if (sharded) {
      // One by one: the channels of one command must share a slot.
      const confirmed = channels.map((channel) =>
        client.ssubscribe(channel).then(() => confirm(channel)),
      )
      await Promise.all(confirmed)
    } else {
      // Arguments pass on the stack: more than about 100,000 end the process.
      for (let i = 0; i < channels.length; i += CHANNELS_PER_COMMAND) {
        const some = channels.slice(i, i + CHANNELS_PER_COMMAND)
        await client.subscribe(...some)
        some.forEach(confirm)
      }
    }
  }

  // A half-open connection stays "ready" for minutes; only an answer proves that it works.
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
    // Subscribes again where the confirmation was lost.
    const missing = [...listeners.keys()].filter((channel) => !heard.has(channel))
    if (missing.length > 0) listen(missing).catch(() => undefined)
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
