import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { SILENCE_MS } from '../support/bounds.js'
import { hasOpenssl, makeCertificate } from '../support/certificates.js'
import { type FaultProxy, startFaultProxy } from '../support/faults.js'
import { freePort } from '../support/free-port.js'
import { type Harness, startHarness } from '../support/harness.js'
import { connect, start } from '../support/managed.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

interface Line {
  readonly level: number
  readonly msg: string
  readonly connection?: string
  readonly reason?: string
}

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function harnessOn(
  redisUrl: string,
  redisIsAway = false,
  environment: Readonly<Record<string, string>> = {},
): Promise<Harness> {
  const harness = await startHarness({ redisUrl, redisIsAway, environment })
  ends.push(() => harness.close())
  return harness
}

async function proxyOf(url: string): Promise<FaultProxy> {
  const proxy = await startFaultProxy(url)
  ends.push(() => proxy.close())
  return proxy
}

const linesOf = ({ log }: Harness, msg: string): Line[] =>
  log.map((line) => JSON.parse(line) as Line).filter((line) => line.msg === msg)

/** The first reason of each connection, and those that followed it. */
const linesOfLoss = (harness: Harness): Line[] => [
  ...linesOf(harness, 'Redis is lost'),
  ...linesOf(harness, 'Redis is still away'),
]

const PURPOSES = ['cache', 'cache-pubsub', 'commands', 'probe', 'pubsub']

/** How each endpoint describes Redis. */
async function saidOf(harness: Harness) {
  const ready = await harness.request('get', '/readyz')
  const { body } = await harness.request('get', '/v1/status').expect(200)
  const { text } = await harness.request('get', '/metrics').expect(200)
  const [, gauge] = /trouble\{redis="main",reason="(.+)"\} 1/.exec(text) ?? []
  return {
    ready: ready.status,
    readyReason: ready.body.reason as string | undefined,
    up: body.redis.up as boolean,
    status: body.redis.reason as string | undefined,
    gauge,
  }
}

const untilSaid = (harness: Harness, expected: object) =>
  until(JSON.stringify(expected), async () => {
    expect(await saidOf(harness)).toEqual(expected)
    return true
  })

const lost = (reason: string) => ({
  ready: 503,
  readyReason: reason,
  up: false,
  status: reason,
  gauge: reason,
})
const refusing = (reason: string) => ({ ...lost(reason), up: true })
const WELL = { ready: 200, up: true }

it('says once that a connection was lost, with the reason', async () => {
  const redis = await start()
  const proxy = await proxyOf(redis.url)
  const harness = await harnessOn(proxy.url)
  await until('a probe', async () => (await harness.request('get', '/readyz')).status === 200)
  expect(linesOf(harness, 'Redis is lost')).toEqual([])

  await proxy.close()
  await untilSaid(harness, lost('refused'))
  // Each connection notices and retries at its own time.
  const refusals = () => linesOfLoss(harness).filter(({ reason }) => reason === 'refused')
  await until('a word of each connection', () => refusals().length >= PURPOSES.length)
  const lines = linesOf(harness, 'Redis is lost')
  expect(lines.map(({ connection }) => connection).sort()).toEqual(PURPOSES)
  for (const line of lines) expect(line).toMatchObject({ level: 40, server: proxy.url })
  expect(refusals()).toHaveLength(PURPOSES.length)
  expect(linesOf(harness, 'Redis is back')).toEqual([])
})

it('says that a connection is back, after how long', async () => {
  const redis = await start()
  const proxy = await proxyOf(redis.url)
  const harness = await harnessOn(proxy.url)
  proxy.refuse()
  await until('the loss', () => linesOf(harness, 'Redis is lost').length === PURPOSES.length)
  proxy.heal()
  const back = await until('the end of it', () => {
    const lines = linesOf(harness, 'Redis is back')
    return lines.length === PURPOSES.length && lines
  })
  expect(back.map(({ connection }) => connection).sort()).toEqual(PURPOSES)
  for (const line of back) expect(line).toMatchObject({ level: 40, awayMs: expect.any(Number) })
  expect(linesOf(harness, 'Redis is lost')).toHaveLength(PURPOSES.length)
  await untilSaid(harness, WELL)
  expect((await harness.request('get', '/metrics')).text).toMatch(
    /redis_reconnects_total\{connection="commands"\} [1-9]/,
  )
})

it('logs a flapping connection with a count, not each time', async () => {
  const redis = await start()
  const proxy = await proxyOf(redis.url)
  const harness = await harnessOn(proxy.url)
  for (let round = 0; round < 4; round++) {
    await until('a connection', () => harness.connection.isReady())
    // The connection may be back before a poll sees the loss.
    const ended = new Promise((resolve) => harness.connection.client.once('close', resolve))
    proxy.cut()
    await ended
  }
  const [line] = await until('the rest', () => {
    const found = linesOf(harness, 'Redis comes and goes')
    return found.length > 0 && found
  })
  expect(line).toMatchObject({ level: 40, lines: expect.any(Number) })
  const said = harness.log.filter((text) => text.includes('"connection":"commands"'))
  expect(said.length).toBeLessThanOrEqual(5)
})

it('names a host that does not exist', async () => {
  const harness = await harnessOn('redis://no-such-host.invalid', true)
  await untilSaid(harness, lost('unknown-host'))
})

it('names a closed port', async () => {
  const harness = await harnessOn(`redis://127.0.0.1:${await freePort()}`, true)
  await untilSaid(harness, lost('refused'))
})

