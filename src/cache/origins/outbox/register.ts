import type { Connection } from '../../../redis/connection.js'
import { StoreError, toStoreError } from '../../../redis/errors.js'
import type { Partitions } from '../../partition.js'
import type { SpaceName } from '../../spaces/usage.js'

/** The spaces of all instances that ever wrote behind, as "<namespace> <space>"; it never expires. */
const KEY = 'ls:layout:outboxes'
const LOOK_EVERY_MS = 2_000

export interface OutboxRegisterOptions {
  readonly connection: Connection
  readonly partitions: Pick<Partitions, 'count' | 'outboxOf'>
  /** Called after each look. */
  readonly onLook: (hasForeign: boolean) => void
}

/**
 * Which spaces of which namespaces have an outbox. A process whose configuration file lacks one that is
 * not empty, after a change or by mistake, would neither deliver it nor write behind: it shows that, and
 * changes nothing in such a space.
 */
export class OutboxRegister {
  readonly #options: OutboxRegisterOptions
  readonly #timer: NodeJS.Timeout
  #own: readonly string[] = []
  #noted: ReadonlySet<string> = new Set()
  #foreign: ReadonlySet<string> = new Set()

  constructor(options: OutboxRegisterOptions) {
    this.#options = options
    options.connection.onOpen(() => void this.look())
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref()
  }

  /** Those of the configuration file, from now on. */
  own(spaces: readonly SpaceName[]): void {
    this.#own = spaces.map(nameOf)
    void this.look()
  }

  /** Whether a space has an outbox that this process does not serve. */
  isForeign(space: SpaceName): boolean {
    return this.#foreign.size > 0 && this.#foreign.has(nameOf(space))
  }

  /** Before a write. @throws StoreError where it may not be noted */
  async note(space: SpaceName): Promise<void> {
    const name = nameOf(space)
    if (this.#noted.has(name)) return
    await this.#add([name])
    this.#noted = new Set([...this.#noted, name])
  }

  /** Notes also what a Redis without data lost. */
  async look(): Promise<void> {
    const { connection, onLook } = this.#options
    if (!connection.isReady()) return
    try {
      const known = new Set(await connection.client.smembers(KEY))
      const lacking = this.#own.filter((name) => this.#noted.has(name) && !known.has(name))
      if (lacking.length > 0) await this.#add(lacking)
      this.#foreign = await this.#foreignOf([...known])
      onLook(this.#foreign.size > 0)
    } catch {
      // What was seen last goes on.
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #foreignOf(known: readonly string[]): Promise<ReadonlySet<string>> {
    const own = new Set(this.#own)
    const others = known.filter((name) => !own.has(name))
    const sizes = await Promise.all(others.map((name) => this.#sizeOf(name)))
    return new Set(others.filter((_, i) => (sizes[i] ?? 0) > 0))
  }

  async #sizeOf(name: string): Promise<number> {
    const { connection, partitions } = this.#options
    const [namespace = '', space = ''] = name.split(' ')
    const sizes = await Promise.all(
      Array.from({ length: partitions.count }, (_, partition) =>
        connection.client.zcard(partitions.outboxOf(namespace, partition, space).outbox),
      ),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  async #add(names: string[]): Promise<void> {
    try {
      await this.#options.connection.client.sadd(KEY, names)
    } catch (error) {
      const { code, message, reason } = toStoreError(error) as StoreError
      throw new StoreError(code === 'outcome-unknown' ? 'store-unavailable' : code, message, reason)
    }
  }
}

/** Neither holds a space. */
const nameOf = ({ namespace, space }: SpaceName): string => `${namespace} ${space}`
