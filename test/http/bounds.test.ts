import { expect, it } from 'vitest'
import { openEvents } from '../support/event-client.js'
import { type Harness, useHarness } from '../support/harness.js'
import { openRaw } from '../support/raw-socket.js'
import { until } from '../support/until.js'

const of = (bounds: Readonly<Record<string, number>>) =>
  useHarness({
    environment: Object.fromEntries(
      Object.entries(bounds).map(([name, max]) => [`LOCKSTEP_MAX_${name}`, `${max}`]),
    ),
  })

const MIB = 1024 * 1024
const requests = of({ REQUESTS: 1 })
const waiters = of({ WAITERS: 1 })
const streams = of({ STREAMS: 1 })
const bodies = of({ BODY_BYTES: 16 * MIB })
const connections = of({ CONNECTIONS: 64 })

const textOf = async (harness: Harness) =>
  (await harness.request('get', '/metrics').expect(200)).text

async function metricOf(harness: Harness, name: string): Promise<number> {
  const line = (await textOf(harness)).split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ')[1] ?? 0)
}

const loadOf = (harness: Harness, kind: string) => metricOf(harness, `lockstep_load{of="${kind}"}`)

const untilLoad = (harness: Harness, kind: string, count: number) =>
  until(`${count} ${kind}`, async () => (await loadOf(harness, kind)) === count)

const acquire = (harness: Harness, name: string, body: object = {}) =>
  harness.request('post', `/v1/locks/${name}/acquire`).send({ ttlMs: 600_000, ...body })

const renew = (harness: Harness, name: string, token: string) =>
  harness.request('post', `/v1/locks/${name}/renew`).send({ token })

/** What always answers, and is a way to see the load. */
async function expectOperators(harness: Harness): Promise<void> {
  await harness.request('get', '/livez').expect(200)
  await harness.request('get', '/v1/status').expect(200)
  await textOf(harness)
}

async function expectShed(
  harness: Harness,
  reason: string,
  answer: Promise<{ status: number; body: unknown; headers: Record<string, string> }>,
): Promise<void> {
  const { status, body, headers } = await answer
  expect({ status, body }).toMatchObject({ status: 503, body: { code: 'overloaded', reason } })
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1)
  await until(
    'it is counted',
    async () => (await metricOf(harness, `lockstep_http_shed_total{reason="${reason}"}`)) > 0,
  )
}

const head = (harness: Harness, path: string, headers: string) =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nlockstep-namespace: ${harness.namespace}\r\n${headers}\r\n`

it('bounds requests, and serves one more that keeps a lease', async () => {
  const { body: lease } = await acquire(requests, 'kept').expect(200)
  const slow = openRaw(requests)
  const lines = 'content-type: application/json\r\ncontent-length: 50\r\n'
  slow.send(head(requests, '/v1/locks/slow/acquire', lines))
  await untilLoad(requests, 'requests', 1)

  await expectShed(requests, 'requests', acquire(requests, 'other'))
  await renew(requests, 'kept', lease.token).expect(200)
  await expectOperators(requests)
  expect(await textOf(requests)).toContain('lockstep_load_max{of="requests"} 1')

  slow.socket.destroy()
  await untilLoad(requests, 'requests', 0)
  await acquire(requests, 'other').expect(200)
})

it('bounds what waits, of all kinds together', async () => {
  await acquire(waiters, 'held').expect(200)
  const waiting = acquire(waiters, 'held', { waitMs: 200_000 })
  waiting.end(() => undefined)
  await untilLoad(waiters, 'waiters', 1)

  await expectShed(waiters, 'waiters', acquire(waiters, 'held', { waitMs: 1 }))
  const receive = (body: object) => waiters.request('post', '/v1/queues/bounded/receive').send(body)
  await expectShed(waiters, 'waiters', receive({ waitMs: 1 }))
  await expectShed(
    waiters,
    'waiters',
    waiters.request('get', '/v1/streams/bounded/entries?waitMs=1'),
  )
  await receive({ waitMs: 0 }).expect(200)
  await expectOperators(waiters)

  waiting.abort()
  await untilLoad(waiters, 'waiters', 0)
  expect(await loadOf(waiters, 'requests')).toBe(0)
  await receive({ waitMs: 1 }).expect(200)
})

it('counts requests back that were sent behind one that waits, when their client is gone', async () => {
  await acquire(bodies, 'held').expect(200)
  const client = openRaw(bodies)
  const body = JSON.stringify({ waitMs: 200_000 })
  const lines = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
  const one = `${head(bodies, '/v1/locks/held/acquire', lines)}${body}`
  client.send(one.repeat(20))
  await untilLoad(bodies, 'waiters', 20)
  client.socket.destroy()
  await untilLoad(bodies, 'waiters', 0)
  expect(await loadOf(bodies, 'requests')).toBe(0)
})

it('bounds streams, and acquires nothing for one that it refuses', async () => {
  const events = await openEvents(streams, '/v1/locks/watched/events')
  await untilLoad(streams, 'streams', 1)

  await expectShed(streams, 'streams', streams.request('get', '/v1/locks/watched/events'))
  await expectShed(streams, 'streams', streams.request('post', '/v1/locks/wanted/hold'))
  await acquire(streams, 'wanted').expect(200)
  await expectOperators(streams)

  events.close()
  await untilLoad(streams, 'streams', 0)
  expect(await loadOf(streams, 'requests')).toBe(0)
})

it('bounds the bytes of large bodies', async () => {
  const store = (size: number) =>
    bodies
      .request('put', '/v1/cache/bounded/small')
      .set('content-type', 'application/octet-stream')
      .send(Buffer.alloc(size))
  const slow = [`content-length: ${8 * MIB}`, 'transfer-encoding: chunked'].map((length) => {
    const client = openRaw(bodies)
    const lines = `content-type: application/octet-stream\r\n${length}\r\n`
    client.send(head(bodies, '/v1/cache/bounded/large', lines).replace('POST', 'PUT'))
    return client
  })
  await untilLoad(bodies, 'body-bytes', 16 * MIB)

  await expectShed(bodies, 'body-bytes', store(16 * 1024))
  await store(16 * 1024 - 1).expect(201)
  await expectOperators(bodies)

  for (const { socket } of slow) socket.destroy()
  await untilLoad(bodies, 'body-bytes', 0)
  await store(16 * 1024).expect(204)
})

it('bounds connections, and serves probes and what keeps a lease on an eighth more', async () => {
  const { body: lease } = await acquire(connections, 'kept').expect(200)
  const probe = 'GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'
  const idle = Array.from({ length: 64 }, () => openRaw(connections))
  for (const client of idle) client.send(probe)
  await until('all are open', () => idle.every((client) => client.answers().length === 1))

  await expectShed(connections, 'connections', acquire(connections, 'other'))
  await renew(connections, 'kept', lease.token).expect(200).expect('connection', 'close')
  await expectOperators(connections)
  expect(idle.filter(({ socket }) => socket.destroyed)).toEqual([])

  const more = Array.from({ length: 80 }, () => openRaw(connections))
  const answers = () => more.flatMap((client) => client.answers())
  await until('the service closes those beyond', () => more.some(({ socket }) => socket.destroyed))
  for (const client of more) client.send(probe)
  await until('all are closed', () => more.every(({ socket }) => socket.destroyed))
  expect(new Set(answers().map(({ headers }) => headers.connection))).toEqual(new Set(['close']))
  expect(answers().length).toBeLessThan(80)

  for (const { socket } of idle) socket.destroy()
  // The look itself has one.
  await untilLoad(connections, 'connections', 1)
  await acquire(connections, 'other').expect(200)
})
