import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, it } from 'vitest'
import { startBalancer } from '../support/balancer.js'
import { TEST_MS } from '../support/bounds.js'
import { ensureBuilt } from '../support/built.js'
import { freePort } from '../support/free-port.js'
import { post, startService } from '../support/service.js'
import { until } from '../support/until.js'

/** `npm run rolling` restarts all three instances three times. */
const ROUNDS = Number(process.env.LOCKSTEP_ROLLING_ROUNDS ?? 1)
const CLIENTS = 8
const PAUSE_MS = 10
const DELAY_MS = 3_000
/** Both far below the delay: the probe interval, and the life of an idle connection. */
const BALANCER = { probeEveryMs: 100, idleMs: 300 }

const environment = { LOCKSTEP_REDIS_URL: inject('redisUrl') }

it(
  'no client behind a balancer that follows /readyz sees a rolling restart',
  async () => {
    await ensureBuilt()
    const ports = [await freePort(), await freePort(), await freePort()]
    const start = (port: number) =>
      startService({
        ...environment,
        LOCKSTEP_PORT: String(port),
        LOCKSTEP_DRAIN_DELAY_MS: String(DELAY_MS),
      })
    const instances = await Promise.all(ports.map(start))
    const balancer = await startBalancer({ ports, ...BALANCER })
    const isReady = (port: number) => balancer.ready().includes(port)
    await until('all are ready', () => ports.every(isReady))
    const load = startLoad(balancer.url)

    for (let restart = 0; restart < 3 * ROUNDS; restart++) {
      const i = restart % 3
      const port = ports[i] as number
      instances[i]?.child.kill('SIGTERM')
      expect(await instances[i]?.exit).toBe(0)
      instances[i] = await start(port)
      await until('the instance is back', () => isReady(port))
      const before = balancer.served.get(port) ?? 0
      await until('it serves', () => (balancer.served.get(port) ?? 0) > before + CLIENTS)
    }
    const { failures, answered } = await load.stop()
    balancer.close()

    expect([...new Set(failures)].slice(0, 10)).toEqual([])
    expect(answered).toBeGreaterThan(100)
  },
  TEST_MS * ROUNDS,
)

it('keeps serving during the delay, and every answer closes its connection', async () => {
  const service = await startService({ ...environment, LOCKSTEP_DRAIN_DELAY_MS: '300000' })
  const url = await service.ready()
  const namespace = { 'lockstep-namespace': `t-${randomUUID()}` }
  // The answer to a request sent before the signal closes its connection too.
  const held = await fetch(`${url}/v1/locks/a/acquire`, { method: 'POST', headers: namespace })
  const { token } = (await held.json()) as { token: string }
  const waiting = fetch(`${url}/v1/locks/a/acquire?waitMs=60000`, {
    method: 'POST',
    headers: namespace,
  })
  await until('it waits', async () => {
    const answer = await fetch(`${url}/v1/locks/a`, { headers: namespace })
    return ((await answer.json()) as { queueLength: number }).queueLength > 0
  })
  service.child.kill('SIGTERM')
  await until('unready', async () => (await fetch(`${url}/readyz`)).status === 503)

  const answer = await fetch(`${url}/v1/locks/b/acquire`, { method: 'POST', headers: namespace })
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
  await fetch(`${url}/v1/locks/a/release`, {
    method: 'POST',
    headers: { ...namespace, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  const waited = await waiting
  expect([waited.status, waited.headers.get('connection')]).toEqual([200, 'close'])
  expect((await fetch(`${url}/livez`)).status).toBe(200)
})

it('stops listening at once without a delay', async () => {
  const service = await startService(environment)
  const url = await service.ready()
  expect((await post(`${url}/v1/locks/${randomUUID()}/acquire`)).status).toBe(200)
  service.child.kill('SIGTERM')
  await until('nobody listens', () => isRefused(Number(new URL(url).port)))
  expect(await service.exit).toBe(0)
})

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('error', () => resolve(true))
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

/** Clients that keep their connections, never retry, and record every answer that is not 200. */
function startLoad(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const namespace = `t-${randomUUID()}`
  const failures: string[] = []
  let answered = 0
  let running = true
  const ask = (path: string, body: object) =>
    new Promise<Record<string, unknown>>((resolve) => {
      const headers = { 'content-type': 'application/json', 'lockstep-namespace': namespace }
      const asked = request(`${url}${path}`, { method: 'POST', agent, headers }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => (text += chunk))
        answer.on('end', () => {
          answered++
          if (answer.statusCode !== 200) failures.push(`${path}: ${answer.statusCode} ${text}`)
          resolve(answer.statusCode === 200 ? JSON.parse(text) : {})
        })
      })
      asked.on('error', (error) => {
        failures.push(`${path}: ${error.message}`)
        resolve({})
      })
      asked.end(JSON.stringify(body))
    })
  const client = async (name: string) => {
    while (running) {
      const { token } = await ask(`/v1/locks/${name}/acquire`, { ttlMs: 60_000 })
      await ask('/v1/ratelimits/check', {
        limits: [{ name, key: name, limit: 100_000, windowMs: 1_000 }],
      })
      await ask(`/v1/locks/${name}/release`, { token })
      // The load never stops, but leaves CPU to the starting instances.
      await sleep(PAUSE_MS)
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(`roll-${i}`))
  return {
    async stop() {
      running = false
      await Promise.all(clients)
      agent.destroy()
      return { failures, answered }
    },
  }
}
