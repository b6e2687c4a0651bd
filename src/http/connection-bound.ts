import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Load } from './load.js'

/** The connections of a server beyond the bound: a reserve, which serves one request each. */
export type ExcessConnections = ReadonlySet<Socket>

/**
 * Counts the connections of a server. Beyond the bound and its reserve, Node closes a new one at
 * once. Those of the reserve have as long as any for their request.
 */
export function boundConnections(server: Server, load: Load, isTls: boolean): ExcessConnections {
  const bound = load.bounds.connections
  const excess = new Set<Socket>()
  let open = 0
  server.maxConnections = bound.max + bound.reserve
  function end() {
    open -= 1
    bound.count -= 1
  }
  server.on('connection', (socket: Socket) => {
    open += 1
    bound.count += 1
    socket.on('close', end)
  })
  server.on('drop', () => load.shed('connections'))
  // With TLS, requests have another socket.
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (open <= bound.max) return
    excess.add(socket)
    socket.on('close', () => excess.delete(socket))
  })
  return excess
}
