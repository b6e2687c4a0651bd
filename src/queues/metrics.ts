import { countSettled, type Settled } from '../deliveries/settlement.js'
import type { FiledContents } from '../metrics/filed-looks.js'
import { atScrape, type Metrics } from '../metrics/registry.js'
import type { ReceiveReply } from './deliveries/scripts.js'
import { type SendReply, STATES } from './messages/scripts.js'
import type { Met } from './met.js'
import type { QueueCounts } from './overview/scripts.js'

export type QueueMetrics = ReturnType<typeof createQueueMetrics>

export function createQueueMetrics(metrics: Metrics) {
  const messages = metrics.counter(
    'lockstep_queues_messages_total',
    'Messages by what happened to them: sent; duplicate: not stored, because of their dedupId; delivered, acked, retried, released; timedout: their visibility ended; expired: their retention ended; dead; dropped: dead letters beyond deadCapacity; discarded: by a discard or a purge; stale: settled too late',
    ['event'],
  )
  const woken = metrics.histogram(
    'lockstep_queues_wake_seconds',
    'Time from the message that wakes an instance to the messages of a request that waits there',
    [],
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1],
  )
  const waiters = metrics.gauge(
    'lockstep_queues_waiters',
    'Requests that wait at this instance for messages',
  )
  const count = (event: string, by: number): void => {
    if (by > 0) messages.labels(event).inc(by)
  }
  const met = ({ expired = 0, timedOut = 0, dead = 0, dropped = 0 }: Partial<Met>): void => {
    count('expired', expired)
    count('timedout', timedOut)
    count('dead', dead)
    count('dropped', dropped)
  }
  return {
    met,
    /** A request that waited got its messages. */
    served: (seconds: number) => woken.observe(seconds),
    /** @param count read at every scrape */
    countWaiters: (count: () => number) => atScrape(waiters, () => waiters.set(count())),
    sent(reply: SendReply): void {
      if (reply.kind === 'conflict') return
      met(reply.met)
      if (reply.kind !== 'sent' || reply.replayed) return
      const duplicates = reply.messages.filter(({ duplicate }) => duplicate).length
      count('sent', reply.messages.length - duplicates)
      count('duplicate', duplicates)
    },
    received(reply: ReceiveReply): void {
      if (reply.kind !== 'received') return
      count('delivered', reply.replayed ? 0 : reply.deliveries.length)
      met(reply.met)
    },
    settled: (settled: Settled): void => countSettled(count, settled),
    discarded: (messages: number): void => count('discarded', messages),
  }
}

/** The depths of the queues of the configuration file: other names are no labels. */
export function createDepthMetrics(
  metrics: Metrics,
  read: () => Promise<readonly FiledContents<QueueCounts>[]>,
): void {
  const depth = metrics.gauge(
    'lockstep_queues_depth',
    'Messages of the queues of the configuration file by state, over the namespaces in which this instance used them, at most 5 s old',
    ['queue', 'state'],
  )
  const oldest = metrics.gauge(
    'lockstep_queues_oldest_age_seconds',
    'How long ago the oldest ready message of a queue of the configuration file was first ready, in the same namespaces',
    ['queue'],
  )
  atScrape(depth, async () => {
    const queues = await read()
    depth.reset()
    for (const { name, contents } of queues) {
      for (const state of STATES) {
        depth.labels(name, state).set(contents.reduce((sum, counts) => sum + counts[state], 0))
      }
    }
  })
  atScrape(oldest, async () => {
    const queues = await read()
    oldest.reset()
    for (const { name, contents } of queues) {
      const ages = contents.map(({ oldestReadyMs = 0 }) => oldestReadyMs)
      oldest.labels(name).set(Math.max(0, ...ages) / 1_000)
    }
  })
}
