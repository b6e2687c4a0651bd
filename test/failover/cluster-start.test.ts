import type { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { openConnection } from '../../src/redis/connection.js'
import { WAIT_MS } from '../support/bounds.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'

let servers: Servers
beforeAll(async () => {
  servers = await startTopology('cluster', { giveUpMs: 120_000 })
})
afterAll(() => servers.stop())

function open(timeoutMs: number) {
  const { port } = servers.nodes[0]!
  const url = `redis+cluster://127.0.0.1:${port}`
  const connection = openConnection({ url, purpose: 'test', timeoutMs })
  onTestFinished(() => connection.close())
  return { connection, client: connection.client as Cluster }
}

function stopped(node: number): () => void {
  const pid = servers.nodes[node]!.pid()
  process.kill(pid, 'SIGSTOP')
  const resume = () => void process.kill(pid, 'SIGCONT')
  onTestFinished(resume)
  return resume
}

it('is ready when each node is connected, so that no first call is refused', async () => {
  const resume = stopped(1)
  const { connection, client } = open(WAIT_MS)
  await until('a client that knows the nodes', () => client.status === 'ready')
  expect(connection.isReady()).toBe(false)
  resume()
  await until('a connection that is ready', () => connection.isReady())
  expect(new Set(client.nodes().map(({ status }) => status))).toEqual(new Set(['ready']))
})

it('is ready without a node that does not answer, after one attempt', async () => {
  stopped(1)
  const { connection } = open(500)
  await until('a connection that is ready', () => connection.isReady())
})
