import type { components } from './api.js'
import type { Call, Input } from './call.js'
import { fromWire, toWire } from './codecs.js'
import { type LostPosition, PositionLostError } from './errors.js'
import { follow } from './events.js'
import type { CallOptions } from './transport.js'
import { type Handler, type Settlement, type WorkOptions, work } from './worker.js'

type Schemas = components['schemas']

/** `data` is JSON, or bytes as Uint8Array. */
export type NewEntry = Omit<Schemas['NewStreamEntry'], 'encoding'>
export type StreamEntry = Omit<Schemas['StreamEntry'], 'encoding'>

/** An entry that a group received. `deliveries` and `failures` count those of this group. */
export type GroupEntry = StreamEntry & Pick<Schemas['StreamDelivery'], 'deliveries' | 'failures'>

export interface FollowOptions extends CallOptions {
  /** An id, `start`, `end` or `at:` and a time; `end` by default. */
  readonly after?: string
  /** Called before the entries that are there; without it, PositionLostError is thrown. */
  readonly onReset?: (lost: LostPosition) => void
}

export class Streams {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Appends all entries or none; answers their ids. */
  async append(
    stream: string,
    entries: readonly NewEntry[],
    options?: CallOptions,
  ): Promise<string[]> {
    const wired = entries.map(({ event, data }) => {
      const { value, encoding } = toWire(data)
      return { event, data: value, encoding }
    })
    const input = { path: { stream }, body: { entries: wired } }
    return (await this.#call('appendToStream', input, options)).json.entries.map(({ id }) => id)
  }

  /** A page; `nextCursor` is `after` of the next one, and `lastId` of what is appended later. */
  async read(
    stream: string,
    query: Input<'readStream'>['query'] = {},
    options?: CallOptions,
  ): Promise<Omit<Schemas['StreamEntryList'], 'items'> & { readonly items: StreamEntry[] }> {
    const { json } = await this.#call('readStream', { path: { stream }, query }, options)
    return { ...json, items: json.items.map(toEntry) }
  }

  /** Each entry as it is appended, once, also across connections that end. */
  async *follow(
    stream: string,
    { after = 'end', onReset, ...options }: FollowOptions = {},
  ): AsyncGenerator<StreamEntry> {
    const input = { path: { stream }, query: { after } }
    for await (const { event, data } of follow(this.#call, 'followStream', input, options)) {
      if (event === 'following') continue
      if (event !== 'reset') yield toEntry(data as Schemas['StreamEntry'])
      else if (onReset) onReset(data as LostPosition)
      else throw new PositionLostError(data as LostPosition)
    }
  }

  /**
   * Works through the entries of a group until the signal aborts, as `queues.work` through messages.
   * An entry that fails is delivered again at once.
   */
  work(
    stream: string,
    group: string,
    options: WorkOptions<GroupEntry>,
    handler: Handler<GroupEntry>,
  ): Promise<void> {
    const path = { stream, group }
    return work(
      {
        receive: (body, call) => this.#call('receiveEntries', { path, body }, call),
        settle: (body, call) =>
          this.#call('settleEntries', { path, body: withoutDelay(body) }, call),
        toMessage: ({ receipt: _, visibleForMs: __, ...delivery }) => toEntry(delivery),
      },
      options,
      handler,
    )
  }
}

const toEntry = <E extends Schemas['StreamEntry']>({ encoding, data, ...entry }: E) => ({
  ...entry,
  data: fromWire(data, encoding),
})

/** A group has no pause before it delivers again. */
const withoutDelay = ({ nack = [], ...rest }: Settlement) => ({
  ...rest,
  nack: nack.map(({ delayMs: _, ...one }) => one),
})
