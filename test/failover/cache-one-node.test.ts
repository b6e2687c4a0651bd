import { afterAll, beforeAll, expect, it } from 'vitest'
import { Partitions } from '../../src/cache/partition.js'
import { layoutOf } from '../../src/redis/layout.js'
import { serversOf } from '../../src/redis/servers.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type Harness, startHarness } from '../support/harness.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'

const KEYS = Array.from({ length: 60 }, (_, i) => `key-${i}`)

/** Longer than the first reads of a silent node, and much shorter than the waits of the test. */
const OUTAGE_MS = 20_000

let servers: Servers
let harness: Harness

beforeAll(async () => {
  servers = await startTopology('cluster', { giveUpMs: 120_000 })
  harness = await startHarness({
    configFile: `spaces: { mem: { jitter: 0, l1: { outageMs: ${OUTAGE_MS} } } }`,
    redisUrl: servers.url,
    environment: { LOCKSTEP_CACHE_READ_TIMEOUT_MS: `${SILENCE_MS}` },
  })
})
afterAll(async () => {
  await harness.close()
  await servers.stop()
})

const get = (key: string) => harness.request('get', `/v1/cache/users/${key}`)

it('a stopped node fails only its own keys', async () => {
  for (const key of KEYS) {
    await until(key, async () => {
      const put = harness.request('put', `/v1/cache/users/${key}`)
      return (await put.type('text/plain').send(key)).status < 300
    })
  }
  const stopped = servers.nodes[0]!
  process.kill(stopped.pid(), 'SIGSTOP')
  try {
    const statuses = await Promise.all(KEYS.map(async (key) => (await get(key)).status))
    const lost = KEYS.filter((_, i) => statuses[i] !== 200)
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length).toBeLessThan(KEYS.length)
    // Repeated reads of that node do not disturb reads of the other nodes.
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(KEYS.map(async (key) => [key, (await get(key)).status]))
      expect(answers.filter(([, status]) => status !== 200).map(([key]) => key)).toEqual(lost)
    }
    const many = await harness.request('post', '/v1/cache/users/get-many').send({ keys: KEYS })
    const failed = many.body.results.filter(({ status }: { status: string }) => status !== 'hit')
    expect(failed.map(({ key }: { key: string }) => key)).toEqual(lost)
  } finally {
    process.kill(stopped.pid(), 'SIGCONT')
  }
})

it('L1 serves the keys of a stopped node for `outageMs` after that node went silent', async () => {
  const ask = async (key: string) => {
    const { status, headers } = await harness.request('get', `/v1/cache/mem/${key}`)
    return { status, detail: /detail=(\w+)/.exec(headers['cache-status'] ?? '')?.[1] }
  }
  for (const key of KEYS) {
    await until(key, async () => {
      const put = harness.request('put', `/v1/cache/mem/${key}`)
      return (await put.type('text/plain').send(key)).status < 300
    })
    await until(`${key} in memory`, async () => (await ask(key)).detail === 'L1')
  }
  const stopped = servers.nodes[0]!
  const { connections, namespace } = harness
  const partitions = new Partitions(layoutOf(connections.cache), 'keep')
  const { serverOf } = serversOf(connections.cache)
  const lost = KEYS.filter((key) =>
    serverOf(partitions.keysOf(namespace, 'mem', key).clock).endsWith(`:${stopped.port}`),
  )
  expect(lost.length).toBeGreaterThan(0)
  expect(lost.length).toBeLessThan(KEYS.length)
  process.kill(stopped.pid(), 'SIGSTOP')
  try {
    await until('memory that helps out', async () =>
      (await Promise.all(lost.map(ask))).every(({ detail }) => detail === 'degraded'),
    )
    await until('its end', async () =>
      (await Promise.all(lost.map(ask))).every(({ status }) => status === 503),
    )
    for (const key of KEYS.filter((key) => !lost.includes(key))) {
      const { status, detail } = await ask(key)
      expect(detail, key).not.toBe('degraded')
      expect(status, key).toBe(200)
    }
  } finally {
    process.kill(stopped.pid(), 'SIGCONT')
  }
})
