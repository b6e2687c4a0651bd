import type { Call, Input } from './call.js'
import { after, backoffMs, sleep } from './repeats.js'
import type { CallOptions } from './transport.js'

/** The service sends at least a comment every 15 s: after this long a stream is dead. */
const SILENCE_MS = 40_000

export type Streaming = 'holdLock' | 'watchLock' | 'followStream'

export interface ServerEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: unknown
}

/** A stream of events that has begun. It is open until it ends, or the generator does. */
export interface Connection {
  /** `performance.now()` before the request. */
  readonly askedAt: number
  readonly events: AsyncGenerator<ServerEvent>
}

export async function connect<K extends Streaming>(
  call: Call,
  operation: K,
  input: Input<K>,
  { signal, ...options }: CallOptions,
): Promise<Connection> {
  const cut = new AbortController()
  const stop = () => cut.abort(signal?.reason)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  const close = () => {
    signal?.removeEventListener('abort', stop)
    cut.abort()
  }
  try {
    const { stream, askedAt } = await call(operation, input, { ...options, signal: cut.signal })
    return { askedAt, events: read(stream as ReadableStream<Uint8Array>, close) }
  } catch (error) {
    close()
    throw error
  }
}

/** The events of an answer. Closes it when they end, and after a silence. */
export async function* read(
  stream: ReadableStream<Uint8Array>,
  close: () => void,
): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const silence = after(SILENCE_MS, close)
      const { done, value } = await reader.read().finally(() => clearTimeout(silence))
      if (done) return
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) if (/^data:/m.test(block)) yield toEvent(block)
    }
  } finally {
    close()
  }
}

function toEvent(block: string): ServerEvent {
  const fieldOf = (name: string) => block.match(new RegExp(`^${name}: ?(.*)$`, 'm'))?.[1]
  return {
    event: fieldOf('event') ?? 'message',
    id: fieldOf('id'),
    data: JSON.parse(fieldOf('data') ?? 'null'),
  }
}

/**
 * Events without end: when a connection ends, another goes on after the last event seen.
 * @throws what `next` throws, and the reason of the signal
 */
export async function* across(
  first: Connection,
  next: (lastId: string | undefined) => Promise<Connection>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerEvent & Pick<Connection, 'askedAt'>> {
  let lastId: string | undefined
  let { askedAt, events } = first
  for (let tries = 0; ; tries++) {
    try {
      for await (const event of events) {
        lastId = event.id ?? lastId
        tries = 0
        yield { ...event, askedAt }
      }
    } catch {
      // The connection was cut.
    }
    await sleep(backoffMs(undefined, tries), signal)
    ;({ askedAt, events } = await next(lastId))
  }
}

/** What is happening, without end. @throws what the service refuses, and the reason of the signal */
export async function* follow<K extends 'watchLock' | 'followStream'>(
  call: Call,
  operation: K,
  input: Input<K>,
  options: CallOptions = {},
): AsyncGenerator<ServerEvent> {
  // The first connection has the time of a call; an outage later on may last as long as it likes.
  const endless = { timeoutMs: Number.POSITIVE_INFINITY, ...options }
  const first = await connect(call, operation, input, options)
  const next = (lastId: string | undefined) => {
    const header = lastId === undefined ? {} : { 'Last-Event-Id': lastId }
    return connect(call, operation, { ...input, header }, endless)
  }
  yield* across(first, next, options.signal)
}
