import { Cluster, type Redis } from 'ioredis'
import type { Binder } from '../../redis/binder.js'
import type { Connection } from '../../redis/connection.js'
import type { SweepMetrics } from '../metrics.js'
import type { Partitions } from '../partition.js'
import { type Claim, sweepScript } from './scripts.js'
import { Sweeps } from './sweeps.js'

export interface SweeperOptions {
  readonly connection: Connection
  readonly binder: Binder
  readonly partitions: Partitions
  readonly metrics: SweepMetrics
  /** A restart of Redis ends all entries. */
  readonly flushesOnRestart: boolean
}

/** Keys that Redis scans in one turn, about 0.2 ms of its time, and the pause before the next. */
const KEYS_PER_TURN = 500
const PAUSE_MS = 10
/** A caller that empties one space often empties more. */
const START_MS = 1_000
const LOOK_EVERY_MS = 5_000
/** Another instance may have noted the same server since it started. */
const REMEMBERED_MS = 86_400_000

const bindSweep = (binder: Binder) => binder.bind(sweepScript)

/**
 * Frees the memory of dead entries: a mark ends them at once, but each stays in Redis until it is read
 * or expires. Scans the keys of Redis slowly, in the background.
 */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #sweep: ReturnType<typeof bindSweep>
  readonly #sweeps: Sweeps
  /** Run ids of servers. */
  readonly #seen = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #isLooking = false

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#sweep = bindSweep(options.binder)
    this.#sweeps = new Sweeps(options.binder)
    options.metrics.watch(() => this.#sweeps.count)
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref()
  }

  /**
   * Notes a space after a hard invalidation of all of it.
   * @throws StoreError where it was not noted.
   */
  async space(namespace: string, space: string): Promise<void> {
    await this.#sweeps.add(`space ${namespace} ${space}`)
    setTimeout(() => void this.#look(), START_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #servers(): Redis[] {
    const { client } = this.#options.connection
    return client instanceof Cluster ? client.nodes('master') : [client]
  }

  async #look(): Promise<void> {
    const { connection, flushesOnRestart } = this.#options
    if (this.#isLooking || !connection.isReady()) return
    this.#isLooking = true
    try {
      if (flushesOnRestart) await this.#noteRestarts()
      for (let claim = await this.#sweeps.claim(); claim; claim = await this.#sweeps.claim()) {
        await this.#sweepAll(claim)
      }
    } catch {
      // The sweep that was claimed is due again soon, for any instance.
    }
    this.#isLooking = false
  }

  /** Most entries of a restarted server may be dead. Noted first, so that a failure notes it again. */
  async #noteRestarts(): Promise<void> {
    const { client } = this.#options.connection
    for (const runId of (await this.#runIds()).keys()) {
      if (this.#seen.has(runId)) continue
      const key = `ls:{${runId}}:swept`
      if ((await client.exists(key)) === 0) {
        await this.#sweeps.add(`server ${runId}`)
        await client.set(key, '1', 'PX', REMEMBERED_MS)
      }
      this.#seen.add(runId)
    }
  }

  /** Of the servers that answer. */
  async #runIds(): Promise<Map<string, Redis>> {
    const found = new Map<string, Redis>()
    for (const server of this.#servers()) {
      const info = await server.info('server').catch(() => '')
      const runId = /^run_id:(\w+)/m.exec(info)?.[1]
      if (runId !== undefined) found.set(runId, server)
    }
    return found
  }

  async #sweepAll(first: Claim): Promise<void> {
    let claim: Claim | undefined = first
    const { servers, pattern } = await this.#placeOf(first.name)
    for (const server of servers) {
      let cursor = '0'
      do {
        cursor = await this.#sweepTurn(server, pattern, cursor)
        await pause(PAUSE_MS)
        claim = await this.#sweeps.keep(claim)
        if (!claim) return
      } while (cursor !== '0')
    }
    await this.#sweeps.keep(claim, 0)
  }

  /** Where a sweep looks, and for which keys. */
  async #placeOf(name: string) {
    const [kind, first = '', space] = name.split(' ')
    if (kind === 'space') {
      return { servers: this.#servers(), pattern: `ls:{${first}:c*}:entry:${space}:*` }
    }
    // A server that is gone holds nothing.
    const server = (await this.#runIds()).get(first)
    return { servers: server ? [server] : [], pattern: 'ls:{*:c*}:entry:*' }
  }

  /** @returns the cursor of the next turn; '0' at the end. */
  async #sweepTurn(server: Redis, pattern: string, from: string): Promise<string> {
    const [next, keys] = await server.scan(from, 'MATCH', pattern, 'COUNT', KEYS_PER_TURN)
    const { metrics, partitions } = this.#options
    for (const { clock, space, entry } of this.#groupsOf(keys)) {
      const on_restart = partitions.onRestart()
      metrics.swept(await this.#sweep({ clock, entry }, { on_restart, space }))
    }
    return next
  }

  /** Entries by space and partition. */
  #groupsOf(keys: readonly string[]) {
    const groups = new Map<string, { clock: string; space: string; entry: string[] }>()
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

const ENTRY = /^ls:\{([^{}:]*):c(\d+)\}:entry:([^:]*):/

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms).unref())
