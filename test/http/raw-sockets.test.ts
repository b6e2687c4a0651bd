import { describe, expect, it } from 'vitest'
import { useHarness } from '../support/harness.js'
import { openRaw, type RawAnswer, sendRaw } from '../support/raw-socket.js'
import { faultAt } from '../support/request-faults.js'
import { until } from '../support/until.js'

const harness = useHarness()
/** Apart, because on a busy machine any request may take a second to arrive. */
const hasty = useHarness({ environment: { LOCKSTEP_REQUEST_TIMEOUT_MS: '1000' } })

const HOST = 'Host: 127.0.0.1\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const POST = `POST /v1/locks/raw/acquire HTTP/1.1\r\n${HOST}${JSON_TYPE}`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const PROBE = `GET /livez HTTP/1.1\r\n${HOST}\r\n`

const count = async (code: string) => {
  const { text } = await harness.request('get', '/metrics')
  const line = new RegExp(`^lockstep_http_parser_errors_total\\{code="${code}"\\} (\\d+)`, 'm')
  return Number(line.exec(text)?.[1] ?? 0)
}

describe('what is not HTTP', () => {
  it('is logged with its request id, a few lines a second', async () => {
    const send = async () => (await sendRaw(harness, 'hello\r\n\r\n'))[0] as RawAnswer
    const isLogged = (text: string) => harness.log.some((line) => line.includes(text))
    await until('a line', async () => isLogged((await send()).headers['x-request-id'] as string))

    const ids = (await Promise.all(Array.from({ length: 20 }, send))).map(
      ({ headers }) => headers['x-request-id'] as string,
    )
    await until('the rest', () => isLogged('more requests not understood'))
    expect(ids.filter(isLogged).length).toBeLessThan(20)
  })

  it.each<[string, number, string]>([
    ['no request line', 400, 'hello\r\n\r\n'],
    ['an unknown method', 400, `FOO / HTTP/1.1\r\n${HOST}\r\n`],
    ['HTTP/2 without TLS', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS handshake', 400, '\x16\x03\x01\x00\x05hello'],
    ['a header without a colon', 400, `GET /livez HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`],
    ['a space before a colon', 400, `GET /livez HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n`],
    ['a NUL in a header', 400, `GET /livez HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`],
    ['a bare CR', 400, `GET /livez HTTP/1.1\r\n${HOST}X: a\rb: c\r\n\r\n`],
    ['a negative length', 400, `${POST}Content-Length: -1\r\n\r\n`],
    ['a length with a sign', 400, `${POST}Content-Length: +2\r\n\r\n{}`],
    ['a length in hexadecimal', 400, `${POST}Content-Length: 0x2\r\n\r\n{}`],
    ['two lengths', 400, `${POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `],
    ['a length and chunks', 400, `${POST}Content-Length: 2\r\n${CHUNKED}\r\n0\r\n\r\n`],
    ['chunks and a length', 400, `${POST}${CHUNKED}Content-Length: 2\r\n\r\n0\r\n\r\n`],
    ['a space in the name of a coding', 400, `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a coding after chunked', 400, `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
    ['a chunk of no size', 400, `${POST}${CHUNKED}\r\nxyz\r\n{}\r\n0\r\n\r\n`],
    ['a chunk longer than its size', 400, `${POST}${CHUNKED}\r\n1\r\n{}\r\n0\r\n\r\n`],
    ['large headers', 431, `GET /livez HTTP/1.1\r\n${HOST}X: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['a large path', 431, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`],
    ['many headers', 431, `GET /livez HTTP/1.1\r\n${HOST}${'X: a\r\n'.repeat(20_000)}\r\n`],
    [
      'large extensions of a chunk',
      413,
      `${POST}${CHUNKED}\r\n2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    ],
  ])('is a problem with a request id, and closes: %s', async (_what, status, bytes) => {
    const answers = await sendRaw(harness, bytes)

    expect(answers.map((answer) => answer.status)).toEqual([status])
    const { headers, body } = answers[0] as RawAnswer
    expect(headers['content-type']).toBe('application/problem+json')
    expect(headers['x-request-id']).toMatch(/^[\da-f]{16}-[\da-z]+$/)
    expect(body).toMatchObject({ status, requestId: headers['x-request-id'] })
    await until('it is counted', () => count(String(body.code)))
  })

  it('is answered after the answer to an earlier request', async () => {
    const client = openRaw(harness)
    client.send(PROBE)
    await until('the first answer', () => client.answers().length === 1)
    client.send('nonsense\r\n\r\n')
    await client.closed()
    expect(client.answers().map(({ status }) => status)).toEqual([200, 400])
  })

  it('is not answered before an earlier request', async () => {
    await harness.request('post', '/v1/locks/held/acquire').expect(200)
    const client = openRaw(harness)
    const waiting = `POST /v1/locks/held/acquire?waitMs=60000 HTTP/1.1\r\n${HOST}Lockstep-Namespace: ${harness.namespace}\r\n\r\n`
    client.send(waiting)
    await until('the request waits', async () => {
      const { body } = await harness.request('get', '/v1/locks/held')
      return body.queueLength > 0
    })
    client.send('nonsense\r\n\r\n')
    await client.closed()
    expect(client.received()).toBe('')
  })
})

describe('one request inside another', () => {
  it.each([
    ['after a length that is too short', `${POST}Content-Length: 2\r\n\r\n{}${PROBE}`],
    ['after chunks', `${POST}${CHUNKED}\r\n2\r\n{}\r\n0\r\n\r\n${PROBE}`],
  ])('is a request of its own: %s', async (_what, bytes) => {
    const client = openRaw(harness)
    client.send(bytes)
    await until('two answers', () => client.answers().length === 2)
    expect(client.answers()[1]?.body).toEqual({ status: 'ok' })
    client.socket.destroy()
  })

  it.each([
    ['in a length', `${POST}Content-Length: ${PROBE.length}\r\n\r\n${PROBE}`],
    ['in a chunk', `${POST}${CHUNKED}\r\n${PROBE.length.toString(16)}\r\n${PROBE}\r\n0\r\n\r\n`],
  ])('is a body: %s', async (_what, bytes) => {
    const client = openRaw(harness)
    client.send(bytes)
    await client.closed()
    expect(client.answers()).toMatchObject([{ status: 400, headers: { connection: 'close' } }])
  })
})

describe('a path that the router cannot read', () => {
  it.each(['/v1/locks/%ff', '/%', '/v1/locks/%zz/acquire'])(
    'is a problem like any other: %s',
    async (path) => {
      const before = harness.log.length
      const [answer] = await sendRaw(
        harness,
        `GET ${path} HTTP/1.1\r\n${HOST}X-Request-Id: odd-1\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatchObject({
        status: 400,
        headers: { 'x-request-id': 'odd-1', 'cache-control': 'private, no-store' },
        body: { code: 'invalid-request', requestId: 'odd-1' },
      })
      expect(harness.log.slice(before)).toEqual([])
      await until('it is counted', async () => {
        const { text } = await harness.request('get', '/metrics')
        return /_seconds_count\{method="GET",route="none",status="400"\} \d/.test(text)
      })
    },
  )
})

describe('a Host header', () => {
  it('is required of HTTP/1.1', async () => {
    const [answer] = await sendRaw(harness, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [faultAt('header/host', 'is required')] },
    })
  })

  it('is not required of HTTP/1.0', async () => {
    const [answer] = await sendRaw(harness, 'GET /livez HTTP/1.0\r\n\r\n')
    expect(answer?.status).toBe(200)
  })
})

describe('a slow request', () => {
  it.each<[string, string]>([
    ['no byte', ''],
    ['half a request line', 'GET /livez'],
    ['half of the headers', `GET /livez HTTP/1.1\r\nHost: 127`],
  ])('is cut: %s', async (_what, bytes) => {
    const client = openRaw(hasty)
    client.send(bytes)
    await client.closed()
    for (const { status, body } of client.answers()) {
      expect([status, body.code]).toEqual([400, 'invalid-request'])
    }
  })

  it.each<[string, string, string]>([
    ['half a body', `${POST}Content-Length: 10\r\n\r\n{`, ''],
    ['a body that drips', `${POST}Content-Length: 60000\r\n\r\n{`, ' '],
    ['chunks that drip', `${POST}${CHUNKED}\r\n`, '1\r\n \r\n'],
  ])('is answered with 400 and cut: %s', async (_what, bytes, drip) => {
    const client = openRaw(hasty)
    client.send(bytes)
    const dripping = setInterval(() => client.socket.writable && client.send(drip), 100)
    await client.closed()
    clearInterval(dripping)
    expect(client.answers()).toMatchObject([
      {
        status: 400,
        headers: { connection: 'close' },
        body: { detail: 'The request did not arrive within 1000 ms.' },
      },
    ])
  })

  it('is not one that waits for its answer', async () => {
    const acquire = (waitMs: number) =>
      hasty.request('post', `/v1/locks/slow/acquire?ttlMs=600000&waitMs=${waitMs}`)
    await acquire(0).expect(200)
    const { body } = await acquire(3_000).expect(423)
    expect(body.code).toBe('wait-timeout')
  })
})

describe('a method that a path does not have', () => {
  it('is refused before its body is read', async () => {
    await harness
      .request('put', '/v1/locks/a/acquire')
      .set('content-type', 'a/b')
      .send('?')
      .expect(405)
  })

  it.each<['head' | 'delete' | 'put' | 'patch' | 'get' | 'post', string, string]>([
    ['head', '/v1/locks/a/events', 'GET'],
    ['get', '/v1/locks/a/hold', 'POST'],
    ['get', '/v1/locks/a/acquire', 'POST'],
    ['delete', '/livez', 'GET, HEAD'],
    ['put', '/v1/cache/s/k/touch', 'POST'],
    ['patch', '/v1/cache/s/get-many', 'DELETE, GET, HEAD, POST, PUT'],
    ['post', '/v1/locks/', 'GET, HEAD'],
    ['post', '/v1/locks', 'GET, HEAD'],
    ['delete', '/v1/sessions', 'GET, HEAD, POST'],
    ['put', '/v1/cache-spaces', 'GET, HEAD'],
    ['post', '/v1/cache-spaces/s', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['delete', '/v1/leaderboards', 'GET, HEAD'],
  ])('is a 405 that says which there are: %s %s', async (method, path, allow) => {
    const { headers, body } = await harness.request(method, path).expect(405)
    expect(headers.allow).toBe(allow)
    expect(headers['x-request-id']).toBeDefined()
    if (method !== 'head') expect(body.code).toBe('method-not-allowed')
  })
})