it('names a wrong password, and one that is missing', async () => {
  const redis = await start({ conf: ['requirepass right'] })
  for (const url of [redis.url, redis.url.replace('unix://', 'unix://:wrong@')]) {
    const harness = await harnessOn(url, true)
    await untilSaid(harness, lost('wrong-password'))
    // A busy machine may log a connection that took too long before it.
    const isLogged = ({ connection, reason }: Line) =>
      connection === 'commands' && reason === 'wrong-password'
    await until('it is logged', () => linesOfLoss(harness).some(isLogged))
  }
})

it('names a server that accepts connections and says nothing', async () => {
  const sockets: Socket[] = []
  const silent = createPlainServer((socket) => void sockets.push(socket))
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  const { port } = silent.address() as AddressInfo
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` }
  const harness = await harnessOn(`redis://127.0.0.1:${port}`, true, environment)
  ends.push(async () => {
    silent.close()
    for (const socket of sockets) socket.destroy()
  })
  await untilSaid(harness, lost('timeout'))
  const lines = harness.log.filter((line) => line.includes('"reason"'))
  expect(lines.join()).not.toContain('"reason":"loading"')
})

it('names a server that does not speak TLS, and a certificate that it cannot trust', async ({
  skip,
}) => {
  if (!hasOpenssl()) skip('openssl is not installed, which makes the certificates')
  const { cert, key } = makeCertificate(tempFolder(), 'self-signed')
  for (const [server, reason] of [
    [createPlainServer((socket) => void socket.end('-ERR\r\n')), 'tls'],
    [createTlsServer({ cert, key }), 'certificate'],
  ] as const) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ends.push(async () => void server.close())
    const { port } = server.address() as AddressInfo
    const harness = await harnessOn(`rediss://127.0.0.1:${port}`, true)
    await untilSaid(harness, lost(reason))
  }
})

it('names a Redis that loads its data', async () => {
  const redis = await start({
    conf: ['enable-debug-command local', 'loading-process-events-interval-bytes 1024'],
  })
  const harness = await harnessOn(redis.url)
  const [raw, other] = [await connect(redis), await connect(redis)]
  await raw.call('DEBUG', 'POPULATE', '2000', 'key', '2000')
  // Minutes, unless it is told to go faster.
  await raw.config('SET', 'key-load-delay', '100000')
  const loaded = raw.call('DEBUG', 'RELOAD')
  await until('the reason', async () => (await saidOf(harness)).gauge === 'loading')
  await other.config('SET', 'key-load-delay', '0')
  await loaded
  await untilSaid(harness, WELL)
})

it('names a Redis that hangs', async () => {
  const redis = await start()
  const environment = { LOCKSTEP_REDIS_TIMEOUT_MS: `${SILENCE_MS}` }
  const harness = await harnessOn(redis.url, false, environment)
  process.kill(redis.pid(), 'SIGSTOP')
  try {
    await untilSaid(harness, lost('timeout'))
  } finally {
    process.kill(redis.pid(), 'SIGCONT')
  }
  await untilSaid(harness, WELL)
})

it('reports a Redis that became a replica, until it is a primary again', async () => {
  const redis = await start()
  const harness = await harnessOn(redis.url)
  const raw = await connect(redis)
  await raw.call('REPLICAOF', '127.0.0.1', '1')
  await until('the reason', async () => {
    const { ready, gauge } = await saidOf(harness)
    return ready === 503 && gauge === 'read-only'
  })
  await raw.call('REPLICAOF', 'NO', 'ONE')
  await untilSaid(harness, WELL)
})

it('names a full Redis, which still releases leases and so stays ready', async () => {
  const redis = await start()
  const harness = await harnessOn(redis.url)
  const raw = await connect(redis)
  await raw.config('SET', 'maxmemory', '1')
  await untilSaid(harness, { ready: 200, up: true, status: 'full', gauge: 'full' })
  expect(linesOf(harness, 'Redis is full')).toMatchObject([{ level: 40, connection: 'probe' }])
  await raw.config('SET', 'maxmemory', '0')
  await untilSaid(harness, WELL)
})

it('names rights that were taken away while it runs', async () => {
  const redis = await start()
  const harness = await harnessOn(redis.url)
  const raw = await connect(redis)
  await raw.call('ACL', 'SETUSER', 'default', '-evalsha', '-eval')
  const { body } = await harness.request('post', '/v1/locks/forbidden/acquire').expect(503)
  expect(body).toMatchObject({ code: 'store-not-ready', reason: 'no-permission' })
  await untilSaid(harness, refusing('no-permission'))
  await raw.call('ACL', 'SETUSER', 'default', '+@all')
  await untilSaid(harness, WELL)
})

it('reports not applied if the guard of a call is forbidden, and unknown if a later command is', async () => {
  const redis = await start()
  const harness = await harnessOn(redis.url)
  const raw = await connect(redis)
  const acquire = () => harness.request('post', '/v1/locks/forbidden/acquire').expect(503)
  await raw.call('ACL', 'SETUSER', 'default', '-setrange')
  expect((await acquire()).body).toMatchObject({
    code: 'store-not-ready',
    reason: 'no-permission',
  })
  await raw.call('ACL', 'SETUSER', 'default', '+@all', '-hset')
  expect((await acquire()).body).toMatchObject({
    code: 'outcome-unknown',
    reason: 'no-permission',
  })
})
