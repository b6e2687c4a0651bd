import { expect } from 'vitest'
import type { Settlement } from '../../src/deliveries/settlement.js'
import type { Idempotency } from '../../src/redis/idempotency.js'
import { Names } from '../../src/redis/names.js'
import type { EntryPage, LostPosition } from '../../src/streams/entries/scripts.js'
import { createEntryStore, type ReadOptions } from '../../src/streams/entries/store.js'
import type { Delivery, ReceiveReply } from '../../src/streams/groups/delivery-scripts.js'
import {
  createDeliveryStore,
  type ReceiveOptions,
} from '../../src/streams/groups/delivery-store.js'
import { createGroupStore, type GroupSettings } from '../../src/streams/groups/store.js'
import { createOverviewStore } from '../../src/streams/overview/store.js'
import { type SentSettings, type Stream, toSettings } from '../../src/streams/settings.js'
import type { Harness } from '../support/harness.js'

let streams = 0

/** A stream of its own, through its stores, without HTTP. Each entry has a text. */
export function testStream({ binder, namespace, redis }: Harness, sent: SentSettings = {}) {
  const names = new Names({ binder, part: 'streams' })
  const entries = createEntryStore({ binder, names })
  const groups = createGroupStore({ binder, names })
  const deliveries = createDeliveryStore({ binder })
  const overview = createOverviewStore({ binder })
  let stream: Stream = { namespace, name: `s${streams++}`, settings: toSettings(sent) }
  const toEntry = (text: string) => ({
    event: 'e',
    data: Buffer.from(text),
    encoding: 'text' as const,
  })

  /** The Redis key of a part of the stream. */
  const key = (part: string) => `ls:{${namespace}:s:${stream.name}}:${part}`

  const appendAll = (texts: readonly string[], idempotency?: Idempotency) =>
    entries.append(stream, texts.map(toEntry), idempotency)
  const read = (options: Partial<ReadOptions> = {}): Promise<EntryPage | LostPosition> =>
    entries.read(stream, { after: 'start', before: 'end', order: 'asc', limit: 100, ...options })

  return {
    get name() {
      return stream.name
    },
    get stream() {
      return stream
    },
    groups,
    key,
    /** Every part that Redis has. */
    keys: async (): Promise<string[]> => {
      const all: string[] = []
      for await (const found of redis.scanStream({ match: key('*'), count: 1_000 })) {
        all.push(...(found as string[]))
      }
      return all.map((name) => name.slice(key('').length)).sort()
    },
    /** Makes a group that must not be refused. */
    async putGroup(name: string, settings: Partial<GroupSettings> = {}): Promise<void> {
      const put = { start: 'end', visibilityMs: 30_000, maxFailures: 5, ...settings }
      const { kind } = await groups.put(stream, name, put)
      expect(['created', 'changed', 'unchanged']).toContain(kind)
    },
    /** Other settings from now on. */
    configure(settings: SentSettings) {
      stream = { ...stream, settings: toSettings(settings) }
    },
    deliveries,
    /** Calls of a group. */
    group(group: string) {
      const receive = async (
        options: Partial<ReceiveOptions> = {},
        idempotency?: Idempotency,
      ): Promise<Extract<ReceiveReply, { kind: 'received' }>> => {
        const all = { limit: 100, ...options }
        const reply = await deliveries.receive({ stream, group }, all, idempotency)
        if (reply.kind !== 'received') throw new Error(reply.kind)
        return reply
      }
      const settle = async (...settlements: readonly Settlement[]) => {
        const reply = await deliveries.settle({ stream, group }, settlements)
        if (reply.kind !== 'settled') throw new Error(reply.kind)
        return reply.statuses
      }
      return {
        receive,
        settle,
        /** What is delivered. */
        take: async (options: Partial<ReceiveOptions> = {}): Promise<readonly Delivery[]> =>
          (await receive(options)).deliveries,
        /** The texts of what is delivered. */
        texts: async (limit = 100): Promise<string[]> =>
          (await receive({ limit })).deliveries.map(({ data }) => String(data)),
        ack: async (...all: readonly Delivery[]) =>
          settle(...all.map(({ receipt }) => ({ kind: 'ack' as const, receipt }))),
        release: async (...all: readonly Delivery[]) =>
          settle(...all.map(({ receipt }) => ({ kind: 'release' as const, receipt }))),
        nack: async ({ receipt }: Delivery, options: { dead?: boolean; error?: string } = {}) =>
          (await settle({ kind: 'nack', receipt, dead: false, ...options }))[0],
        extend: async ({ receipt }: Delivery, visibilityMs: number) =>
          (await settle({ kind: 'extend', receipt, visibilityMs }))[0],
        get: () => groups.get(stream, group),
        seek: (to: string) => groups.seek(stream, group, to),
        async dead(after = 0, limit = 100) {
          const reply = await deliveries.dead({ stream, group }, { after, limit })
          if (reply.kind !== 'page') throw new Error(reply.kind)
          return reply
        },
      }
    },
    appendAll,
    /** @returns the ids */
    async append(...texts: readonly string[]): Promise<readonly string[]> {
      const reply = await appendAll(texts)
      if (reply.kind !== 'appended') throw new Error(reply.kind)
      return reply.ids
    },
    read,
    /** The page at a place that must not be lost. */
    async page(options: Partial<ReadOptions> = {}): Promise<EntryPage> {
      const reply = await read(options)
      if (reply.kind !== 'page') throw new Error(reply.kind)
      return reply
    },
    /** Texts of the entries of a page. */
    async texts(options: Partial<ReadOptions> = {}): Promise<string[]> {
      const reply = await read(options)
      if (reply.kind !== 'page') throw new Error(reply.kind)
      return reply.entries.map(({ data }) => String(data))
    },
    removeEntry: (id: string) => entries.remove(stream, id),
    show: () => overview.show(stream),
    remove: () => overview.remove(stream),
  }
}

export type TestStream = ReturnType<typeof testStream>

/** An idempotency key of a request with this content. */
export const keyOf = (key: string, content = ''): Idempotency => ({
  digest: key,
  fingerprint: `fingerprint-${content}`,
  ttlMs: 300_000,
})

/** The number of an entry in its stream. */
export const numberOf = (id: string): number => Number(id.split('-')[1])
