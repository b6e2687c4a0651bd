import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { BODY_BYTES } from './body.js'
import type { ExcessConnections } from './connection-bound.js'
import type { Load } from './load.js'
import type { Step } from './request-hooks.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Under overload. `always`: the request is always served, for probes. `lease`: it keeps, ends or
     * settles a lease, and is served before others, so that none is lost because others ask for more.
     * `without-redis`: it may have an answer that does not need Redis.
     */
    served?: 'always' | 'lease' | 'without-redis'
    /** The answer is a stream of events. */
    isStream?: boolean
    /** The most bytes of its body. */
    bodyLimit?: number
  }
}

/** Smaller bodies are bounded by the number of requests. */
const SMALL_BODY_BYTES = 16 * 1024
/** A number with fewer digits is less. */
const SMALL_BODY_DIGITS = String(SMALL_BODY_BYTES).length

/**
 * Counts what an instance works on, and refuses what is beyond a bound. Refused requests are not
 * counted.
 */
export function installAdmission(
  app: FastifyInstance,
  load: Load,
  excess: ExcessConnections,
): Step {
  const { requests, streams, 'body-bytes': bodyBytes } = load.bounds
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, bodyLimit: route.bodyLimit ?? BODY_BYTES } as never
    if (mayWait(route)) countWaiters(route, load)
  })
  function end() {
    requests.count -= 1
  }
  return (request, reply) => {
    const { route } = request
    const { served } = route
    if (excess.size > 0) checkConnection(request, reply, excess, load)
    if (served === 'always') return
    const keepsLease = served === 'lease'
    if (!requests.hasRoom(keepsLease)) throw load.refuse('requests')
    const signal = keepsLease ? undefined : load.overload.refuses(served === undefined)
    if (signal) throw load.refuse(signal)
    if (route.isStream && !streams.hasRoom(keepsLease)) throw load.refuse('streams')
    const bytes = largeBodyBytes(request)
    if (bytes > 0) {
      if (!bodyBytes.hasRoom(keepsLease, bytes)) throw load.refuse('body-bytes')
      bodyBytes.count += bytes
      atEnd(reply, () => {
        bodyBytes.count -= bytes
      })
    }
    load.begin()
    if (route.isStream) move(reply, load, 'streams')
    atEnd(reply, end)
  }
}

/** Node answers the first request of a connection beyond the bound, and closes it. */
function checkConnection(
  { raw: { socket }, route: { served } }: FastifyRequest,
  reply: FastifyReply,
  excess: ExcessConnections,
  load: Load,
): void {
  if (!excess.has(socket)) return
  reply.header('connection', 'close')
  if (served !== 'always' && served !== 'lease') throw load.refuse('connections')
}

/** From 16 KiB, what a request says that it sends; what its route accepts, if it does not say. */
function largeBodyBytes({ headers, route: { bodyLimit = 0 } }: FastifyRequest): number {
  const length = headers['content-length']
  if (length !== undefined) {
    if (length.length < SMALL_BODY_DIGITS) return 0
    const bytes = Number(length)
    // One that is too large is refused before it is read.
    return bytes >= SMALL_BODY_BYTES && bytes <= bodyLimit ? bytes : 0
  }
  return headers['transfer-encoding'] === undefined ? 0 : bodyLimit
}

/** Calls the listener once when the request is answered, or its client is gone. */
function atEnd({ raw, request }: FastifyReply, listener: () => void): void {
  const { socket } = request.raw
  if (raw.destroyed || (raw.socket === null && socket.destroyed)) listener()
  else if (raw.socket !== null) raw.on('close', listener)
  else atEndOfQueued(raw, socket, listener)
}

/**
 * An earlier request of its connection is not answered yet. If the connection closes before, Node
 * forgets this answer without an event.
 */
function atEndOfQueued(raw: ServerResponse, socket: Socket, listener: () => void): void {
  socket.setMaxListeners(0)
  const once = () => {
    socket.off('close', once)
    raw.off('close', once)
    listener()
  }
  raw.on('close', once)
  socket.on('close', once)
}

/** Counts a request as a waiter or a stream, rather than as one that is worked on. */
function move(reply: FastifyReply, load: Load, kind: 'streams' | 'waiters'): void {
  const { requests, [kind]: to } = load.bounds
  requests.count -= 1
  to.count += 1
  atEnd(reply, () => {
    requests.count += 1
    to.count -= 1
  })
}

const mayWait = ({ schema, config }: RouteOptions): boolean =>
  !config?.isStream && [schema?.body, schema?.querystring].some((part) => hasWait(part))

const hasWait = (part: unknown): boolean =>
  'waitMs' in ((part as { properties?: object } | undefined)?.properties ?? {})

function countWaiters(route: RouteOptions, load: Load): void {
  const { handler } = route
  const { waiters } = load.bounds
  route.handler = function (request, reply) {
    if (waitMsOf(request.body) > 0 || waitMsOf(request.query) > 0) {
      if (!waiters.hasRoom(false)) throw load.refuse('waiters')
      move(reply, load, 'waiters')
    }
    return handler.call(this, request, reply)
  }
}

const waitMsOf = (part: unknown): number =>
  (part as { waitMs?: number } | null | undefined)?.waitMs ?? 0
