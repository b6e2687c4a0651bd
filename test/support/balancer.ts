import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WAIT_MS } from './bounds.js'

export interface Balancer {
  readonly url: string
  /** Ports that answered their last probe with 200. */
  ready(): readonly number[]
  /** How many requests went to each port. */
  readonly served: ReadonlyMap<number, number>
  close(): void
}

export interface BalancerOptions {
  readonly ports: readonly number[]
  readonly probeEveryMs: number
  /** How long it keeps an idle connection to an instance. */
  readonly idleMs: number
}

/**
 * A typical balancer: it probes /readyz of each instance, removes one that does not answer 200,
 * keeps connections, and retries nothing. nginx without a subscription has no probes.
 */
export async function startBalancer(options: BalancerOptions): Promise<Balancer> {
  const { ports, probeEveryMs, idleMs } = options
  const up = new Set<number>()
  const served = new Map<number, number>()
  const agent = new Agent({ keepAlive: true, timeout: idleMs })
  const probe = (port: number) => {
    // A busy machine may delay the answer; to remove an instance for that would be a false alarm.
    const asked = request({ port, path: '/readyz', agent: false, timeout: WAIT_MS }, (response) => {
      response.resume()
      if (response.statusCode === 200) up.add(port)
      else up.delete(port)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => up.delete(port))
    asked.end()
  }
  const probes = setInterval(() => ports.forEach(probe), probeEveryMs)

  let turn = 0
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const ready = [...up].sort()
    const port = ready[turn++ % ready.length]
    if (port === undefined) {
      outgoing.writeHead(502).end('no instance is ready')
      return
    }
    served.set(port, (served.get(port) ?? 0) + 1)
    const { method, url = '/' } = incoming
    const headers = { ...incoming.headers, host: `127.0.0.1:${port}` }
    const asked = request({ port, method, path: url, headers, agent }, (answer) => {
      const { connection: _, ...kept } = answer.headers
      outgoing.writeHead(answer.statusCode as number, kept)
      answer.pipe(outgoing)
    })
    asked.on('error', (error) => outgoing.writeHead(502).end(`${port}: ${error.message}`))
    incoming.pipe(asked)
  }
  const server = createServer(forward)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready: () => [...up],
    served,
    close() {
      clearInterval(probes)
      agent.destroy()
      server.close()
      server.closeAllConnections()
    },
  }
}
