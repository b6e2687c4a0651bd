import { copyFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import { beforeEach, expect, inject, it } from 'vitest'
import { readTls, type TlsOptions, watchTls } from '../../src/server/tls.js'
import { type Certificate, hasOpenssl, makeCertificate } from '../support/certificates.js'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

beforeEach(({ skip }) => {
  if (!hasOpenssl()) skip('openssl is not installed, which makes the certificates')
})

const environment = (server: Certificate) => ({
  LOCKSTEP_REDIS_URL: inject('redisUrl'),
  LOCKSTEP_TLS_CERT_FILE: server.certFile,
  LOCKSTEP_TLS_KEY_FILE: server.keyFile,
})

/** Returns the name in the server's certificate and the status of its answer. */
function ask(
  url: string,
  options: RequestOptions,
  path = '/livez',
): Promise<{ status: number; name: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { agent: false, ...options }, (response) => {
      const { subject } = (
        response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate()
      response.resume()
      resolve({ status: response.statusCode ?? 0, name: subject.CN })
    })
    asked.on('error', reject).end()
  })
}

it('serves TLS, and loads a renewed certificate at SIGHUP', async () => {
  const folder = tempFolder()
  const first = makeCertificate(folder, 'first')
  const second = makeCertificate(folder, 'second')
  const trust = { ca: [first.cert, second.cert] }
  const service = await startService(environment(first))
  const url = await service.url()
  expect(url).toMatch(/^https:/)
  expect(await ask(url, trust)).toEqual({ status: 200, name: 'first' })

  copyFileSync(second.certFile, first.certFile)
  service.child.kill('SIGHUP')
  await until('the refusal of half a pair', () => service.stdout().includes('kept as it was'))
  expect((await ask(url, trust)).name).toBe('first')

  copyFileSync(second.keyFile, first.keyFile)
  service.child.kill('SIGHUP')
  await until('the new certificate', async () => (await ask(url, trust)).name === 'second')
})

it('asks clients for a certificate when configured', async () => {
  const folder = tempFolder()
  const server = makeCertificate(folder, 'server')
  const client = makeCertificate(folder, 'client')
  const stranger = makeCertificate(folder, 'stranger')
  const service = await startService({
    ...environment(server),
    LOCKSTEP_TLS_CLIENT_CA_FILE: client.certFile,
  })
  const url = await service.url()
  const trust = { ca: server.cert }
  expect(await ask(url, { ...trust, cert: client.cert, key: client.key })).toEqual({
    status: 200,
    name: 'server',
  })
  await expect(ask(url, trust)).rejects.toThrow()
  const other = { ...trust, cert: stranger.cert, key: stranger.key }
  await expect(ask(url, other)).rejects.toThrow()
})

it('bounds its connections, and answers what is served first on one more', async () => {
  const server = makeCertificate(tempFolder(), 'server')
  const service = await startService({
    ...environment(server),
    LOCKSTEP_MAX_CONNECTIONS: '1',
  })
  const url = await service.url()
  const trust = { ca: server.cert }
  const agent = new Agent({ keepAlive: true })
  expect((await ask(url, { ...trust, agent })).status).toBe(200)
  // Others may be open still, and then this one is closed.
  const untilIs = (path: string, status: number) =>
    until(`${status}`, async () => (await ask(url, trust, path)).status === status)
  await untilIs('/v1/locks/many', 503)
  await untilIs('/livez', 200)
  agent.destroy()
  await untilIs('/v1/locks/many', 200)
})

it('refuses files that do not fit together', () => {
  const folder = tempFolder()
  const [one, other] = ['one', 'other'].map((name) => makeCertificate(folder, name)) as [
    Certificate,
    Certificate,
  ]
  const files = { tlsCertFile: one.certFile, tlsKeyFile: other.keyFile, tlsClientCaFile: '' }
  expect(() => readTls(files)).toThrow(/do not fit together/)
  expect(() => readTls({ ...files, tlsKeyFile: '' })).toThrow(/needs both/)
  expect(() => readTls({ ...files, tlsKeyFile: '/none/such' })).toThrow(/cannot be read/)
})

it('notices a renewed certificate by itself, and says once that it is broken', async () => {
  const folder = tempFolder()
  const first = makeCertificate(folder, 'first')
  const second = makeCertificate(folder, 'second')
  const files = { tlsCertFile: first.certFile, tlsKeyFile: first.keyFile, tlsClientCaFile: '' }
  const seen: TlsOptions[] = []
  const faults: string[] = []
  const end = watchTls(files, readTls(files)!, {
    onChange: (tls) => void seen.push(tls),
    onFault: ({ message }) => void faults.push(message),
    everyMs: 5,
  })
  copyFileSync(second.certFile, first.certFile)
  await until('the fault', () => faults.length > 0)
  copyFileSync(second.keyFile, first.keyFile)
  await until('the change', () => seen.length > 0)
  end()
  expect(faults).toEqual([expect.stringContaining('do not fit together')])
  expect(seen).toEqual([expect.objectContaining({ cert: second.cert, key: second.key })])
})
