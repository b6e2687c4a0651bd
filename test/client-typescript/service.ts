import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ClientOptions, Lockstep } from '../../clients/typescript/src/lockstep.js'
import { WAIT_MS } from '../support/bounds.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import type { Harness } from '../support/harness.js'

export const urlOf = ({ app }: Harness) =>
  `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`

/** A client in the namespace of the harness, which waits as long as a busy machine needs. */
export const connect = (harness: Harness, options: Partial<ClientOptions> = {}) =>
  new Lockstep({
    url: urlOf(harness),
    namespace: harness.namespace,
    timeoutMs: WAIT_MS,
    attemptMs: WAIT_MS,
    ...options,
  })

/** A client with a fault proxy between it and the service. */
export async function connectThroughFaults(
  harness: Harness,
  options: Partial<ClientOptions> = {},
): Promise<{ client: Lockstep; proxy: FaultProxy }> {
  const proxy = await startFaultProxy(urlOf(harness))
  onTestFinished(() => proxy.close())
  return {
    client: connect(harness, { url: proxy.url.replace(/^redis/, 'http'), ...options }),
    proxy,
  }
}

/** A client between whose calls and their answers stands a function. */
export const connectThrough = (
  harness: Harness,
  change: (path: string, send: () => Promise<Response>) => Promise<Response>,
  options: Partial<ClientOptions> = {},
) =>
  connect(harness, {
    fetch: (url, init) => change(new URL(String(url)).pathname, () => fetch(url, init)),
    ...options,
  })

/** An answer of the service that refuses. */
export const problem = (status: number, code: string, more = {}) =>
  new Response(JSON.stringify({ code, status, detail: 'in a test', ...more }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })

/** One that asks for no soon repeat. */
export const refusal = (status: number, code: string) =>
  problem(status, code, { retryAfterMs: 600_000 })

/** Why the signal aborted. */
export const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    signal.addEventListener('abort', () => resolve(signal.reason))
  })
