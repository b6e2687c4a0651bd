import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hasOpenssl } from '../support/certificates.js'
import { connect } from '../support/managed.js'
import { post, startService } from '../support/service.js'
import {
  makeTlsFiles,
  startTlsCluster,
  startTlsRedis,
  startTlsSentinel,
  tlsSettings,
  untilInStep,
} from '../support/tls-redis.js'
import { until } from '../support/until.js'

/** Takes locks in several slots of a Cluster; retries under another name, as an answer may be lost. */
async function fencesOf(url: string): Promise<number[]> {
  const fences: number[] = []
  while (fences.length < 6) {
    const { body } = await until('a lock', async () => {
      const answer = await post(`${url}/v1/locks/${randomUUID()}/acquire`)
      return answer.status === 200 && answer
    })
    fences.push(body.fence as number)
  }
  return fences
}

describe.skipIf(!hasOpenssl())('a started service, by its environment alone,', () => {
  it('follows a failover of Sentinels over TLS', async () => {
    const files = makeTlsFiles('IP:127.0.0.1')
    const passwords = ['requirepass main', 'masterauth main']
    const primary = await startTlsRedis(files, passwords)
    const follow = [`replicaof 127.0.0.1 ${primary.port}`, 'repl-diskless-sync-delay 0']
    const replica = await startTlsRedis(files, [...passwords, ...follow])
    const promoted = await connect(replica, 'main')
    await untilInStep(promoted)
    const sentinel = await startTlsSentinel(files, { ...primary, password: 'main' }, 'other')
    await until('a Sentinel that knows the replica', async () => {
      const known = (await sentinel.client.call('SENTINEL', 'REPLICAS', 'lockstep')) as unknown[]
      return known.length === 1
    })
    const service = await startService({
      LOCKSTEP_REDIS_URL: `rediss+sentinel://:main@127.0.0.1:${sentinel.port}/lockstep`,
      LOCKSTEP_REDIS_SENTINEL_PASSWORD: 'other',
      ...tlsSettings('LOCKSTEP_REDIS', files),
    })
    const url = await service.ready()
    const before = await fencesOf(url)

    await sentinel.client.call('SENTINEL', 'SET', 'lockstep', 'down-after-milliseconds', '500')
    process.kill(primary.pid(), 'SIGKILL')
    await until('the promotion', async () =>
      (await promoted.info('replication')).includes('role:master'),
    )
    const after = await fencesOf(url)
    expect(Math.min(...after)).toBeGreaterThan(Math.max(...before))
  })

  it('follows a failover of a Cluster over TLS', async () => {
    const files = makeTlsFiles('DNS:localhost')
    const [primary, other, replica] = await startTlsCluster(files)
    const service = await startService({
      LOCKSTEP_REDIS_URL: `rediss+cluster://localhost:${primary.port},localhost:${other.port}`,
      ...tlsSettings('LOCKSTEP_REDIS', files),
    })
    const url = await service.ready()
    await fencesOf(url)

    process.kill(primary.pid(), 'SIGKILL')
    // The other primary alone is no majority.
    await replica.client.call('CLUSTER', 'FAILOVER', 'TAKEOVER')
    await fencesOf(url)
    await until('it is ready', async () => (await fetch(`${url}/readyz`)).ok)
  })
})
