import type { components } from './api.js'
import type { Call } from './call.js'
import { NoAnswerError } from './errors.js'
import { across, type Connection, connect, type ServerEvent } from './events.js'
import { Certain, isEnd } from './keeper.js'
import { UNDO_MS, under, type Work } from './scope.js'
import type { CallOptions } from './transport.js'

type Schemas = components['schemas']

/** `waitMs` is at most 240000: it is one request, so that its connection keeps the place. */
export type HoldTerms = Omit<Schemas['HoldLockRequest'], 'token'> &
  Omit<CallOptions, 'idempotencyKey'>

interface Sign {
  readonly expiresInMs: number
  readonly elapsedMs: number
  readonly reason: string
}

/** Runs the work under a lock that the service renews while the connection is open. */
export async function hold<T>(
  call: Call,
  name: string,
  { signal, timeoutMs, traceparent, ...terms }: HoldTerms,
  work: Work<Schemas['Lease'], T>,
): Promise<T> {
  const done = new AbortController()
  const stop = () => done.abort(signal?.reason)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  const timed = {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(traceparent && { traceparent }),
  }
  const open = (body: Schemas['HoldLockRequest'], options: CallOptions) =>
    connect(call, 'holdLock', { path: { name }, body }, { ...options, signal: done.signal })
  let isReleased = false
  try {
    const connection = await open(terms, timed)
    const { value } = await connection.events.next()
    if (value?.event !== 'acquired') throw new NoAnswerError(`hold ${name}: the stream ended`)
    signal?.removeEventListener('abort', stop)
    const lease = value.data as Schemas['Lease']
    const body = { token: lease.token }
    const holder = new Holder(connection, value, done.signal, (timeoutMs) =>
      open(body, { timeoutMs }),
    )
    // The service ends the stream of a lease that is released. To close it before would count as a
    // crash, with its lock delay.
    const release = async () => {
      await call('releaseLock', { path: { name }, body }, { timeoutMs: UNDO_MS })
      isReleased = true
    }
    const throwIfLost = () => holder.throwIfLost()
    return await under(holder, release, () =>
      work({ ...lease, signal: holder.signal, throwIfLost }),
    )
  } finally {
    signal?.removeEventListener('abort', stop)
    if (!isReleased) done.abort()
  }
}

/** Follows the stream that is the lease, and continues it at another instance. */
class Holder extends Certain {
  #isOver = false

  constructor(
    connection: Connection,
    acquired: ServerEvent,
    signal: AbortSignal,
    reopen: (timeoutMs: number) => Promise<Connection>,
  ) {
    super()
    this.#take({ ...acquired, askedAt: connection.askedAt })
    const next = async () => {
      if (this.#isOver) throw new Error('the work is done')
      return reopen(this.leftMs)
    }
    void this.#listen(across(connection, next, signal))
  }

  override end(): void {
    this.#isOver = true
    super.end()
  }

  async #listen(events: ReturnType<typeof across>): Promise<void> {
    try {
      for await (const event of events) {
        if (this.#isOver) return
        this.#take(event)
      }
    } catch (error) {
      if (!this.#isOver && isEnd(error)) this.lose('it has ended', error)
    }
  }

  #take({ event, data, askedAt }: ServerEvent & Pick<Connection, 'askedAt'>): void {
    const { expiresInMs, elapsedMs = 0, reason } = data as Sign
    if (event === 'acquired' || event === 'ping')
      this.accept({ askedAt: askedAt + elapsedMs, expiresInMs })
    if (event === 'revoke-requested') this.giveWay(reason)
    if (event === 'lost') this.lose(reason)
  }
}
