import { once } from 'node:events'
import { request } from 'node:http'
import { expect, inject, it } from 'vitest'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

const REDIS = { LOCKSTEP_REDIS_URL: inject('redisUrl') }

const status = async (url: string): Promise<number> => (await fetch(url)).status

it('serves metrics and status at an address of their own, and only there', async () => {
  const service = await startService({
    ...REDIS,
    LOCKSTEP_ADMIN_HOST: '127.0.0.1',
    LOCKSTEP_ADMIN_PORT: '0',
  })
  const url = await service.ready()
  const admin = /Admin +(http\S+)/.exec(service.stdout())?.[1] as string

  await fetch(`${url}/v1/locks/seen/acquire`, { method: 'POST' })
  for (const path of ['/livez', '/readyz', '/metrics', '/v1/status']) {
    expect([path, await status(admin + path)]).toEqual([path, 200])
  }
  expect(await (await fetch(`${admin}/metrics`)).text()).toContain(
    'route="/v1/locks/:name/acquire",status="200"',
  )
  const paths = ['/livez', '/readyz', '/metrics', '/v1/status', '/openapi.yaml']
  const seen = await Promise.all(paths.map(async (path) => status(url + path)))
  expect(seen).toEqual([200, 200, 404, 404, 200])
  const posted = await fetch(`${admin}/v1/locks/seen/acquire`, { method: 'POST' })
  expect(posted.status).toBe(404)
  expect(await posted.json()).toMatchObject({ code: 'unknown-path' })
})

it('answers 503 on the admin /readyz while the service drains', async () => {
  const folder = tempFolder()
  const service = await startService({
    ...REDIS,
    LOCKSTEP_ADMIN_HOST: `${folder}/admin`,
    LOCKSTEP_DRAIN_TIMEOUT_MS: '300000',
  })
  const url = await service.ready()
  const probe = () => askSocket(`${folder}/admin`, '/readyz')
  expect(await probe()).toBe(200)

  await fetch(`${url}/v1/locks/held/acquire`, { method: 'POST' })
  // The drain answers queued acquires at once; a half-sent request keeps it open.
  const slow = request(`${url}/v1/locks/held/acquire`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': '2', expect: '100-continue' },
  })
  const ended = new Promise((resolve) => slow.once('error', resolve).once('response', resolve))
  await once(slow, 'continue')
  slow.write('{')
  service.child.kill('SIGTERM')
  await until('unready', async () => (await probe()) === 503)
  slow.end('}')
  await ended
  expect(await service.exit).toBe(0)
})

it('refuses to open either to the world without one', async () => {
  const open = await startService({ ...REDIS, LOCKSTEP_ADMIN_HOST: '0.0.0.0' })
  expect(await open.exit).toBe(2)
  expect(open.stderr()).toContain('LOCKSTEP_ADMIN_HOST and LOCKSTEP_ADMIN_PORT say 0.0.0.0:7701')

  const same = await startService({
    ...REDIS,
    LOCKSTEP_PORT: '7799',
    LOCKSTEP_ADMIN_HOST: 'localhost',
    LOCKSTEP_ADMIN_PORT: '7799',
  })
  expect(await same.exit).toBe(2)
  expect(same.stderr()).toContain('are both 127.0.0.1:7799')
})

function askSocket(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      response.resume()
      resolve(response.statusCode as number)
    })
      .on('error', reject)
      .end()
  })
}
