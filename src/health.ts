import { type ClientRequest, request } from 'node:http'
import { request as requestByTls } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { loadSettings } from './config/load.js'
import type { Settings } from './config/settings.js'
import { toAddress } from './server/listen.js'

// node dist/health.js
// Ends with exit code 0 if the service with this configuration answers, else with 1 and why.

/** Below the time that the HEALTHCHECK of the image gives. */
const BOUND_MS = 1_500

/** An address to listen on everywhere is reached on loopback. */
const REACHED_AT: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function ask(settings: Settings): ClientRequest {
  const { host, port, path } = toAddress(settings.host, settings.port).listen
  const options = {
    ...(path === undefined ? { host: REACHED_AT[host ?? ''] ?? host, port } : { socketPath: path }),
    path: '/livez',
    // A name that every service answers to.
    headers: { host: 'localhost' },
    timeout: BOUND_MS,
  }
  if (settings.tlsCertFile === '') return request(options)
  // Nobody but this machine is asked, under a name that its certificate need not hold.
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
    // We have no certificate to show, and a handshake is an answer.
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
