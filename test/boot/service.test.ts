import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { expect, inject, it } from 'vitest'
import { start } from '../support/managed.js'
import { isAlive, processesNaming } from '../support/processes.js'
import { post, type Service, startService } from '../support/service.js'
import { tempFolder } from '../support/temp-folder.js'
import { tokensYaml } from '../support/tokens.js'
import { until } from '../support/until.js'

/** Drains as long as a test needs. */
const PATIENT = { LOCKSTEP_DRAIN_TIMEOUT_MS: '300000' }

/** Expects that no process of the service runs and that its temp folder is unchanged. */
async function nothingLeft({ child, temp }: Service): Promise<void> {
  await until('no process is left', () => processesNaming(temp).length === 0)
  expect(isAlive(child.pid!)).toBe(false)
  await until('no folder is left', () => readdirSync(temp).length === 0)
}

/** Waits until the service has seen the first signal and refuses new connections. */
const drains = (url: string) =>
  until('it drains', () =>
    fetch(`${url}/livez`).then(
      () => false,
      () => true,
    ),
  )

it('says where it listens, on which Redis, where the docs are, and what to try', async () => {
  const service = await startService()
  const url = await service.url()
  expect(service.stdout()).toMatch(/Lockstep \d+\.\d+\.\d+ listens on http:\/\/127\.0\.0\.1:\d+\n/)
  expect(service.stdout()).toMatch(/(Redis|Valkey) \d+\.\d+\.\d+ started by Lockstep/)
  expect(service.stdout()).toContain(`Docs     ${url}/docs\n`)
  expect((await fetch(`${url}/docs`)).status).toBe(200)

  const [, tried = ''] = /Try +curl -X POST (\S+)\n/.exec(service.stdout()) ?? []
  expect(tried.startsWith(url)).toBe(true)
  expect(await until('ready', async () => (await post(tried)).status === 200)).toBe(true)
})

it('shows a command to try that works with a token, where tokens are configured', async () => {
  const token = 'a-token-to-try'
  const LOCKSTEP_TOKENS_FILE = path.join(tempFolder(), 'tokens.yaml')
  writeFileSync(LOCKSTEP_TOKENS_FILE, tokensYaml([{ token, scopes: ['locks:write'] }]))
  const service = await startService({
    LOCKSTEP_TOKENS_FILE,
    LOCKSTEP_REDIS_URL: inject('redisUrl'),
  })
  await service.ready()
  const [, command = ''] = /Try +(curl .*)\n/.exec(service.stdout()) ?? []
  expect(command).toContain('Bearer YOUR_TOKEN')
  const tried = execFileSync('sh', ['-c', `${command.replace('YOUR_TOKEN', token)} -s`])
  expect(JSON.parse(String(tried))).toMatchObject({ name: 'demo' })
  const { token: lease } = JSON.parse(String(tried)) as { token: string }
  const released = await fetch(`${await service.url()}/v1/locks/demo/release`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ token: lease }),
  })
  expect(released.status).toBe(200)
})

it('runs on the Redis it is given, and never prints a password', async () => {
  const service = await startService({ LOCKSTEP_REDIS_URL: inject('redisUrl') })
  await service.ready()
  expect(processesNaming(service.temp)).toEqual([])

  const secret = await startService({ LOCKSTEP_REDIS_URL: 'redis://me:hunter2@127.0.0.1:1/0' })
  const other = await secret.url()
  expect((await fetch(`${other}/livez`)).status).toBe(200)
  expect((await fetch(`${other}/readyz`)).status).toBe(503)
  expect(secret.stdout()).toContain('redis://127.0.0.1:1/0')
  expect(secret.stdout() + secret.stderr()).not.toContain('hunter2')
})

it.each(['SIGINT', 'SIGTERM'] as const)('%s ends every process, with code 0', async (signal) => {
  const service = await startService()
  await service.url()
  service.child.kill(signal)
  expect(await service.exit).toBe(0)
  await nothingLeft(service)
})

it('finishes a request that began before Ctrl-C, which npm delivers twice', async () => {
  const service = await startService(PATIENT)
  const url = await service.ready()
  const begun = beginRequest(`${url}/v1/locks/begun/acquire`)
  await begun.sent

  service.signalGroup('SIGINT')
  service.signalGroup('SIGINT')
  await drains(url)
  expect(isAlive(service.redisPid()), 'Redis outlives the requests that need it').toBe(true)
  begun.finish()
  expect(await begun.answer).toMatchObject({ status: 200, body: { name: 'begun' } })
  expect(await service.exit).toBe(0)
  await nothingLeft(service)
})

it('refuses a later request on an open connection while it drains', async () => {
  const service = await startService(PATIENT)
  const url = await service.ready()
  const first = beginRequest(`${url}/v1/locks/a/acquire`)
  const second = beginRequest(`${url}/v1/locks/b/acquire`, { late: true })
  await Promise.all([first.sent, second.sent])
  service.child.kill('SIGTERM')
  await drains(url)
  second.finish()
  expect(await second.answer).toMatchObject({ status: 503, body: { code: 'draining' } })
  first.finish()
  expect(await first.answer).toMatchObject({ status: 200 })
  expect(await service.exit).toBe(0)
})

it('cuts off a request that does not end within the bound', async () => {
  const service = await startService({ LOCKSTEP_DRAIN_TIMEOUT_MS: '200' })
  const url = await service.url()
  const begun = beginRequest(`${url}/v1/locks/begun/acquire`)
  await begun.sent
  service.child.kill('SIGTERM')
  await expect(begun.answer).rejects.toThrow(/hang up|ECONNRESET/)
  expect(await service.exit).toBe(0)
  await nothingLeft(service)
})

