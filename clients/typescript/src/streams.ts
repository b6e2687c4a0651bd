import type { components } from './api.js'
import type { Call, Input } from './call.js'
import { fromWire, toWire } from './codecs.js'
import { type LostPosition, PositionLostError } from './errors.js'
import { follow } from './events.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

/** `data` is JSON, or bytes as Uint8Array. */
export type NewEntry = Omit<Schemas['NewStreamEntry'], 'encoding'>
export type StreamEntry = Omit<Schemas['StreamEntry'], 'encoding'>

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
}

const toEntry = ({ encoding, data, ...entry }: Schemas['StreamEntry']): StreamEntry => ({
  ...entry,
  data: fromWire(data, encoding),
})
