import type { Dispatcher } from 'undici'
// All of undici would put itself in the place of the dispatcher of Node's `fetch`, and be stricter.
import Pool from 'undici/lib/dispatcher/pool.js'
import { MAX_VALUE_BYTES } from '../entries/schemas.js'

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** What became of a request to an origin. */
export type Exchanged =
  /** `body` is empty unless it was wanted. */
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: AnswerHeaders
      readonly body: Buffer
    }
  | { readonly kind: 'timeout' | 'broken' | 'too-large' }
  /** It was not sent: there was no connection. */
  | { readonly kind: 'unreachable' }

export interface OriginRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | null
  /** By `performance.now()`: nothing is sent after it. */
  readonly sendBefore?: number | undefined
  /** Of which statuses the body is read, and how much of it there may be. */
  readonly wantsBody: (status: number) => boolean
}

export interface OriginClientOptions {
  /** Scheme, host and port. */
  readonly origin: string
  /** From the connection to the last byte of an answer. */
  readonly timeoutMs: number
  readonly maxConcurrent: number
}

/** Sends requests to one origin: no redirect is followed, nothing is sent twice. */
export class OriginClient {
  readonly #pool: Pool
  readonly #timeoutMs: number

  constructor({ origin, timeoutMs, maxConcurrent }: OriginClientOptions) {
    this.#timeoutMs = timeoutMs
    this.#pool = new Pool(origin, {
      connections: maxConcurrent,
      pipelining: 1,
      // The time of the whole request bounds these.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: timeoutMs },
    })
  }

  send({ method, path, headers, body = null, ...options }: OriginRequest): Promise<Exchanged> {
    const { sendBefore = Number.POSITIVE_INFINITY, wantsBody } = options
    return new Promise((resolve) => {
      const timeoutMs = Math.min(this.#timeoutMs, sendBefore - performance.now())
      const exchange = new Exchange({ timeoutMs, sendBefore, wantsBody }, resolve)
      this.#pool.dispatch({ method, path, headers: { ...headers }, body }, exchange)
    })
  }

  /** Ends the requests that run. */
  close(): void {
    void this.#pool.destroy()
  }
}

const OVER = new Error('the request is over')
const NOTHING = Buffer.alloc(0)

interface ExchangeOptions {
  readonly timeoutMs: number
  readonly sendBefore: number
  readonly wantsBody: OriginRequest['wantsBody']
}

/** One request and its answer, whose body is bounded and read only where it is wanted. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #end: (exchanged: Exchanged) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #isOver = false
  #status = 0
  #headers: AnswerHeaders = {}
  readonly #chunks: Buffer[] = []
  #size = 0

  constructor(options: ExchangeOptions, end: (exchanged: Exchanged) => void) {
    this.#options = options
    this.#end = end
    this.#timer = setTimeout(() => {
      this.#abort({ kind: this.#controller ? 'timeout' : 'unreachable' })
    }, options.timeoutMs)
  }

  /** There is a connection, and the request goes out unless it is aborted here. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A process that was asleep may come here before its timers.
    if (this.#isOver || performance.now() >= this.#options.sendBefore) controller.abort(OVER)
    else this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
  ): void {
    // Informational answers come before the one that counts.
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    if (!this.#options.wantsBody(status))
      this.#settle({ kind: 'answered', status, headers, body: NOTHING })
    else if (Number(headers['content-length']) > MAX_VALUE_BYTES) this.#abort({ kind: 'too-large' })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > MAX_VALUE_BYTES) this.#abort({ kind: 'too-large' })
    else if (!this.#isOver) this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer)
    const body = Buffer.concat(this.#chunks)
    this.#settle({ kind: 'answered', status: this.#status, headers: this.#headers, body })
  }

  onResponseError(): void {
    clearTimeout(this.#timer)
    this.#settle({ kind: this.#controller ? 'broken' : 'unreachable' })
  }

  #abort(exchanged: Exchanged): void {
    this.#settle(exchanged)
    this.#controller?.abort(OVER)
  }

  #settle(exchanged: Exchanged): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#end(exchanged)
  }
}
