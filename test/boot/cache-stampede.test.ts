import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { expect, inject, it } from 'vitest'
import { startService } from '../support/service.js'
import { until } from '../support/until.js'

const CALLERS = 1_000
const PROCESSES = 3

const namespace = `t-${randomUUID()}`
/** Opens a connection for each caller, so that none queues in the client. */
const agent = new Agent({ keepAlive: true })

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

function call(url: string, method = 'GET', headers = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method,
      headers: { 'lockstep-namespace': namespace, ...headers },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode as number, headers: response.headers, text }),
      )
    })
    sent.end(body)
  })
}

async function waiters(urls: readonly string[]): Promise<number> {
  const pages = await Promise.all(urls.map((url) => call(`${url}/metrics`)))
  return pages.reduce(
    (sum, { text }) => sum + Number(/^lockstep_cache_waiters (\d+)$/m.exec(text)?.[1]),
    0,
  )
}

const leaseOf = ({ headers }: Answer) => headers['lockstep-lease'] as string | undefined

it(`${CALLERS} misses at once over ${PROCESSES} processes cause one load`, async () => {
  const environment = { LOCKSTEP_REDIS_URL: inject('redisUrl') }
  // The first start builds the service if its sources have changed.
  const first = await startService(environment)
  const others = Array.from({ length: PROCESSES - 1 }, () => startService(environment))
  const services = [first, ...(await Promise.all(others))]
  const urls = await Promise.all(services.map((service) => service.ready()))
  const at = (i: number, query = '') => `${urls[i % PROCESSES]}/v1/cache/users/7${query}`
  const space = '/v1/cache-spaces/users'
  const policy = JSON.stringify({ staleMs: 600_000, leaseMs: 600_000 })
  const json = { 'content-type': 'application/json' }
  expect((await call(`${urls[0]}${space}`, 'PUT', json, policy)).status).toBe(201)
  await until('the policy, everywhere', async () =>
    (await Promise.all(urls.map((url) => call(url + space)))).every(({ status }) => status === 200),
  )

  let loads = 0
  async function readOrLoad(i: number): Promise<Answer> {
    let answer: Answer
    do answer = await call(at(i, '?lease=true&waitMs=30000'))
    while (answer.headers['lockstep-lease-status'] === 'held')
    const lease = leaseOf(answer)
    if (lease === undefined) return answer
    loads += 1
    await until('all others', async () => (await waiters(urls)) === CALLERS - 1)
    // One process loads the value; another stores it.
    const stored = await call(at(i + 1), 'PUT', { 'lockstep-lease': lease }, 'the value')
    expect(stored.status).toBe(201)
    return call(at(i))
  }
  const answers = await Promise.all(Array.from({ length: CALLERS }, (_, i) => readOrLoad(i)))

  expect(loads).toBe(1)
  const seen = new Set(answers.map(({ status, text }) => `${status} ${text}`))
  expect([...seen]).toEqual(['200 the value'])

  const soft = JSON.stringify({ keys: ['7'] })
  await call(`${urls[0]}/v1/cache/users/invalidate`, 'POST', json, soft)
  const stale = await Promise.all(
    Array.from({ length: CALLERS }, (_, i) => call(at(i, '?lease=true&waitMs=30000'))),
  )

  expect(stale.filter((answer) => leaseOf(answer) !== undefined)).toHaveLength(1)
  const states = new Set(stale.map(({ text, headers }) => `${headers['lockstep-state']} ${text}`))
  expect([...states]).toEqual(['stale the value'])
  agent.destroy()
})
