import type { Settlement } from '../../src/deliveries/settlement.js'
import { createDeadStore } from '../../src/queues/dead/store.js'
import type { Delivery, ReceiveReply } from '../../src/queues/deliveries/scripts.js'
import { createDeliveryStore, type ReceiveOptions } from '../../src/queues/deliveries/store.js'
import type { Encoding } from '../../src/queues/messages/envelope.js'
import type { LookedAt, MessageState } from '../../src/queues/messages/scripts.js'
import { createMessageStore, type OutgoingMessage } from '../../src/queues/messages/store.js'
import { createOverviewStore } from '../../src/queues/overview/store.js'
import { type Queue, type SentSettings, toSettings } from '../../src/queues/settings.js'
import type { Idempotency } from '../../src/redis/idempotency.js'
import { Names } from '../../src/redis/names.js'
import type { Harness } from '../support/harness.js'

export interface TestMessage extends Partial<Omit<OutgoingMessage, 'body'>> {
  readonly text?: string
  readonly encoding?: Encoding
}

let queues = 0

/** A queue of its own, through its stores, without HTTP. */
export function testQueue(
  { binder, namespace, redis }: Pick<Harness, 'binder' | 'namespace' | 'redis'>,
  sent: SentSettings = {},
) {
  const messages = createMessageStore({ binder, names: new Names({ binder, part: 'queues' }) })
  const deliveries = createDeliveryStore({ binder })
  const metrics = { met: () => undefined, discarded: () => undefined }
  const dead = createDeadStore({ binder, metrics })
  const overview = createOverviewStore({ binder, metrics })
  const settle = async (...actions: readonly Settlement[]) =>
    (await deliveries.settle(queue, actions)).statuses
  let queue: Queue = { namespace, name: `q${queues++}`, settings: toSettings(sent) }
  const key = (part: string) => `ls:{${namespace}:q:${queue.name}}:${part}`

  const sendAll = (all: readonly TestMessage[], idempotency?: Idempotency) =>
    messages.send(queue, all.map(toMessage), idempotency)

  const receive = async (
    options: Partial<ReceiveOptions> = {},
    idempotency?: Idempotency,
  ): Promise<Extract<ReceiveReply, { kind: 'received' }>> => {
    const reply = await deliveries.receive(queue, { limit: 1, ...options }, idempotency)
    if (reply.kind !== 'received') throw new Error(reply.kind)
    return reply
  }

  return {
    messages,
    deliveries,
    get queue() {
      return queue
    },
    /** Other settings from now on. */
    configure(settings: SentSettings) {
      queue = { ...queue, settings: toSettings(settings) }
    },
    /** The Redis key of a part of the queue. */
    key,
    /** Every key of the queue. */
    keys: async (): Promise<string[]> => {
      const all: string[] = []
      for await (const found of redis.scanStream({ match: key('*'), count: 1_000 })) {
        all.push(...(found as string[]))
      }
      return all.map((name) => name.slice(key('').length)).sort()
    },
    sendAll,
    /** Sends texts, one after the other. @returns their ids */
    async send(...all: readonly (string | TestMessage)[]): Promise<string[]> {
      const ids: string[] = []
      for (const one of all) {
        const reply = await sendAll([typeof one === 'string' ? { text: one } : one])
        if (reply.kind !== 'sent') throw new Error(reply.kind)
        ids.push(...reply.messages.map(({ id }) => id))
      }
      return ids
    },
    receive,
    /** One message that must be there. */
    async take(options: Partial<ReceiveOptions> = {}): Promise<Delivery> {
      const [delivery] = (await receive({ ...options, limit: 1 })).deliveries
      if (!delivery) throw new Error('nothing was delivered')
      return delivery
    },
    /** The texts of what is delivered. */
    texts: async (limit = 100): Promise<string[]> =>
      (await receive({ limit })).deliveries.map(({ body }) => String(body)),
    settle,
    ack: async ({ receipt }: Delivery) => (await settle({ kind: 'ack', receipt }))[0],
    nack: async ({ receipt }: Delivery, options: { delayMs?: number; error?: string } = {}) =>
      (await settle({ kind: 'nack', receipt, dead: false, ...options }))[0],
    release: async ({ receipt }: Delivery) => (await settle({ kind: 'release', receipt }))[0],
    extend: async ({ receipt }: Delivery, visibilityMs: number) =>
      (await settle({ kind: 'extend', receipt, visibilityMs }))[0],
    /** The messages of a state, read in pages. */
    async look(state: MessageState, limit = 100): Promise<LookedAt[]> {
      const items: LookedAt[] = []
      let after: string | undefined
      do {
        const page = await messages.look(queue, { state, limit, after })
        if (page.kind !== 'page') throw new Error(page.kind)
        items.push(...page.items)
        after = page.next
      } while (after !== undefined)
      return items
    },
    redrive: (which: { ids: readonly string[] } | { count: number }) => dead.redrive(queue, which),
    discard: (...ids: readonly string[]) => dead.discard(queue, ids),
    counts: () => overview.counts(queue),
    purge: (state: MessageState) => overview.purge(queue, state),
    remove: () => overview.remove(queue),
    stat: () => redis.hgetall(key('stat')),
  }
}

export type TestQueue = ReturnType<typeof testQueue>

const toMessage = ({ text = '', ...rest }: TestMessage): OutgoingMessage => ({
  body: Buffer.from(text),
  encoding: 'text',
  priority: 0,
  delayMs: 0,
  headers: {},
  ...rest,
})

/** An idempotency key of a request with this content. */
export const keyOf = (key: string, content = '', ttlMs = 300_000): Idempotency => ({
  digest: key,
  fingerprint: `fingerprint-${content}`,
  ttlMs,
})
