import type { Cluster, Redis } from 'ioredis'
import type { Connection } from './connection.js'
import { createPubSub, type Listener, type PubSub } from './pub-sub.js'

export interface ClusterPubSubOptions {
  /** Knows which server holds a slot. */
  readonly cluster: Connection
  /** Opens a connection to one server. */
  readonly openNode: (node: { readonly host: string; readonly port: number }) => Connection
}

/** The subscription to one channel. */
interface Subscription {
  readonly slot: number
  readonly listeners: Set<Listener>
  readonly deliver: Listener
  node: string | undefined
  confirmed: Promise<unknown>
}

const LOOK_EVERY_MS = 250

/**
 * Pub/sub of a Cluster: each channel on the primary that runs the scripts of its slot, with one
 * connection per primary in use. A channel follows its slot; the move is a gap, and `hears` is false
 * until the new primary has confirmed.
 */
export function createClusterPubSub({ cluster, openNode }: ClusterPubSubOptions): PubSub {
  const client = cluster.client as Cluster
  const nodes = new Map<string, PubSub>()
  const subscriptions = new Map<string, Subscription>()
  const gapListeners = new Set<() => void>()
  const gap = () => {
    for (const listener of gapListeners) listener()
  }

  function pubSubOf(node: string): PubSub {
    const known = nodes.get(node)
    if (known) return known
    const at = node.lastIndexOf(':')
    const connection = openNode({ host: node.slice(0, at), port: Number(node.slice(at + 1)) })
    const made = createPubSub(connection, { sharded: true, ask: askCluster })
    made.onGap(gap)
    nodes.set(node, made)
    return made
  }

  const ownerOf = ({ slot }: Subscription): string | undefined => client.slots[slot]?.[0]

  function follow(channel: string, subscription: Subscription): void {
    const owner = ownerOf(subscription)
    if (owner === undefined || owner === subscription.node) return
    if (subscription.node !== undefined) {
      nodes.get(subscription.node)?.unsubscribe(channel, subscription.deliver)
      gap()
    }
    subscription.node = owner
    subscription.confirmed = pubSubOf(owner)
      .subscribe(channel, subscription.deliver)
      .catch(() => undefined)
  }

  function look(): void {
    for (const [channel, subscription] of subscriptions) follow(channel, subscription)
    const inUse = new Set([...subscriptions.values()].map(({ node }) => node))
    for (const [node, pubSub] of nodes) {
      if (inUse.has(node)) continue
      nodes.delete(node)
      pubSub.close()
    }
  }

  function open(channel: string): Subscription {
    const listeners = new Set<Listener>()
    const subscription: Subscription = {
      slot: cluster.slotOf(channel),
      listeners,
      deliver: (message) => {
        for (const listener of listeners) listener(message)
      },
      node: undefined,
      confirmed: Promise.resolve(),
    }
    subscriptions.set(channel, subscription)
    return subscription
  }

  function unsubscribe(channel: string, listener: Listener): void {
    const subscription = subscriptions.get(channel)
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return
    subscriptions.delete(channel)
    nodes.get(subscription.node ?? '')?.unsubscribe(channel, subscription.deliver)
  }

  const at = (channel: string) => nodes.get(subscriptions.get(channel)?.node ?? '')
  client.on('ready', look)
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()

  return {
    async subscribe(channel, listener) {
      const subscription = subscriptions.get(channel) ?? open(channel)
      subscription.listeners.add(listener)
      follow(channel, subscription)
      await subscription.confirmed
      return () => unsubscribe(channel, listener)
    },
    unsubscribe,
    onGap(listener) {
      gapListeners.add(listener)
      return () => gapListeners.delete(listener)
    },
    hears(channel) {
      const subscription = subscriptions.get(channel)
      if (subscription?.node === undefined || subscription.node !== ownerOf(subscription))
        return false
      return nodes.get(subscription.node)?.hears(channel) ?? false
    },
    silentForMs: (channel) => at(channel)?.silentForMs(channel) ?? Number.POSITIVE_INFINITY,
    answeredAt: (channel) => at(channel)?.answeredAt(channel) ?? Number.NEGATIVE_INFINITY,
    roundTripMs: () => Math.max(0, ...[...nodes.values()].map((node) => node.roundTripMs())),
    close() {
      clearInterval(timer)
      for (const node of nodes.values()) node.close()
    },
  }
}

/**
 * A primary cut off from the majority still answers PING while another is elected. It reports the
 * Cluster as failed before that.
 */
async function askCluster(client: Redis): Promise<void> {
  const info = String(await client.cluster('INFO'))
  if (!info.includes('cluster_state:ok')) throw new Error('cut off from the Cluster')
}
