import { LockstepError, NoAnswerError } from './errors.js'
import type { Repeat } from './operations.js'
import { after, backoffMs, mayRepeat, sleep } from './repeats.js'

export interface ClientOptions {
  /** Base URLs of the service, tried in turn. */
  readonly url: string | readonly string[]
  /** API token. */
  readonly token?: string
  readonly namespace?: string
  /** How long a call may take with all its repeats: 10 s by default. */
  readonly timeoutMs?: number
  /** How long one attempt may take: 5 s by default, on top of the time that the service waits. */
  readonly attemptMs?: number
  /** Headers of each call, such as `traceparent`. */
  readonly headers?: () => Readonly<Record<string, string>>
  /** Another fetch, for a unix socket or a proxy. */
  readonly fetch?: typeof globalThis.fetch
}

export interface CallOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** The key of an earlier call that is repeated. */
  readonly idempotencyKey?: string
  readonly traceparent?: string
}

export interface OutgoingRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  readonly repeat: Repeat
  /** How long the service may wait before it answers. */
  readonly waitMs?: number
  /** What it answers is bytes, not JSON. */
  readonly isRaw?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  /** The body of a stream of events, which is not read here. */
  readonly stream?: ReadableStream<Uint8Array>
  /** `performance.now()` before the attempt that was answered. */
  readonly askedAt: number
}

export type Send = (request: OutgoingRequest, options?: CallOptions) => Promise<Answer>

/** Sends each request until it is answered, repeats do no good, or its time is over. */
export function createSend(client: ClientOptions): Send {
  const urls = [client.url].flat()
  let turn = 0
  return async (request, options = {}) => {
    const timeoutMs = options.timeoutMs ?? client.timeoutMs ?? 10_000
    const deadline = performance.now() + timeoutMs + (request.waitMs ?? 0)
    const headers = headersOf(client, request, options)
    for (let tries = 0; ; tries++) {
      options.signal?.throwIfAborted()
      const left = deadline - performance.now()
      const used = turn
      const base = urls[used % urls.length] as string
      try {
        return await attempt(client, base, { ...request, headers }, left, options.signal)
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!mayRepeat(error, request.repeat, headers)) throw error
        // Another call may have moved on from this address meanwhile.
        if (turn === used) turn++
        const waitMs = tries + 1 < urls.length ? 0 : backoffMs(error, tries)
        if (performance.now() + waitMs >= deadline) throw error
        await sleep(waitMs, options.signal)
      }
    }
  }
}

function headersOf(
  { token, namespace, headers }: ClientOptions,
  request: OutgoingRequest,
  { idempotencyKey, traceparent }: CallOptions,
): Record<string, string> {
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(namespace !== undefined && { 'lockstep-namespace': namespace }),
    ...(traceparent !== undefined && { traceparent }),
    ...(request.repeat === 'keyed' && { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() }),
    ...headers?.(),
    ...request.headers,
  }
}

async function attempt(
  { fetch = globalThis.fetch, attemptMs = 5_000 }: ClientOptions,
  base: string,
  { method, path, headers, body, waitMs = 0, isRaw }: OutgoingRequest,
  leftMs: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const cut = new AbortController()
  const end = () => cut.abort(signal?.reason)
  const timer = after(Math.min(leftMs, attemptMs + waitMs), end)
  signal?.addEventListener('abort', end, { once: true })
  const askedAt = performance.now()
  let isOpen = false
  try {
    const url = base.replace(/\/$/, '') + path
    const init = { method, headers, signal: cut.signal, ...(body !== undefined && { body }) }
    const response = await fetch(url, init as RequestInit)
    const { status, headers: answered, body: stream } = response
    isOpen = !!answered.get('content-type')?.startsWith('text/event-stream')
    if (isOpen && stream) return { status, headers: answered, bytes: NO_BYTES, askedAt, stream }
    const bytes = new Uint8Array(await response.arrayBuffer())
    const answer = { status, headers: answered, bytes, askedAt }
    const isJson = answered.get('content-type')?.startsWith('application/json')
    const isOurs = isJson || isRaw || status !== 200
    if ((!response.ok && status !== 304) || !isOurs) throw errorOf(answer)
    return answer
  } catch (error) {
    if (error instanceof LockstepError || error instanceof NoAnswerError) throw error
    throw new NoAnswerError(`${method} ${base}${path}: no answer`, { cause: error })
  } finally {
    clearTimeout(timer)
    // The signal of the caller ends a stream later on.
    if (!isOpen) signal?.removeEventListener('abort', end)
  }
}

const NO_BYTES = new Uint8Array()

/** The problem in an answer. A proxy between may answer something else. */
function errorOf({ status, headers, bytes }: Answer): Error {
  if (!headers.get('content-type')?.startsWith('application/problem+json')) {
    return new NoAnswerError(`status ${status}, not from the service`)
  }
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN)
  const problem = JSON.parse(new TextDecoder().decode(bytes))
  if (!problem?.code) return new NoAnswerError(`status ${status}, a problem of another service`)
  const seconds = Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter * 1_000 }
  return new LockstepError({ ...seconds, ...problem })
}
