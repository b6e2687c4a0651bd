import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { WAIT_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { hasOpenssl, makeCertificate } from '../support/certificates.js'
import { freePort } from '../support/free-port.js'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { tokensYaml } from '../support/tokens.js'
import { bareEnvironment } from '../support/unprivileged.js'
import { until } from '../support/until.js'

let health = ''
beforeAll(async () => {
  health = path.join(await ensureBuilt(), 'health.js')
})

type Environment = Readonly<Record<string, string>>

function check(environment: Environment): Promise<{ code: number; stderr: string }> {
  const env = { ...bareEnvironment, ...environment }
  return new Promise((resolve) => {
    execFile(process.execPath, [health], { env, timeout: WAIT_MS }, (error, _stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    )
  })
}

/** Checks the service while it runs and after it ends. */
async function checkBoth(environment: Environment): Promise<void> {
  const all = { LOCKSTEP_REDIS_URL: inject('redisUrl'), ...environment }
  const service = await startService(all)
  await until('the banner', () => service.stdout().includes('listens on'))
  // The check gives up after 1.5 s, which a busy machine can take.
  await until('a healthy service', async () => (await check(all)).code === 0)
  service.child.kill('SIGTERM')
  await service.exit
  const ended = await check(all)
  expect(ended.stderr).toMatch(/ECONNREFUSED|ENOENT/)
  expect(ended.code).toBe(1)
}

it.each<[string, (port: string) => Environment | Promise<Environment>]>([
  ['on a port', (port) => ({ LOCKSTEP_PORT: port })],
  ['on one address alone', (port) => ({ LOCKSTEP_PORT: port, LOCKSTEP_HOST: '127.0.0.2' })],
  [
    'everywhere',
    (port) => ({
      LOCKSTEP_PORT: port,
      LOCKSTEP_HOST: '0.0.0.0',
      LOCKSTEP_ALLOW_ANONYMOUS: 'true',
    }),
  ],
  ['on a unix socket', () => ({ LOCKSTEP_HOST: path.join(tempFolder(), 'socket') })],
  [
    'on the port of the file, with tokens and policies in it',
    (port) => {
      const file = path.join(tempFolder(), 'lockstep.yaml')
      const tokens = tokensYaml([{ token: 'a', scopes: ['admin'] }])
      writeFileSync(
        file,
        `port: ${port}\npolicies: { api: { limit: 1, windowMs: 1000 } }\n${tokens}`,
      )
      // Kubernetes sets this variable for a service link; it is not our port.
      return { LOCKSTEP_CONFIG_FILE: file, LOCKSTEP_PORT: 'tcp://10.0.0.1:7700' }
    },
  ],
])('knows a service %s from one that is gone', async (_where, environment) => {
  await checkBoth(await environment(String(await freePort())))
})

for (const asks of [false, true]) {
  it(`knows a service with TLS${asks ? ' that asks for certificates' : ''}`, async ({ skip }) => {
    if (!hasOpenssl()) skip('openssl is not installed, which makes the certificates')
    const { certFile, keyFile } = makeCertificate(tempFolder(), 'lockstep')
    const environment = {
      LOCKSTEP_PORT: String(await freePort()),
      LOCKSTEP_TLS_CERT_FILE: certFile,
      LOCKSTEP_TLS_KEY_FILE: keyFile,
      ...(asks && { LOCKSTEP_TLS_CLIENT_CA_FILE: makeCertificate(tempFolder(), 'ca').certFile }),
    }
    await checkBoth(environment)
  })
}

it('gives up on a service that hangs, and on a configuration that is wrong', async () => {
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as { port: number }
  expect(await check({ LOCKSTEP_PORT: String(port) })).toEqual({
    code: 1,
    stderr: 'no answer in 1500 ms\n',
  })
  expect(await check({ LOCKSTEP_PORT: 'none' })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('LOCKSTEP_PORT'),
  })
})
