import { LockstepError, NoAnswerError } from '../../src/errors.js'
import { across, type Connection, connect, read } from '../../src/events.js'
import type { Term } from '../../src/keeper.js'
import type { Service } from '../service.js'

export interface Granted extends Term {
  readonly token: string
  readonly fence: number
}

export interface HoldListener {
  revokeRequested(reason: string): void
  lost(reason: string): void
}

const MAX_ANSWER_MS = 30_000

/**
 * The stream that is the lease: the service renews it, says at once that it is lost or asked for,
 * and ends it when the machine is gone. Goes on at the next instance when one shuts down.
 */
export class HoldStream {
  readonly #service: Service
  readonly #name: string
  readonly #ttlMs: number
  readonly #listener: HoldListener
  readonly #closed = new AbortController()

  constructor(service: Service, name: string, ttlMs: number, listener: HoldListener) {
    this.#service = service
    this.#name = name
    this.#ttlMs = ttlMs
    this.#listener = listener
  }

  /** Waits for the lock as long as the body says, and goes on reading when it is granted. */
  async acquire(body: { readonly waitMs: number }): Promise<Granted> {
    const connection = await this.#ask(body)
    const { value } = await connection.events.next()
    if (value?.event !== 'acquired') {
      throw new NoAnswerError('the service ended the stream before it granted the lock')
    }
    const { token, fence, elapsedMs, expiresInMs } = value.data as Omit<Granted, 'askedAt'> & {
      readonly elapsedMs: number
    }
    void this.#listen(connection, token)
    // What `expiresInMs` says held `elapsedMs` after the request arrived, so after it was sent.
    const { askedAt } = connection
    return { token, fence, askedAt, expiresInMs: elapsedMs + expiresInMs }
  }

  close(): void {
    this.#closed.abort()
  }

  /**
   * Asked once at each address: a repeat would wait behind a grant whose answer was lost, and with
   * --once-per it would take that for the run of another machine.
   */
  async #ask(body: { readonly waitMs: number }): Promise<Connection> {
    const cut = new AbortController()
    const signal = AbortSignal.any([cut.signal, this.#closed.signal])
    // An answer that comes later is of no use.
    const patience = { waitMs: body.waitMs + Math.min(this.#ttlMs, MAX_ANSWER_MS) }
    const askedAt = performance.now()
    const path = `/v1/locks/${encodeURIComponent(this.#name)}/hold`
    const answer = await this.#service.open(path, { method: 'POST', body, signal, ...patience })
    const stream = answer.body as ReadableStream<Uint8Array>
    return { askedAt, events: read(stream, () => cut.abort()) }
  }

  async #listen(connection: Connection, token: string): Promise<void> {
    const { signal } = this.#closed
    const input = { path: { name: this.#name }, body: { token, ttlMs: this.#ttlMs } }
    const options = { timeoutMs: Number.POSITIVE_INFINITY, signal }
    const { call } = this.#service.lockstep
    const next = () => connect(call, 'holdLock', input, options)
    try {
      for await (const { event, data } of across(connection, next, signal)) {
        const { reason } = data as { readonly reason: string }
        if (event === 'revoke-requested') this.#listener.revokeRequested(reason)
        if (event === 'lost') return this.#listener.lost(reason)
      }
    } catch (error) {
      const isRefused = error instanceof LockstepError && error.problem.status < 500
      if (isRefused && !signal.aborted) this.#listener.lost(error.problem.title)
    }
  }
}
