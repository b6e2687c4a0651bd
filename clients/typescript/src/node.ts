/// <reference types="node" />
import { request } from 'node:http'
import { Readable } from 'node:stream'

/** A `fetch` over a unix socket, for the option `fetch` of a client in Node. */
export function overSocket(socketPath: string): typeof globalThis.fetch {
  return (input, { method = 'GET', headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const { pathname, search } = new URL(String(input))
      const sent = Object.fromEntries(new Headers(headers))
      const path = pathname + search
      const asked = request({ socketPath, method, path, headers: sent, ...(signal && { signal }) })
      asked.on('error', reject)
      asked.on('response', (answer) => {
        const { statusCode: status = 0 } = answer
        const pairs = Object.entries(answer.headers).map(([name, value]) => [name, String(value)])
        const hasNoBody = status === 204 || status === 304
        const content = hasNoBody ? null : (Readable.toWeb(answer) as ReadableStream)
        resolve(new Response(content, { status, headers: Object.fromEntries(pairs) }))
        if (hasNoBody) answer.resume()
      })
      asked.end(body as string | Uint8Array | undefined)
    })
}
