import type { components } from './api.js'
import type { JsonAnswer } from './call.js'
import { isAway, isProblem, LeaseLostError } from './errors.js'
import { Keeper, type Term, termAfterWait } from './keeper.js'
import { after, backoffMs, sleep } from './repeats.js'
import { UNDO_MS } from './scope.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

/** Longest wait of one receive. */
const WAIT_MS = 20_000

export interface WorkOptions<M> {
  /** Messages at a time: 1 by default. */
  readonly concurrency?: number
  readonly visibilityMs?: number
  /** Stops the worker: it takes no further message. */
  readonly signal?: AbortSignal
  /** How long messages at hand may take after that: 10 s by default. Then they are given back. */
  readonly stopMs?: number
  /** Called when a message failed, its delivery was lost, or it could not be settled. */
  readonly onFailure?: (error: unknown, message: M) => void
}

export interface Handling {
  /** Aborted when the delivery is lost, and when the worker has no more time. */
  readonly signal: AbortSignal
  /** @throws LeaseLostError when another worker may have the message */
  readonly throwIfLost: () => void
}

export type Handler<M> = (message: M, handling: Handling) => unknown

/** Thrown by a handler: the message is delivered again after `delayMs`, or with `dead` never. */
export class NackError extends Error {
  override readonly name = 'NackError'
  readonly terms: { readonly delayMs?: number; readonly dead?: boolean }

  constructor(message: string, terms: { readonly delayMs?: number; readonly dead?: boolean }) {
    super(message)
    this.terms = terms
  }
}

interface Received {
  readonly receipt: string
  readonly visibleForMs: number
}

export interface Settlement {
  readonly ack?: string[]
  readonly release?: string[]
  readonly nack?: { receipt: string; error: string; delayMs?: number; dead?: boolean }[]
  readonly extend?: { receipt: string; visibilityMs: number }[]
}

type Asked<T> = Promise<Pick<JsonAnswer<T>, 'json' | 'askedAt'>>

/** Where deliveries come from, and are settled: a queue, or a group of a stream. */
export interface Source<D extends Received, M> {
  receive(body: Schemas['ReceiveMessagesRequest'], options: CallOptions): Asked<{ items: D[] }>
  settle(
    body: Settlement,
    options?: CallOptions,
  ): Asked<{ results: { readonly status: Schemas['QueueSettleStatus'] }[] }>
  toMessage(delivery: D): M
}

/**
 * Works through what a source has until the signal aborts. A message is acknowledged when its
 * handler ends, and fails when that throws. Its visibility is extended meanwhile.
 */
export async function work<D extends Received, M>(
  source: Source<D, M>,
  options: WorkOptions<M>,
  handler: Handler<M>,
): Promise<void> {
  const { concurrency = 1, signal, stopMs = 10_000 } = options
  const worker = new Worker(source, options, handler)
  const running = new Set<Promise<void>>()
  let timer: ReturnType<typeof after> | undefined
  const stop = () => {
    timer = after(stopMs, () => worker.stop())
  }
  signal?.addEventListener('abort', stop)
  try {
    while (!signal?.aborted) {
      const room = concurrency - running.size
      if (room === 0) await Promise.race(running)
      for (const one of room > 0 ? await worker.receive(room) : []) {
        const handled = one.finally(() => running.delete(handled))
        running.add(handled)
      }
    }
  } finally {
    await Promise.all(running)
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

class Worker<D extends Received, M> {
  readonly #source: Source<D, M>
  readonly #options: WorkOptions<M>
  readonly #handler: Handler<M>
  /** Gives back a message at hand. */
  readonly #stops = new Set<() => void>()

  constructor(source: Source<D, M>, options: WorkOptions<M>, handler: Handler<M>) {
    this.#source = source
    this.#options = options
    this.#handler = handler
  }

  /** Gives back the messages at hand. */
  stop(): void {
    for (const stop of this.#stops) stop()
  }

  /** Waits for messages; answers the work on each. */
  async receive(limit: number): Promise<Promise<void>[]> {
    const { signal, visibilityMs } = this.#options
    const idempotencyKey = crypto.randomUUID()
    const ask = (waitMs: number, options: CallOptions) => {
      const body = { limit, waitMs, ...(visibilityMs !== undefined && { visibilityMs }) }
      return this.#source.receive(body, { idempotencyKey, ...options })
    }
    try {
      const call = { timeoutMs: Number.POSITIVE_INFINITY, ...(signal && { signal }) }
      const { json, askedAt } = await ask(WAIT_MS, call)
      return json.items.map((delivery) => this.#handle(delivery, askedAt))
    } catch (error) {
      const isFull = isProblem(error, 'too-many-receivers', 'too-many-entry-receivers')
      if (!signal?.aborted && !isFull && !isAway(error)) throw error
      const pause = signal?.aborted
        ? // What was on its way is ready again at once, or when its visibility ends.
          ask(0, { timeoutMs: UNDO_MS }).then(({ json }) => this.#giveBack(json.items))
        : sleep(1_000 + backoffMs(error, 5), signal)
      await pause.catch(() => undefined)
      return []
    }
  }

  async #handle(delivery: D, askedAt: number): Promise<void> {
    const { receipt, visibleForMs } = delivery
    const message = this.#source.toMessage(delivery)
    const keeper = new Keeper(termAfterWait(askedAt, visibleForMs), async (call) => {
      const visibilityMs = Math.max(1_000, visibleForMs)
      const began = performance.now()
      await this.#settle({ extend: [{ receipt, visibilityMs }] }, call)
      return { askedAt: began, expiresInMs: visibilityMs } satisfies Term
    })
    const handling = { signal: keeper.signal, throwIfLost: () => keeper.throwIfLost() }
    const outcome = (async () => this.#handler(message, handling))().then(
      () => ({ ack: [receipt] }),
      (error) => {
        this.#options.onFailure?.(error, message)
        return { nack: [nackOf(receipt, error)] }
      },
    )
    let stop = () => {}
    const stopped = new Promise<{ release: string[] }>((resolve) => {
      stop = () => {
        keeper.giveWay('the worker stops')
        resolve({ release: [receipt] })
      }
    })
    this.#stops.add(stop)
    const settlement = await Promise.race([outcome, stopped])
    this.#stops.delete(stop)
    keeper.end()
    try {
      keeper.throwIfLost()
      await this.#settle(settlement)
    } catch (error) {
      this.#options.onFailure?.(error, message)
    }
  }

  async #giveBack(deliveries: readonly D[]): Promise<void> {
    const release = deliveries.map(({ receipt }) => receipt)
    if (release.length > 0) await this.#settle({ release })
  }

  /** @throws LeaseLostError when another worker has the message, or had it */
  async #settle(body: Settlement, options?: CallOptions): Promise<void> {
    const status = (await this.#source.settle(body, options)).json.results[0]?.status
    if (status === 'stale' || status === 'gone')
      throw new LeaseLostError(`the delivery is lost: ${status}`)
  }
}

/** The service keeps at most 1024 bytes of an error, of UTF-8: not the half of a letter. */
function nackOf(receipt: string, error: unknown) {
  const text = String(error instanceof Error ? error.message : error).slice(0, 250)
  const wellFormed = new TextDecoder().decode(new TextEncoder().encode(text))
  return { receipt, error: wellFormed, ...(error instanceof NackError && error.terms) }
}
