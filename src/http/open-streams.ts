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
}

const BEAT_EVERY_MS = 15_000
const LOOK_EVERY_MS = 1_000
const RETRY_MS = 1_000

interface Open {
  /** Why it ended, as far as it was not its client. */
  why: StreamEnd
  readonly stuckMs: number
}

/** The streams of one kind: kept awake, and ended when the instance shuts down. */
export class OpenStreams {
  readonly #streams = new Map<EventStream, Open>()
  readonly #options: OpenStreamsOptions

  constructor(app: FastifyInstance, options: OpenStreamsOptions) {
    this.#options = options
    const beats = setInterval(() => this.#beat(), options.beatEveryMs ?? BEAT_EVERY_MS)
    const looks = setInterval(() => this.#cutStuck(), LOOK_EVERY_MS)
    beats.unref()
    looks.unref()
    // Before the server waits for its open connections: these would keep it waiting.
    app.addHook('preClose', async () => {
      clearInterval(beats)
      clearInterval(looks)
      await Promise.all([...this.#streams.keys()].map((stream) => this.#drain(stream)))
    })
  }

  /** @param stuckMs a client that reads nothing for so long is cut off */
  open(reply: FastifyReply, stuckMs: number): EventStream {
    const stream = new EventStream(reply, RETRY_MS)
    const open: Open = { why: 'client', stuckMs }
    this.#streams.set(stream, open)
    this.#options.onOpen()
    stream.onClose(() => {
      this.#options.onEnd(open.why)
      this.#streams.delete(stream)
    })
    return stream
  }

  /** After what was sent. */
  end(stream: EventStream, why: StreamEnd): void {
    const open = this.#streams.get(stream)
    if (open) open.why = why
    stream.end()
  }

  async #drain(stream: EventStream): Promise<void> {
    await this.#options.onDrain?.(stream)
    this.end(stream, 'draining')
  }

  #beat(): void {
    for (const stream of this.#streams.keys()) if (!stream.isBehind) stream.beat()
  }

  #cutStuck(): void {
    for (const [stream, open] of this.#streams) {
      if (stream.behindMs < open.stuckMs) continue
      open.why = 'slow'
      stream.destroy()
    }
  }
}
