import { Cluster, type Redis } from 'ioredis'
import type { Binder } from '../../redis/binder.js'
import type { Link } from '../../redis/connect.js'
import type { Partitions } from '../partition.js'
import type { SweepMetrics } from './metrics.js'
import { sweepScript } from './scripts.js'

export interface SweeperOptions {
  readonly link: Link
  readonly binder: Binder
  readonly partitions: Partitions
  readonly metrics: SweepMetrics
  /** A restart of Redis ends all entries. */
  readonly flushesOnRestart: boolean
}

/** Keys that Redis looks at in one turn, about 0.2 ms of its time, and the pause before the next. */
const KEYS_PER_TURN = 500
const PAUSE_MS = 10
const RETRY_MS = 1_000
/** Whoever empties one space often empties more. */
const START_MS = 1_000
const LOOK_EVERY_MS = 5_000
/** Another instance may have swept the same server since it started. */
const REMEMBERED_MS = 86_400_000

const bindSweep = (binder: Binder) => binder.bind(sweepScript)

const EVERYTHING = 'ls:{*:c*}:entry:*'

/**
 * Gives back the memory of entries that are dead for good: a mark ends them at once, but each stays
 * until it is read, or expires. Looks through the keys of Redis off the way of any request, slowly.
 */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #sweep: ReturnType<typeof bindSweep>
  /** Patterns of keys, and servers by their run id. */
  readonly #pending = new Map<string, { pattern: string; servers: () => readonly Redis[] }>()
  readonly #seen = new Set<string>()
  readonly #timer: NodeJS.Timeout | undefined
  #isSweeping = false

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#sweep = bindSweep(options.binder)
    options.metrics.watch(() => this.#pending.size)
    if (options.flushesOnRestart) {
      this.#timer = setInterval(() => void this.#lookForRestarts(), LOOK_EVERY_MS).unref()
    }
  }

  /** After a hard invalidation of all of it. */
  space(namespace: string, space: string): void {
    this.#enqueue(`ls:{${namespace}:c*}:entry:${space}:*`, () => this.#servers())
  }

  close(): void {
    clearInterval(this.#timer)
    this.#pending.clear()
  }

  #servers(): Redis[] {
    const { client } = this.#options.link
    return client instanceof Cluster ? client.nodes('master') : [client]
  }

  /** One instance sweeps a server that it has not seen before: most entries there may be dead. */
  async #lookForRestarts(): Promise<void> {
    const { link } = this.#options
    if (!link.isReady()) return
    for (const server of this.#servers()) {
      try {
        const runId = /^run_id:(\w+)/m.exec(await server.info('server'))?.[1]
        if (runId === undefined || this.#seen.has(runId)) continue
        const key = `ls:{${runId}}:swept`
        const isFirst = await link.client.set(key, '1', 'PX', REMEMBERED_MS, 'NX')
        this.#seen.add(runId)
        if (isFirst) this.#enqueue(EVERYTHING, () => [server], runId)
      } catch {
        // Asked again soon.
      }
    }
  }

  #enqueue(pattern: string, servers: () => readonly Redis[], name = pattern): void {
    // At the end of the line also where it stands in it: what was looked at may be dead since.
    this.#pending.delete(name)
    this.#pending.set(name, { pattern, servers })
    if (!this.#isSweeping) void this.#sweepAll()
  }

  async #sweepAll(): Promise<void> {
    this.#isSweeping = true
    await pause(START_MS)
    for (let next = this.#next(); next; next = this.#next()) {
      const [name, task] = next
      try {
        for (const server of task.servers()) await this.#sweepServer(server, task.pattern)
        if (this.#pending.get(name) === task) this.#pending.delete(name)
      } catch {
        if (this.#options.link.client.status === 'end') this.close()
        await pause(RETRY_MS)
      }
    }
    this.#isSweeping = false
  }

  #next() {
    return this.#pending.entries().next().value
  }

  async #sweepServer(server: Redis, pattern: string): Promise<void> {
    let cursor = '0'
    do {
      const [next, keys] = await server.scan(cursor, 'MATCH', pattern, 'COUNT', KEYS_PER_TURN)
      cursor = next
      for (const group of this.#groupsOf(keys)) await this.#drop(group)
      await pause(PAUSE_MS)
    } while (cursor !== '0')
  }

  async #drop({ clock, space, entry }: Group): Promise<void> {
    const args = { ...this.#options.partitions.clockArgs(), space }
    this.#options.metrics.swept(await this.#sweep({ clock, entry }, args))
  }

  #groupsOf(keys: readonly string[]): Iterable<Group> {
    const groups = new Map<string, Group>()
    for (const key of keys) {
      const [, namespace = '', number, space = ''] = ENTRY.exec(key) ?? []
      if (number === undefined) continue
      const clock = this.#options.partitions.clockOf(namespace, Number(number))
      const name = `${space}:${clock}`
      const group = groups.get(name)
      if (group) group.entry.push(key)
      else groups.set(name, { clock, space, entry: [key] })
    }
    return groups.values()
  }
}

/** Entries of one space and partition. */
interface Group {
  readonly clock: string
  readonly space: string
  readonly entry: string[]
}

const ENTRY = /^ls:\{([^{}:]*):c(\d+)\}:entry:([^:]*):/

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms).unref())
