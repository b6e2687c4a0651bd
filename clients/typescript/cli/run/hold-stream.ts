import { setTimeout as sleep } from 'node:timers/promises'
import { LockstepError, NoAnswerError } from '../../src/errors.js'
import type { Term } from '../../src/keeper.js'
import { eventsOf, type StreamEvent } from '../events.js'
import type { Service } from '../service.js'

export interface Granted extends Term {
  readonly token: string
  readonly fence: number
}

export interface HoldListener {
  revokeRequested(reason: string): void
  lost(reason: string): void
}

const AGAIN_MS = 1_000

const MAX_ANSWER_MS = 30_000

/** The service sends a ping at least this often. */
const PING_MS = 15_000

/**
 * The stream that is the lease: the service renews it, says at once that it is lost or asked for,
 * and ends it when the machine is gone. Goes on at the next instance when one shuts down.
 */
export class HoldStream {
  readonly #service: Service
  readonly #path: string
  readonly #ttlMs: number
  readonly #listener: HoldListener
  readonly #closed = new AbortController()
  #stall: ReturnType<typeof setTimeout> | undefined

  constructor(service: Service, name: string, ttlMs: number, listener: HoldListener) {
    this.#service = service
    this.#path = `/v1/locks/${encodeURIComponent(name)}/hold`
    this.#ttlMs = ttlMs
    this.#listener = listener
  }

  /** Waits for the lock as long as the body says, and goes on reading when it is granted. */
  async acquire(body: { readonly waitMs: number }): Promise<Granted> {
    const askedAt = performance.now()
    const events = await this.#open(body, body.waitMs)
    for (let next = await events.next(); !next.done; next = await events.next()) {
      const { event, data } = next.value
      if (event !== 'acquired') continue
      const { token, fence, elapsedMs, expiresInMs } = JSON.parse(data)
      void this.#listen(events, token)
      // What `expiresInMs` says held `elapsedMs` after the request arrived, so after it was sent.
      return { token, fence, askedAt, expiresInMs: elapsedMs + expiresInMs }
    }
    throw new NoAnswerError('the service ended the stream before it granted the lock')
  }

  close(): void {
    clearTimeout(this.#stall)
    this.#closed.abort()
  }

  /** A path that is silently dead ends the answer. */
  async #open(body: object, waitMs = 0): Promise<AsyncGenerator<StreamEvent>> {
    const cut = new AbortController()
    const signal = AbortSignal.any([cut.signal, this.#closed.signal])
    // An answer that comes later is of no use.
    const patience = { waitMs: waitMs + Math.min(this.#ttlMs, MAX_ANSWER_MS) }
    const opening = { method: 'POST', body, signal, ...patience }
    const response = await this.#service.open(this.#path, opening)
    return eventsOf(response, () => {
      clearTimeout(this.#stall)
      this.#stall = setTimeout(() => cut.abort(), Math.min(this.#ttlMs, 3 * PING_MS))
    })
  }

  async #listen(events: AsyncGenerator<StreamEvent>, token: string): Promise<void> {
    for (let current = events; ; ) {
      try {
        for await (const { event, data } of current) {
          const { reason } = JSON.parse(data)
          if (event === 'revoke-requested') this.#listener.revokeRequested(reason)
          if (event === 'lost') return this.#listener.lost(reason)
        }
        await sleep(AGAIN_MS)
        current = await this.#open({ token, ttlMs: this.#ttlMs })
      } catch (error) {
        if (this.#closed.signal.aborted) return
        if (error instanceof LockstepError && error.problem.status < 500) {
          return this.#listener.lost(error.problem.title)
        }
        current = none()
      }
    }
  }
}

async function* none(): AsyncGenerator<StreamEvent> {}
