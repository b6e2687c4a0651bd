import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'

declare module 'fastify' {
  interface FastifyReply {
    /** It became a stream: how long it lasts says nothing about how fast we are. */
    isStream: boolean
  }
}

export function installEventStreams(app: FastifyInstance): void {
  app.decorateReply('isStream', false)
}

/**
 * Server-sent events to one client, by the format of the HTML standard. What the socket does not
 * take at once is kept by Node: whoever sends must stop while `isBehind`.
 */
export class EventStream {
  readonly #response: ServerResponse
  #behindSince = Number.POSITIVE_INFINITY

  /**
   * The answer begins here, with status 200; a request that may still fail must do so before.
   * @param retryMs how long a client waits before it connects again
   */
  constructor(reply: FastifyReply, retryMs: number) {
    reply.hijack()
    reply.isStream = true
    this.#response = reply.raw
    this.#response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      'cache-control': 'private, no-store',
      // nginx would keep events back until it has a buffer full of them.
      'x-accel-buffering': 'no',
    })
    this.#response.on('drain', () => {
      this.#behindSince = Number.POSITIVE_INFINITY
    })
    // Without it an error of the socket would end the process; it is followed by 'close'.
    this.#response.on('error', () => undefined)
    this.#write(`retry: ${retryMs}\n\n`)
  }

  /** @param id by which the client says what it saw last, when it connects again */
  send(event: string, content: object, id?: string): void {
    const place = id === undefined ? '' : `id: ${id}\n`
    this.#write(`event: ${event}\n${place}data: ${JSON.stringify(content)}\n\n`)
  }

  /** A line that clients ignore: it keeps proxies from closing what looks idle. */
  beat(): void {
    this.#write(':\n\n')
  }

  /** The socket does not take what was sent: send no more until `onDrain`. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain
  }

  /** How long the client has not read. */
  get behindMs(): number {
    return this.isBehind ? performance.now() - this.#behindSince : 0
  }

  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener)
  }

  /** Called once, whoever ended it. */
  onClose(listener: () => void): void {
    if (this.#response.destroyed) listener()
    else this.#response.once('close', listener)
  }

  /** After what was sent: the client sees a whole answer. */
  end(): void {
    this.#response.end()
  }

  /** At once: the client does not read. */
  destroy(): void {
    this.#response.destroy()
  }

  #write(text: string): void {
    if (this.isClosed) return
    if (!this.#response.write(text) && this.#behindSince === Number.POSITIVE_INFINITY) {
      this.#behindSince = performance.now()
    }
  }
}
