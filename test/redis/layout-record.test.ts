import { expect, it, onTestFinished, vi } from 'vitest'
import { openConnections } from '../../src/redis/connections.js'
import type { LayoutError } from '../../src/redis/layout-record.js'
import { WAIT_MS } from '../support/bounds.js'
import { startFaultProxy } from '../support/faults.js'
import { freePort } from '../support/free-port.js'
import { connect, start } from '../support/managed.js'
import { startNode } from '../support/nodes.js'
import { startService } from '../support/service.js'
import { until } from '../support/until.js'

const OTHER = '{"version":3,"hash":"crc32","lockBuckets":256,"cachePartitions":64}'

function open(url: string) {
  const onRefused = vi.fn<(error: LayoutError) => void>()
  const connections = openConnections({ url, timeoutMs: WAIT_MS, onRefused })
  onTestFinished(() => connections.close())
  return { connection: connections.commands, onRefused }
}

it('is written at the first connection, without a TTL, and found by the next instance', async () => {
  const redis = await start()
  const raw = await connect(redis)
  const first = open(redis.url)
  await until('the first', () => first.connection.isReady())
  expect(await raw.get('ls:layout')).toBe(
    '{"version":3,"hash":"crc32","lockBuckets":1,"cachePartitions":1}',
  )
  expect(await raw.ttl('ls:layout')).toBe(-1)

  const second = open(redis.url)
  await until('the second', () => second.connection.isReady())
  expect(second.onRefused).not.toHaveBeenCalled()
})

it('keeps a connection unready if it differs', async () => {
  const redis = await start()
  await (await connect(redis)).set('ls:layout', OTHER)
  const { connection, onRefused } = open(redis.url)

  await until('the refusal', () => onRefused.mock.calls.length > 0)
  expect(connection.client.status).toBe('ready')
  expect(connection.isReady()).toBe(false)
})

it('is written later if Redis cannot write it yet', async () => {
  const redis = await start({ conf: ['min-replicas-to-write 1'] })
  const raw = await connect(redis)
  const { connection } = open(redis.url)
  await until('a connection', () => connection.client.status === 'ready')
  expect(connection.isReady()).toBe(false)

  await raw.config('SET', 'min-replicas-to-write', '0')
  await until('readiness', () => connection.isReady())
})

it('ends an instance with another layout, with one message, also if Redis comes later', async () => {
  const redis = await start()
  await (await connect(redis)).set('ls:layout', OTHER)
  const proxy = await startFaultProxy(redis.url)
  onTestFinished(() => proxy.close())
  proxy.refuse()
  const service = await startService({ LOCKSTEP_REDIS_URL: proxy.url })
  await service.url()
  expect(service.child.exitCode).toBe(null)

  proxy.heal()
  expect(await service.exit).toBe(1)
  expect(service.stderr().trim()).toMatch(/^This Redis was filled by Lockstep under another layout/)
  expect(service.stderr().trim().split('\n')).toHaveLength(1)
})

it('refuses a node of a Cluster that is named like a single server', async () => {
  const node = await startNode(['cluster-enabled yes', `cluster-port ${await freePort()}`])
  onTestFinished(() => node.stop())
  await node.client.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
  const { onRefused } = open(`redis://127.0.0.1:${node.port}`)

  await until('the refusal', () => onRefused.mock.calls.length > 0)
  expect(onRefused.mock.calls[0]![0].message).toContain('redis+cluster://')
})

it.each([
  ['older', -1],
  ['newer', 1],
])(
  'refuses the data of an %s version in one sentence, and leaves it as it is',
  async (age, distance) => {
    const version = JSON.parse(OTHER).version + distance
    const redis = await start()
    const raw = await connect(redis)
    // As that version wrote it.
    const record = JSON.stringify({ version, hash: 'crc32', lockBuckets: 1, cachePartitions: 1 })
    await raw.mset('ls:layout', record, 'ls:{default:l0}:lock:migrate', 'held')
    const service = await startService({ LOCKSTEP_REDIS_URL: redis.url })

    expect(await service.exit).toBe(1)
    expect(service.stderr()).toMatch(
      new RegExp(
        `^This Redis has the data of an? ${age} version of Lockstep \\(layout ${version}, [^.]*\\.\n$`,
      ),
    )
    expect(await raw.get('ls:layout')).toBe(record)
    expect(await raw.dbsize()).toBe(2)
  },
)
