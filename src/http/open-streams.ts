import type { FastifyInstance, FastifyReply } from 'fastify'
import { EventStream } from './event-stream.js'

/** `lost`: what the stream was about is over. */
export type StreamEnd = 'client' | 'draining' | 'slow' | 'lost'

export interface OpenStreamsOptions {
  readonly onOpen: () => void
  readonly onEnd: (why: StreamEnd) => void
  /** What is still to be sent when the instance shuts down. */
  readonly onDrain?: (stream: EventStream) => Promise<void>
  /** Below the 30 to 60 s after which proxies close what looks idle. */
  readonly beatEveryMs?: number
  /** A client that reads nothing for so long is gone, or as good as gone. */
  readonly stuckMs?: number
}

const BEAT_EVERY_MS = 15_000
const STUCK_MS = 60_000
const RETRY_MS = 1_000

/** The streams of one kind: kept awake, and ended when the instance shuts down. */
export class OpenStreams {
  readonly #streams = new Map<EventStream, StreamEnd>()
  readonly #options: OpenStreamsOptions

  constructor(app: FastifyInstance, options: OpenStreamsOptions) {
    this.#options = options
    const timer = setInterval(() => this.#beat(), options.beatEveryMs ?? BEAT_EVERY_MS)
    timer.unref()
    // Before the server waits for its open connections: these would keep it waiting.
    app.addHook('preClose', async () => {
      clearInterval(timer)
      await Promise.all([...this.#streams.keys()].map((stream) => this.#drain(stream)))
    })
  }

  /** After what was sent. */
  end(stream: EventStream, why: StreamEnd): void {
    this.#note(stream, why)
    stream.end()
  }

  /** At once: the client does not read. */
  cut(stream: EventStream, why: StreamEnd): void {
    this.#note(stream, why)
    stream.destroy()
  }

  async #drain(stream: EventStream): Promise<void> {
    await this.#options.onDrain?.(stream)
    this.end(stream, 'draining')
  }

  #note(stream: EventStream, why: StreamEnd): void {
    if (this.#streams.has(stream)) this.#streams.set(stream, why)
  }

  open(reply: FastifyReply): EventStream {
    const stream = new EventStream(reply, RETRY_MS)
    this.#streams.set(stream, 'client')
    this.#options.onOpen()
    stream.onClose(() => {
      this.#options.onEnd(this.#streams.get(stream) as StreamEnd)
      this.#streams.delete(stream)
    })
    return stream
  }

  #beat(): void {
    for (const stream of this.#streams.keys()) {
      if (stream.behindMs < (this.#options.stuckMs ?? STUCK_MS)) stream.beat()
      else this.cut(stream, 'slow')
    }
  }
}
