import { Cluster, type Redis } from 'ioredis'
import { type Reason, reasonOf } from './reasons.js'

/** Longer than a handshake with a server that is ready takes, unless a machine is busy. */
const HANDSHAKE_MS = 250
/** After that a server that accepted a connection is silent. */
const SILENCE_MS = 2_000

export interface ConnectionStateOptions {
  readonly purpose: string
  /** As it may be shown. */
  readonly server: string
  readonly client: Redis | Cluster
  /** Called when the reason changed. */
  readonly onChange: (state: ConnectionState) => void
}

/** What is known of one connection: whether it can be used, why not, and how often it was lost. */
export class ConnectionState {
  readonly purpose: string
  readonly server: string
  readonly #onChange: ConnectionStateOptions['onChange']
  #lost: Reason | undefined
  #refused: Reason | undefined
  /** Why the connection is about to be lost. */
  #cause: Reason | undefined
  #wasReady = false
  #reconnects = 0

  constructor({ purpose, server, client, onChange }: ConnectionStateOptions) {
    this.purpose = purpose
    this.server = server
    this.#onChange = onChange
    client.on('error', (error: unknown) => {
      this.expectLoss(reasonOf(error))
      if (client.status !== 'ready') this.#set(this.#cause, this.#refused)
    })
    client.on('close', () => this.#set(this.#cause ?? 'closed', this.#refused))
    client.on('ready', () => this.#ready())
    if (client instanceof Cluster) return
    client.on('connect', () => {
      const isStuck = () => client.status === 'connect'
      const explain = (reason: Reason) => isStuck() && this.#set(reason, this.#refused)
      // ioredis waits without a word for a server that loads its data.
      const ask = () => isLoading(client).then((loading) => loading && explain('loading'))
      setTimeout(() => isStuck() && ask(), HANDSHAKE_MS).unref()
      setTimeout(() => this.reason === undefined && explain('timeout'), SILENCE_MS).unref()
    })
  }

  /** Why this connection is of no use; undefined while it is, and before it first was. */
  get reason(): Reason | undefined {
    return this.#lost ?? this.#refused
  }

  /** Whether the connection stands. Redis may still refuse calls. */
  get isConnected(): boolean {
    return this.#wasReady && this.#lost === undefined
  }

  /** How often the connection was made again. */
  get reconnects(): number {
    return this.#reconnects
  }

  /** The connection will be closed, and this is why. */
  expectLoss(reason: Reason): void {
    this.#cause = reason
  }

  /** What Redis says to calls on a connection that stands; undefined when it serves them. */
  refuse(reason: Reason | undefined): void {
    this.#set(this.#lost, reason)
  }

  #ready(): void {
    if (this.#wasReady) this.#reconnects += 1
    this.#wasReady = true
    this.#cause = undefined
    this.#set(undefined, this.#refused)
  }

  #set(lost: Reason | undefined, refused: Reason | undefined): void {
    const before = this.reason
    this.#lost = lost
    this.#refused = refused
    if (this.reason !== before) this.#onChange(this)
  }
}

/** Redis answers INFO while it loads. Who refuses it, or is silent, is not known to load. */
const isLoading = (client: Redis): Promise<boolean> =>
  client.info('persistence').then(
    (info) => /^loading:1/m.test(info),
    () => false,
  )

/** The contacts of an instance that are open now. */
export class ConnectionStates {
  readonly #open = new Set<ConnectionState>()
  readonly #listeners: ((state: ConnectionState) => void)[] = []

  get all(): readonly ConnectionState[] {
    return [...this.#open]
  }

  open(options: Omit<ConnectionStateOptions, 'onChange'>): ConnectionState {
    const state = new ConnectionState({
      ...options,
      onChange: (changed) => {
        if (!this.#open.has(changed)) return
        for (const listener of this.#listeners) listener(changed)
      },
    })
    this.#open.add(state)
    return state
  }

  /** A connection that is closed on purpose is not lost. */
  close(state: ConnectionState): void {
    this.#open.delete(state)
  }

  onChange(listener: (state: ConnectionState) => void): void {
    this.#listeners.push(listener)
  }
}
