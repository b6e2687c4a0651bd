import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { expect, inject, it } from 'vitest'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

const TOKEN = 'a-token-for-the-socket'

/** Starts the service on a unix socket and waits until it is ready. */
async function listening(environment: Record<string, string> = {}) {
  const socketPath = path.join(tempFolder(), 'lockstep')
  const service = await startService({
    LOCKSTEP_REDIS_URL: inject('redisUrl'),
    LOCKSTEP_HOST: socketPath,
    ...environment,
  })
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      request({ socketPath, path, method, headers }, (response) => {
        let body = ''
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode as number, body }))
      })
        .on('error', reject)
        .end()
    })
  await until('ready', async () => {
    const answer = await ask('GET', '/readyz').catch(() => undefined)
    return answer?.status === 200
  })
  return { service, socketPath, ask }
}

it('serves every process that may open the socket if no token is configured', async () => {
  const { service, socketPath, ask } = await listening()
  expect(service.stdout()).toContain(`listens on ${socketPath}`)
  expect((await ask('POST', '/v1/locks/socket-open/acquire')).status).toBe(200)
})

it('asks for a token on the socket as well if one is configured', async () => {
  const tokensFile = path.join(tempFolder(), 'tokens.yaml')
  writeFileSync(tokensFile, tokensYaml([{ token: TOKEN, scopes: ['locks:write'] }]))
  const { ask } = await listening({ LOCKSTEP_TOKENS_FILE: tokensFile })
  const acquire = (headers?: Record<string, string>) =>
    ask('POST', '/v1/locks/socket-token/acquire', headers)

  expect((await acquire()).status).toBe(401)
  expect((await acquire({ authorization: 'Bearer another' })).status).toBe(401)
  expect((await acquire({ authorization: `Bearer ${TOKEN}` })).status).toBe(200)
  const forbidden = await ask('GET', '/v1/cache/a/b', { authorization: `Bearer ${TOKEN}` })
  expect(forbidden.status).toBe(403)
})
