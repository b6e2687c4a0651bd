import slotOfKey from 'cluster-key-slot'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Connection, openConnection } from '../../src/redis/connection.js'
import { SILENCE_MS } from '../support/bounds.js'
import { type Servers, startTopology } from '../support/topology.js'
import { until } from '../support/until.js'

/** A key in a slot that moves from the first node to the second: calls for it need ASKING. */
const KEY = 'ls:{asking}:key'

let servers: Servers
let connection: Connection
let target: number
const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)

beforeAll(async () => {
  servers = await startTopology('cluster')
  connection = openConnection({ url: servers.url, purpose: 'commands', timeoutMs: SILENCE_MS })
  await until('the connection', () => connection.isReady())
  const ids = await Promise.all(servers.nodes.map(({ client }) => client.call('CLUSTER', 'MYID')))
  const slot = slotOfKey(KEY)
  const from = Math.floor((slot * 3) / 16_384)
  const to = (from + 1) % 3
  await servers.nodes[to]!.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from] as string)
  await servers.nodes[from]!.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to] as string)
  target = servers.nodes[to]!.pid()
  process.on('unhandledRejection', note)
})
afterAll(async () => {
  process.off('unhandledRejection', note)
  connection?.close()
  await servers?.stop()
})

it('survives when the target node of a moving slot hangs, and when it dies', async () => {
  expect(await connection.client.get(KEY)).toBeNull()

  process.kill(target, 'SIGSTOP')
  await expect(connection.client.get(KEY)).rejects.toThrow('Command timed out')
  process.kill(target, 'SIGKILL')
  await until('the refusal of a dead node', () =>
    connection.client.get(KEY).then(
      () => false,
      (error: Error) => !error.message.includes('timed out'),
    ),
  )

  expect(unhandled).toEqual([])
})
