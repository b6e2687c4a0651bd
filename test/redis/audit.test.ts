import { expect, it } from 'vitest'
import { auditRedis, judge } from '../../src/redis/audit.js'
import type { RedisFacts } from '../../src/redis/facts.js'
import { startHarness } from '../support/harness.js'
import { connect, start } from '../support/managed.js'
import { startNode } from '../support/nodes.js'
import { tempFolder } from '../support/temp-folder.js'
import { until } from '../support/until.js'

/** What log, metrics and status report about a Redis with these settings. */
async function said(conf: readonly string[], dataFolder?: string) {
  const redis = await start({ conf, ...(dataFolder && { dataFolder }) })
  const harness = await startHarness({ redisUrl: redis.url })
  const read = async () => {
    const { body } = await harness.request('get', '/v1/status').expect(200)
    const { text } = await harness.request('get', '/metrics').expect(200)
    return {
      status: body.redis.findings as string[],
      metrics: [...text.matchAll(/safety_finding\{redis="main",finding="(.+)"\} 1/g)].map(
        ([, finding]) => finding,
      ),
      log: harness.log.flatMap((line) => (JSON.parse(line) as { finding?: string }).finding ?? []),
    }
  }
  await until('the first look', async () =>
    (await harness.request('get', '/metrics')).text.includes('safety_finding{'),
  )
  return { redis, harness, read }
}

it.each([
  [['maxmemory-policy volatile-lru'], ['evicts', 'no-persistence']],
  [['save 3600 1'], ['snapshots-only']],
  [['maxmemory 0'], ['no-memory-bound', 'no-persistence']],
  [
    ['save ""', 'lazyfree-lazy-expire no'],
    ['no-persistence', 'slow-expiry'],
  ],
])('finds what %j endangers', async (conf, findings) => {
  const { harness, read } = await said(conf)
  expect(await read()).toEqual({ status: findings, metrics: findings, log: findings })
  await harness.close()
})

it('finds nothing in a safe Redis', async () => {
  const { harness, read } = await said([], tempFolder())
  expect(await read()).toEqual({ status: [], metrics: [], log: [] })
  await harness.close()
})

it('looks again at every connection, and reports only changes', async () => {
  const { redis, harness, read } = await said([], tempFolder())
  const raw = await connect(redis)
  await raw.config('SET', 'maxmemory-policy', 'allkeys-random')
  // The service answers 503 while it has no connection.
  const seen = () => read().catch(() => undefined)
  const kill = async () => {
    const id = await harness.connection.client.client('ID')
    await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until('another connection', async () =>
      harness.connection.client.client('ID').then(
        (now) => now !== id,
        () => false,
      ),
    )
  }
  await kill()
  await until('the finding', async () => (await seen())?.log.length)
  await kill()
  expect((await until('an answer', seen)).log).toEqual(['evicts'])
  await harness.close()
})

it('looks again periodically, as settings change', async () => {
  const redis = await start()
  const harness = await startHarness({ redisUrl: redis.url })
  const seen: string[] = []
  auditRedis({
    connection: harness.connection,
    evicts: false,
    everyMs: 20,
    onFindings: (findings) => void seen.push(findings.join()),
  })
  await until('the first look', () => seen.length > 0)
  await (await connect(redis)).config('SET', 'maxmemory-policy', 'allkeys-lru')
  await until('the second', () => seen.length > 1)
  expect(seen).toEqual(['no-persistence', 'evicts,no-persistence'])
  await harness.close()
})

it('finds replicas that a primary does not wait for', async () => {
  const primary = await startNode([])
  const replica = await startNode([`replicaof 127.0.0.1 ${primary.port}`])
  const harness = await startHarness({ redisUrl: `redis://127.0.0.1:${primary.port}` })
  const findings = async () =>
    (await harness.request('get', '/v1/status').expect(200)).body.redis.findings as string[]
  await until('the replica', async () => (await findings()).includes('replicas-optional'))

  await primary.client.config('SET', 'min-replicas-to-write', '1')
  expect(await findings()).not.toContain('replicas-optional')
  await harness.close()
  await replica.stop()
  await primary.stop()
})

const GOOD: RedisFacts = {
  version: '7.0.15',
  mode: 'single',
  persistence: 'aof',
  evictionPolicy: 'noeviction',
  maxMemoryBytes: 1,
  usedMemoryBytes: 1,
  replicas: 0,
  needsReplicas: false,
  freesLazily: true,
}

it('finds servers that are too old, or refuse INFO', () => {
  expect(judge({ ...GOOD, version: '6.2.14' }, false)).toEqual(['old-version'])
  expect(judge({ ...GOOD, version: 'unknown' }, false)).toEqual(['unreadable'])
  expect(judge({ ...GOOD, version: '9.0.1' }, false)).toEqual([])
})

it('lets the Redis of the cache evict', () => {
  const forgetful = { ...GOOD, evictionPolicy: 'allkeys-lru', persistence: 'none' } as const
  expect(judge(forgetful, true)).toEqual([])
  expect(judge({ ...forgetful, freesLazily: false }, true)).toEqual(['slow-expiry'])
  expect(judge({ ...forgetful, freesLazily: undefined }, true)).toEqual([])
  expect(judge({ ...forgetful, maxMemoryBytes: 0 }, true)).toEqual(['no-memory-bound'])
})
