import type { FastifyInstance, FastifyReply } from 'fastify'
import { EventStream } from './event-stream.js'

/** `lost`: the subject of the stream is gone. `age`: the client connects again, maybe elsewhere. */
export type StreamEnd = 'client' | 'draining' | 'slow' | 'lost' | 'age'

export interface OpenStreamsOptions {
  readonly onOpen: () => void
  readonly onEnd: (why: StreamEnd) => void
  /** Sends the last events when the instance shuts down. */
  readonly onDrain?: (stream: EventStream) => Promise<void>
  /** Below the 30 to 60 s after which proxies close an idle connection. */
  readonly heartbeatMs?: number
  /**
   * A stream that a client can resume ends at this age, or up to half of it earlier, so that clients
   * spread over instances again and do not all connect at once. Default: it does not end by age.
   */
  readonly maxAgeMs?: number
}

/** Of events that can be resumed. */
export const EVENTS_AGE_MS = 30 * 60_000

const HEARTBEAT_MS = 15_000
const LOOK_EVERY_MS = 1_000
const RETRY_MS = 1_000

interface Open {
  /** `client`, unless this instance ends it. */
  why: StreamEnd
  readonly stuckMs: number
  readonly endsAt: number
}

/** The open streams of one kind: sends heartbeats, and ends them by age and when the instance shuts down. */
export class OpenStreams {
  readonly #streams = new Map<EventStream, Open>()
  readonly #options: OpenStreamsOptions

  constructor(app: FastifyInstance, options: OpenStreamsOptions) {
    this.#options = options
    const heartbeats = setInterval(() => this.#heartbeat(), options.heartbeatMs ?? HEARTBEAT_MS)
    const looks = setInterval(() => this.#look(), LOOK_EVERY_MS)
    heartbeats.unref()
    looks.unref()
    // Before the server waits for its open connections, which these would delay.
    app.addHook('preClose', async () => {
      clearInterval(heartbeats)
      clearInterval(looks)
      await Promise.all([...this.#streams.keys()].map((stream) => this.#drain(stream)))
    })
  }

  /** @param stuckMs a client that reads nothing for this long is cut off */
  open(reply: FastifyReply, stuckMs: number): EventStream {
    const stream = new EventStream(reply, RETRY_MS)
    const { maxAgeMs = Number.POSITIVE_INFINITY } = this.#options
    const ageMs = maxAgeMs * (1 - Math.random() / 2)
    const open: Open = { why: 'client', stuckMs, endsAt: performance.now() + ageMs }
    this.#streams.set(stream, open)
    this.#options.onOpen()
    stream.onClose(() => {
      this.#options.onEnd(open.why)
      this.#streams.delete(stream)
    })
    return stream
  }

  end(stream: EventStream, why: StreamEnd): void {
    const open = this.#streams.get(stream)
    if (open) open.why = why
    stream.end()
  }

  async #drain(stream: EventStream): Promise<void> {
    await this.#options.onDrain?.(stream)
    this.end(stream, 'draining')
  }

  #heartbeat(): void {
    for (const stream of this.#streams.keys()) if (!stream.isBehind) stream.heartbeat()
  }

  #look(): void {
    const now = performance.now()
    for (const [stream, open] of this.#streams) {
      if (stream.behindMs >= open.stuckMs) {
        open.why = 'slow'
        stream.destroy()
      } else if (now >= open.endsAt) this.end(stream, 'age')
    }
  }
}
