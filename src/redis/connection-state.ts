import { Cluster, type Redis } from 'ioredis'
import { type Reason, reasonOf } from './reasons.js'

/** A handshake with a server that is ready takes less, unless a machine is busy. */
const HANDSHAKE_MS = 250
/** A server that accepted a connection and says nothing for this long is silent. */
const SILENCE_MS = 2_000

export interface ConnectionStateOptions {
  readonly purpose: string
  /** Without secrets. */
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
      // ioredis waits silently for a server that loads its data.
      const ask = () => isLoading(client).then((loading) => loading && explain('loading'))
      setTimeout(() => isStuck() && ask(), HANDSHAKE_MS).unref()
      setTimeout(() => this.reason === undefined && explain('timeout'), SILENCE_MS).unref()
    })
  }

  /** Why this connection cannot be used; undefined while it can, and during the first attempt. */
  get reason(): Reason | undefined {
    return this.#lost ?? this.#refused
  }

  /** Whether the connection is open. Redis may still refuse calls. */
  get isConnected(): boolean {
    return this.#wasReady && this.#lost === undefined
  }

  get reconnects(): number {
    return this.#reconnects
  }

  /** The connection will be closed, and this is why. */
  expectLoss(reason: Reason): void {
    this.#cause = reason
  }

  /** Why Redis refuses calls on an open connection; undefined when it serves them. */
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

/** Redis answers INFO while it loads; no answer says nothing about loading. */
const isLoading = (client: Redis): Promise<boolean> =>
  client.info('persistence').then(
    (info) => /^loading:1/m.test(info),
    () => false,
  )

/** The states of the open connections of an instance. */
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

  /** For a connection that is closed on purpose: it is not lost. */
  close(state: ConnectionState): void {
    this.#open.delete(state)
  }

  onChange(listener: (state: ConnectionState) => void): void {
    this.#listeners.push(listener)
  }
}
