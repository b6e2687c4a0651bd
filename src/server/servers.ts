import type { Server } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { type Address, toAddressError } from './listen.js'
import type { TlsOptions } from './tls.js'

/** A server and its address. */
export interface Listener {
  readonly app: FastifyInstance
  readonly address: Address
}

const SWEEP_MS = 50

/**
 * @returns the URL of each
 * @throws AddressError
 */
export async function listen(listeners: readonly Listener[]): Promise<string[]> {
  const urls: string[] = []
  for (const { app, address } of listeners) {
    try {
      urls.push(await app.listen(address.listen))
    } catch (error) {
      throw toAddressError(address, error)
    }
  }
  return urls
}

/** Closes one after the other; `boundMs` after the start, running requests are cut. */
export async function close(listeners: readonly Listener[], boundMs: number): Promise<void> {
  const deadline = performance.now() + boundMs
  for (const { app } of listeners) {
    const left = Math.max(0, deadline - performance.now())
    const bound = setTimeout(() => app.server.closeAllConnections(), left)
    // close() ends the connections that are idle now. One that becomes idle later would be kept
    // alive, and the stop would wait for it.
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS)
    await app.close()
    clearTimeout(bound)
    clearInterval(sweep)
  }
}

export function renewCertificate(listeners: readonly Listener[], fresh: TlsOptions): void {
  for (const { app } of listeners) (app.server as unknown as Server).setSecureContext(fresh)
}