it('ends at once at a second Ctrl-C two seconds after the first', async () => {
  const service = await startService(PATIENT)
  const url = await service.url()
  const begun = beginRequest(`${url}/v1/locks/begun/acquire`)
  begun.answer.catch(() => {})
  await begun.sent
  service.signalGroup('SIGINT')
  await drains(url)
  const firstAt = performance.now()
  // Real time: within two seconds a second signal counts as npm's copy of the first.
  await until('the bound has passed', () => performance.now() - firstAt > 2_100)
  expect(isAlive(service.child.pid!)).toBe(true)
  service.signalGroup('SIGINT')
  expect(await service.exit).toBe(130)
  await nothingLeft(service)
})

it('ends its Redis when it is SIGKILLed', async () => {
  const service = await startService()
  await service.url()
  expect(processesNaming(service.temp).length).toBeGreaterThan(0)
  service.child.kill('SIGKILL')
  await service.exit
  await nothingLeft(service)
})

it('keeps its data folder locked while its Redis runs', async () => {
  const dataFolder = tempFolder()
  const service = await startService({ LOCKSTEP_DATA_DIR: dataFolder })
  await service.url()
  const redis = service.redisPid()
  process.kill(redis, 'SIGSTOP')
  service.child.kill('SIGKILL')
  await service.exit
  await expect(start({ dataFolder, lockWaitMs: 0 })).rejects.toThrow(
    new RegExp(`in use by process ${redis} \\(.*(redis|valkey)`),
  )
  process.kill(redis, 'SIGCONT')
  await start({ dataFolder })
  expect(isAlive(redis)).toBe(false)
})

it('keeps a lock across Ctrl-C and across SIGKILL', async () => {
  const LOCKSTEP_DATA_DIR = tempFolder()
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const before = await startService({ LOCKSTEP_DATA_DIR })
    const held = `${await before.url()}/v1/locks/${signal}/acquire?ttlMs=600000`
    const first = await until('a lease', async () => (await post(held)).body.fence)
    // Redis writes the append-only file before it answers, and syncs it every second.
    before.signalGroup(signal)
    await before.exit

    const after = await startService({ LOCKSTEP_DATA_DIR })
    const url = `${await after.url()}/v1/locks/${signal}`
    const lock = await until('the lock', async () => {
      const response = await fetch(url)
      return response.ok && ((await response.json()) as { state: string; holders: object[] })
    })
    expect(lock).toMatchObject({ state: 'held', holders: [{ fence: first }] })
    after.child.kill('SIGTERM')
    await after.exit
  }
})

it('continues when its Redis is killed', async () => {
  const service = await startService()
  const url = await service.url()
  const before = await until('a lease', async () => {
    const { status, body } = await post(`${url}/v1/locks/kept/acquire?ttlMs=600000`)
    return status === 200 && body.fence
  })
  const killed = service.redisPid()
  process.kill(killed, 'SIGKILL')

  const lock = await until('an answer', async () => {
    const response = await fetch(`${url}/v1/locks/kept`)
    return service.redisPid() !== killed && response.ok && response.json()
  })
  expect(lock).toMatchObject({ state: 'held', holders: [{ fence: before }] })
  await until('its word', () => /managed Redis ended \(signal 9\)/.test(service.stderr()))
})

it('listens on a unix socket, also where a killed service left one', async () => {
  const socket = path.join(tempFolder(), 'lockstep.sock')
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const service = await startService({ LOCKSTEP_HOST: socket })
    await until('the banner', () => service.stdout().includes(`listens on ${socket}\n`))
    expect(service.stdout()).toContain(`curl --unix-socket ${socket} -X POST http://localhost/v1`)
    expect(await statusOver(socket)).toBe(200)
    service.child.kill(signal)
    await service.exit
    expect(existsSync(socket)).toBe(signal === 'SIGKILL')
  }
})

interface Begun {
  readonly sent: Promise<void>
  readonly answer: Promise<{ status: number; body: unknown }>
  finish(): void
}

/**
 * A request whose head has arrived and whose body has not. With `late` the end of its head has not
 * arrived either: it follows a complete request on the same connection.
 */
function beginRequest(url: string, { late = false } = {}): Begun {
  const { hostname, port, pathname } = new URL(url)
  const body = '{}'
  const host = `host: ${hostname}\r\n`
  const before = `GET /livez HTTP/1.1\r\n${host}\r\n`
  const head = `POST ${pathname} HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: ${body.length}\r\n`
  const arrived = late ? '{"status":"ok"}' : 'HTTP/1.1 100 Continue\r\n\r\n'

  const socket = connect(Number(port), hostname)
  socket.write(late ? before + head : `${head}expect: 100-continue\r\n\r\n`)
  let text = ''
  const sent = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk
      if (text.endsWith(arrived)) resolve()
    })
  })
  return {
    sent,
    answer: new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('close', () => {
        const last = text.slice(text.indexOf(arrived) + arrived.length)
        const [, status, json] = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n(\{.*\})/.exec(last) ?? []
        if (status === undefined) reject(new Error('socket hang up'))
        else resolve({ status: Number(status), body: JSON.parse(json!) })
      })
    }),
    finish: () => socket.write(late ? `\r\n${body}` : body),
  }
}

function statusOver(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path: '/livez', headers: { host: 'localhost' } },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      },
    )
    sent.once('error', reject)
    sent.end()
  })
}
