import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, inject, it } from 'vitest'
import { startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

it('two processes follow the policies of their file and of each other, and keep the counts', async () => {
  const file = path.join(tempFolder(), 'lockstep.yaml')
  const write = (limit: number) =>
    writeFileSync(
      file,
      `policies: { filed: { algorithm: sliding-log, limit: ${limit}, windowMs: 3600000 } }`,
    )
  write(5)
  const environment = { LOCKSTEP_CONFIG_FILE: file, LOCKSTEP_REDIS_URL: inject('redisUrl') }
  const services = await Promise.all([startService(environment), startService(environment)])
  const [first, second] = (await Promise.all(services.map((service) => service.ready()))) as [
    string,
    string,
  ]
  const headers = { 'lockstep-namespace': `t-${randomUUID()}` }
  const ask = async (url: string, verb: string): Promise<{ remaining: number }> => {
    const answer = await fetch(`${url}/v1/ratelimits/${verb}`, { method: 'POST', headers })
    return (await answer.json()) as { remaining: number }
  }
  const put = (limit: number) =>
    fetch(`${first}/v1/ratelimit-policies/stored`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ algorithm: 'sliding-log', limit, windowMs: 3_600_000 }),
    })

  expect((await ask(first, 'filed/check?key=a&cost=2')).remaining).toBe(3)
  expect((await ask(second, 'filed/check?key=a&cost=2')).remaining).toBe(1)
  write(10)
  for (const { child } of services) child.kill('SIGHUP')
  for (const url of [first, second]) {
    await until('the new limit', async () => (await ask(url, 'filed/peek?key=a')).remaining === 6)
  }

  expect((await put(5)).status).toBe(201)
  expect((await ask(second, 'stored/check?key=a&cost=2')).remaining).toBe(3)
  expect((await put(10)).status).toBe(200)
  expect((await ask(first, 'stored/peek?key=a')).remaining).toBe(8)
  await until('the change', async () => (await ask(second, 'stored/peek?key=a')).remaining === 8)
})
