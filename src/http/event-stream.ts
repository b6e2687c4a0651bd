import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'

declare module 'fastify' {
  interface FastifyReply {
    /** The answer is an event stream, whose duration is no latency. */
    isStream: boolean
  }
}

export function installEventStreams(app: FastifyInstance): void {
  app.decorateReply('isStream', false)
}

/**
 * One event as text.
 * @param data on one line
 * @param id the client sends the last one when it connects again
 */
export function toFrame(event: string, data: string, id?: string): string {
  const place = id === undefined ? '' : `id: ${id}\n`
  return `event: ${event}\n${place}data: ${data}\n\n`
}

/**
 * Server-sent events to one client, in the format of the HTML standard. Node buffers what the socket
 * does not accept, so the sender must stop while `isBehind`.
 */
export class EventStream {
  readonly #response: ServerResponse
  #behindSince = Number.POSITIVE_INFINITY

  /**
   * Begins the answer, with status 200: a request that may fail must do so before.
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
      // nginx would buffer the events.
      'x-accel-buffering': 'no',
    })
    this.#response.on('drain', () => {
      this.#behindSince = Number.POSITIVE_INFINITY
    })
    // An unhandled error of the socket would end the process; 'close' follows it.
    this.#response.on('error', () => undefined)
    this.write(`retry: ${retryMs}\n\n`)
  }

  /** @param id the client sends the last one when it connects again */
  send(event: string, content: object, id?: string): void {
    this.write(toFrame(event, JSON.stringify(content), id))
  }

  /** A comment, which clients ignore: it keeps proxies from closing an idle connection. */
  heartbeat(): void {
    this.write(':\n\n')
  }

  /** The socket accepts no more: wait for `onDrain`. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain
  }

  /** How long the client has read nothing. */
  get behindMs(): number {
    return this.isBehind ? performance.now() - this.#behindSince : 0
  }

  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener)
  }

  /** Called once, whichever side closed it. */
  onClose(listener: () => void): void {
    if (this.#response.destroyed) listener()
    else this.#response.once('close', listener)
  }

  /** Ends the answer after what was sent. */
  end(): void {
    this.#response.end()
  }

  /** Cuts the connection at once, for a client that does not read. */
  destroy(): void {
    this.#response.destroy()
  }

  /** @param text a whole event, as `toFrame` makes it */
  write(text: string): void {
    if (this.isClosed) return
    if (!this.#response.write(text) && this.#behindSince === Number.POSITIVE_INFINITY) {
      this.#behindSince = performance.now()
    }
  }
}
