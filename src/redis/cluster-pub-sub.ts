import type { Cluster, Redis } from 'ioredis'
import type { Connection } from './connection.js'
import { createPubSub, type Listener, type PubSub } from './pub-sub.js'

export interface ClusterPubSubOptions {
  /** Knows which server has a slot. */
  readonly cluster: Connection
  /** Opens a connection to one server, as the Cluster client names it. */
  readonly openNode: (node: { readonly host: string; readonly port: number }) => Connection
}

/** What is listened to, and at which server. */
interface Place {
  readonly slot: number
  readonly listeners: Set<Listener>
  readonly deliver: Listener
  node: string | undefined
  confirmed: Promise<unknown>
}

const LOOK_EVERY_MS = 250

/**
 * Signals of a Cluster, each from the primary on which the scripts of its slot run. One connection
 * per primary that has anything to tell. A channel follows its slot: until its new server has
 * confirmed, it is not heard, and everybody is told that messages may be missing.
 */
export function createClusterPubSub({ cluster, openNode }: ClusterPubSubOptions): PubSub {
  const client = cluster.client as Cluster
  const nodes = new Map<string, PubSub>()
  const places = new Map<string, Place>()
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

  const ownerOf = ({ slot }: Place): string | undefined => client.slots[slot]?.[0]

  function follow(channel: string, place: Place): void {
    const owner = ownerOf(place)
    if (owner === undefined || owner === place.node) return
    if (place.node !== undefined) {
      nodes.get(place.node)?.unsubscribe(channel, place.deliver)
      gap()
    }
    place.node = owner
    place.confirmed = pubSubOf(owner)
      .subscribe(channel, place.deliver)
      .catch(() => undefined)
  }

  function look(): void {
    for (const [channel, place] of places) follow(channel, place)
    const inUse = new Set([...places.values()].map(({ node }) => node))
    for (const [node, pubSub] of nodes) {
      if (inUse.has(node)) continue
      nodes.delete(node)
      pubSub.close()
    }
  }

  function open(channel: string): Place {
    const listeners = new Set<Listener>()
    const place: Place = {
      slot: cluster.slotOf(channel),
      listeners,
      deliver: (message) => {
        for (const listener of listeners) listener(message)
      },
      node: undefined,
      confirmed: Promise.resolve(),
    }
    places.set(channel, place)
    return place
  }

  function unsubscribe(channel: string, listener: Listener): void {
    const place = places.get(channel)
    if (!place?.listeners.delete(listener) || place.listeners.size > 0) return
    places.delete(channel)
    nodes.get(place.node ?? '')?.unsubscribe(channel, place.deliver)
  }

  const at = (channel: string) => nodes.get(places.get(channel)?.node ?? '')
  client.on('ready', look)
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()

  return {
    async subscribe(channel, listener) {
      const place = places.get(channel) ?? open(channel)
      place.listeners.add(listener)
      follow(channel, place)
      await place.confirmed
      return () => unsubscribe(channel, listener)
    },
    unsubscribe,
    onGap(listener) {
      gapListeners.add(listener)
      return () => gapListeners.delete(listener)
    },
    hears(channel) {
      const place = places.get(channel)
      if (place?.node === undefined || place.node !== ownerOf(place)) return false
      return nodes.get(place.node)?.hears(channel) ?? false
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
 * A primary that is cut off from the majority answers, while another takes its place. It calls the
 * Cluster failed before that one is elected.
 */
async function askCluster(client: Redis): Promise<void> {
  const info = String(await client.cluster('INFO'))
  if (!info.includes('cluster_state:ok')) throw new Error('cut off from the Cluster')
}
