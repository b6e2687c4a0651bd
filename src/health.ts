/** `node dist/health.js` ends with 0 if the service of this configuration answers, otherwise with 1. */

import { type ClientRequest, request } from 'node:http'
import { request as requestByTls } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { loadSettings } from './config/load.js'
import type { Settings } from './config/settings.js'
import { toAddress } from './server/listen.js'

/** Below the timeout of HEALTHCHECK in the image. */
const BOUND_MS = 1_500

/** The loopback address for an address that means all interfaces. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function ask(settings: Settings): ClientRequest {
  const { host, port, path } = toAddress(settings.host, settings.port).listen
  const options = {
    ...(path === undefined ? { host: LOOPBACK[host ?? ''] ?? host, port } : { socketPath: path }),
    path: '/livez',
    // Every service accepts this name.
    headers: { host: 'localhost' },
    timeout: BOUND_MS,
  }
  if (settings.tlsCertFile === '') return request(options)
  // The certificate need not name localhost.
  return requestByTls({ ...options, rejectUnauthorized: false })
}

/** Resolves when the service answers. */
function answered(settings: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = ask(settings)
    asked.on('response', ({ statusCode }) => {
      if (statusCode === 200) resolve()
      else reject(new Error(`it answers ${statusCode}`))
    })
    asked.on('timeout', () => reject(new Error(`no answer in ${BOUND_MS} ms`)))
    asked.on('error', reject)
    // Without a client certificate, a handshake is the answer.
    if (settings.tlsClientCaFile !== '') {
      asked.on('socket', (socket) => (socket as TLSSocket).on('secureConnect', resolve))
    }
    asked.end()
  })
}

try {
  await answered(loadSettings(process.env))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(1)
}
