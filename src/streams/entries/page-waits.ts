import type { Client } from '../../domain.js'
import type { SettingsStore } from '../configuration/store.js'
import type { StreamWatches } from '../events/store.js'
import { metaKey } from '../keys.js'
import type { Stream } from '../settings.js'
import type { EntryPage, LostPosition } from './scripts.js'
import type { EntryStore, ReadOptions } from './store.js'

export interface PageWaitsOptions {
  readonly entries: Pick<EntryStore, 'read'>
  readonly watch: StreamWatches
  readonly settingsOf: SettingsStore['settingsOf']
  /** Pages that may wait here for one stream. */
  readonly maxPerStream: number
}

export interface WaitOptions {
  /** 0: it does not wait. */
  readonly waitMs: number
  /** It stops waiting when this closes. */
  readonly client: Client
}

/** One page that waits, until its time, its client or the instance ends. */
class Wait {
  isOver = false
  #hasNews = false
  #wake: () => void = () => undefined

  readonly end = (): void => {
    this.isOver = true
    this.#wake()
  }

  readonly onEvent = (): void => {
    this.#hasNews = true
    this.#wake()
  }

  readonly onBegin = this.onEvent
  readonly isBehind = (): boolean => false

  /** Resolves when there may be another page since the last call, or at the end. */
  async next(): Promise<void> {
    if (!this.#hasNews && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#hasNews = false
  }
}

/**
 * Pages that wait at this instance for their first entry. They listen as followers do, so a stream is
 * read once for all of them; each then reads its own page, and answers as if it had asked just now.
 */
export class PageWaits {
  readonly #options: PageWaitsOptions
  readonly #byStream = new Map<string, Set<Wait>>()
  #count = 0
  #isDraining = false

  constructor(options: PageWaitsOptions) {
    this.#options = options
  }

  /** Waiting pages. */
  get count(): number {
    return this.#count
  }

  async read(
    stream: Stream,
    options: ReadOptions,
    { waitMs, client }: WaitOptions,
  ): Promise<EntryPage | LostPosition | { readonly kind: 'too-many-readers' }> {
    const first = await this.#options.entries.read(stream, options)
    if (waitMs === 0 || !isEmpty(first)) return first
    const key = metaKey(stream.namespace, stream.name)
    if (!this.#hasRoom(key)) return { kind: 'too-many-readers' }
    const wait = this.#add(key)
    const timer = setTimeout(wait.end, waitMs)
    client.once('close', wait.end)
    if (client.destroyed || this.#isDraining) wait.end()
    try {
      return await this.#untilNews(stream, options, first.last, wait)
    } finally {
      clearTimeout(timer)
      client.off('close', wait.end)
      this.#remove(key, wait)
    }
  }

  /** Ends all waits, and those that begin later: the instance shuts down. */
  drain(): void {
    this.#isDraining = true
    for (const waits of this.#byStream.values()) for (const { end } of waits) end()
  }

  async #untilNews(
    stream: Stream,
    options: ReadOptions,
    end: string,
    wait: Wait,
  ): Promise<EntryPage | LostPosition> {
    const { entries, watch, settingsOf } = this.#options
    // `end` moves with the entry that it waits for; after `start` a page says how many were dropped.
    const after = options.after === 'start' ? 'start' : end
    const subscription = await watch(stream, end, wait)
    try {
      for (;;) {
        await wait.next()
        // They may change while it waits.
        const settings = await settingsOf(stream.namespace, stream.name)
        const page = await entries.read({ ...stream, settings }, { ...options, after })
        // Empty, where what was new is deleted already.
        if (wait.isOver || !isEmpty(page)) return page
      }
    } finally {
      subscription.close()
    }
  }

  #hasRoom(key: string): boolean {
    return (this.#byStream.get(key)?.size ?? 0) < this.#options.maxPerStream
  }

  #add(key: string): Wait {
    const wait = new Wait()
    const waits = this.#byStream.get(key) ?? new Set()
    this.#byStream.set(key, waits.add(wait))
    this.#count += 1
    return wait
  }

  #remove(key: string, wait: Wait): void {
    const waits = this.#byStream.get(key)
    waits?.delete(wait)
    if (waits?.size === 0) this.#byStream.delete(key)
    this.#count -= 1
  }
}

const isEmpty = (outcome: EntryPage | LostPosition): outcome is EntryPage =>
  outcome.kind === 'page' && outcome.entries.length === 0
