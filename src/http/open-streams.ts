import type { FastifyInstance, FastifyReply } from 'fastify'
import { EventStream } from './event-stream.js'

export type StreamEnd = 'client' | 'draining' | 'slow'

export interface OpenStreamsOptions {
  readonly onOpen: () => void
  readonly onEnd: (why: StreamEnd) => void
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
      for (const stream of this.#streams.keys()) {
        this.#streams.set(stream, 'draining')
        stream.end()
      }
    })
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
      else {
        this.#streams.set(stream, 'slow')
        stream.destroy()
      }
    }
  }
}
