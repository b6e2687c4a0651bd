import { Cluster } from 'ioredis'
import type { Connection } from '../../../redis/connection.js'
import { StoreError } from '../../../redis/errors.js'
import { type RedisFacts, readFacts } from '../../../redis/facts.js'

const LOOK_EVERY_MS = 5_000

/**
 * Whether Redis keeps what was written behind: it neither evicts nor forgets at a restart. Looked at when
 * the connection opens, because that may be another server, and every few seconds: a Cluster promotes
 * replicas while it stays open.
 */
export class Durability {
  readonly #connection: Connection
  readonly #onLook: (isSafe: boolean) => void
  readonly #timer: NodeJS.Timeout
  #isSafe: boolean | undefined

  constructor(connection: Connection, onLook: (isSafe: boolean) => void) {
    this.#connection = connection
    this.#onLook = onLook
    connection.onOpen(() => void this.look())
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref()
    void this.look()
  }

  /** @throws StoreError where Redis may drop what is written, or is not known yet */
  async assert(): Promise<void> {
    if (this.#isSafe === undefined) await this.look()
    if (this.#isSafe) return
    throw new StoreError(
      'store-not-ready',
      'Redis may drop what is written behind: it needs noeviction and appendonly yes on every primary.',
      'cannot-persist',
    )
  }

  async look(): Promise<void> {
    const { client } = this.#connection
    if (client.status !== 'ready') return
    const servers = client instanceof Cluster ? client.nodes('master') : [client]
    try {
      const facts = await Promise.all(servers.map((server) => readFacts({ client: server })))
      this.#isSafe = facts.length > 0 && facts.every(keeps)
      this.#onLook(this.#isSafe)
    } catch {
      // What was seen last goes on: a Redis that does not answer takes no write either.
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

const keeps = ({ evictionPolicy, persistence }: RedisFacts): boolean =>
  evictionPolicy === 'noeviction' && persistence.endsWith('aof')
