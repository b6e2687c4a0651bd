import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { load } from '../../src/config/load.js'
import { readRedisAccess } from '../../src/config/redis-access.js'
import { openConnection } from '../../src/redis/connection.js'
import { type ConnectionsOptions, openConnections } from '../../src/redis/connections.js'
import { WAIT_MS } from '../support/bounds.js'
import { hasOpenssl } from '../support/certificates.js'
import { type HarnessOptions, ready, startHarness } from '../support/harness.js'
import {
  makeTlsFiles,
  startTlsCluster,
  startTlsRedis,
  startTlsSentinel,
  tlsSettings,
} from '../support/tls-redis.js'
import { until } from '../support/until.js'

/** Acquires a lock and stores a value, through a service with these settings. */
async function expectService(options: HarnessOptions): Promise<void> {
  const harness = await startHarness(options)
  onTestFinished(() => harness.close())
  for (const name of ['a', 'b', 'c', 'd']) {
    await harness.request('post', `/v1/locks/${name}/acquire`).expect(200)
    await harness.request('put', `/v1/cache/users/${name}`).send('Ada').expect(201)
    await harness.request('get', `/v1/cache/users/${name}`).expect(200)
  }
  // Pub/sub has connections of its own.
  const waiting = harness.request('post', '/v1/locks/e/acquire').send({ waitMs: 60_000 })
  const { body } = await harness.request('post', '/v1/locks/e/acquire').expect(200)
  const granted = waiting.then(({ status }) => status)
  await until('a waiter', async () => {
    const seen = await harness.request('get', '/v1/locks/e')
    return seen.body.queueLength === 1
  })
  await harness.request('post', '/v1/locks/e/release').send({ token: body.token }).expect(200)
  expect(await granted).toBe(200)
}

interface Client {
  readonly stream: Duplex
  readonly options: { readonly tls: { readonly signal: AbortSignal } }
}

/** Why the commands cannot be sent. */
async function reasonWith(options: Pick<ConnectionsOptions, 'url' | 'access'>): Promise<string> {
  const connections = openConnections({ ...options, timeoutMs: WAIT_MS, onRefused() {} })
  onTestFinished(() => connections.close())
  return until('a reason', () => connections.commands.state.reason)
}

describe.skipIf(!hasOpenssl())('a Redis with TLS', () => {
  it('is used with its CA and a client certificate, for the cache as well', async () => {
    const [files, cacheFiles] = [makeTlsFiles('IP:127.0.0.1'), makeTlsFiles('DNS:cache.internal')]
    const [main, cache] = await Promise.all([startTlsRedis(files), startTlsRedis(cacheFiles)])
    const redisUrl = `rediss://127.0.0.1:${main.port}`
    const cacheRedisUrl = `rediss://127.0.0.1:${cache.port}`
    await expectService({
      redisUrl,
      cacheRedisUrl,
      environment: {
        LOCKSTEP_REDIS_URL: redisUrl,
        ...tlsSettings('LOCKSTEP_REDIS', files),
        LOCKSTEP_CACHE_REDIS_URL: cacheRedisUrl,
        ...tlsSettings('LOCKSTEP_CACHE_REDIS', cacheFiles),
        LOCKSTEP_CACHE_REDIS_TLS_SERVER_NAME: 'cache.internal',
      },
    })
  })

  it('is not used without its CA, its name or a client certificate', async () => {
    const files = makeTlsFiles('DNS:redis.internal')
    const { port } = await startTlsRedis(files)
    const url = `rediss://127.0.0.1:${port}`
    const [ca, cert, key] = [files.server.cert, files.client.cert, files.client.key]
    const servername = 'redis.internal'
    expect(await reasonWith({ url, access: { tls: { cert, key, servername } } })).toBe(
      'certificate',
    )
    expect(await reasonWith({ url, access: { tls: { ca, cert, key } } })).toBe('certificate')
    const refused = await reasonWith({ url, access: { tls: { ca, servername } } })
    expect(['certificate', 'closed', 'tls']).toContain(refused)
  })

  it('may end a connection with two errors, which do not end the service', async () => {
    const files = makeTlsFiles('IP:127.0.0.1')
    const { port } = await startTlsRedis(files)
    const tls = { ca: files.server.cert, cert: files.client.cert, key: files.client.key }
    const connection = openConnection({
      url: `rediss://127.0.0.1:${port}`,
      access: { tls },
      purpose: 'test',
      timeoutMs: WAIT_MS,
    })
    onTestFinished(() => connection.close())
    await ready(connection)
    const { stream, options } = connection.client as unknown as Client
    // A shared one would keep every socket.
    expect(options.tls.signal).not.toBe(options.tls.signal)
    stream.emit('error', new Error('the first'))
    expect(() => stream.emit('error', new Error('the second'))).not.toThrow()
  })

  it('is found by Sentinels with TLS and a password of their own', async () => {
    const files = makeTlsFiles('IP:127.0.0.1')
    const primary = { ...(await startTlsRedis(files, ['requirepass main'])), password: 'main' }
    const { port } = await startTlsSentinel(files, primary, 'other')
    const redisUrl = `rediss+sentinel://:main@127.0.0.1:${port}/lockstep`
    await expectService({
      redisUrl,
      environment: {
        LOCKSTEP_REDIS_URL: redisUrl,
        LOCKSTEP_REDIS_SENTINEL_PASSWORD: 'other',
        ...tlsSettings('LOCKSTEP_REDIS', files),
      },
    })
    const tls = { ca: files.server.cert, cert: files.client.cert, key: files.client.key }
    const access = { tls, sentinelPassword: 'wrong' }
    expect(await reasonWith({ url: redisUrl, access })).toBe('wrong-password')
    // Sentinels do not say why their connection was cut.
    const untrusted = { sentinelPassword: 'other' }
    expect(await reasonWith({ url: redisUrl, access: untrusted })).toBe('primary-down')
  })

  it('is a Cluster whose certificates are for names', async () => {
    const files = makeTlsFiles('DNS:localhost')
    const members = await startTlsCluster(files)
    const redisUrl = `rediss+cluster://${members.map(({ port }) => `localhost:${port}`).join(',')}`
    await expectService({
      redisUrl,
      environment: { LOCKSTEP_REDIS_URL: redisUrl, ...tlsSettings('LOCKSTEP_REDIS', files) },
    })
  })
})

describe('the settings', () => {
  const accessOf = (environment: Record<string, string>) =>
    readRedisAccess(load(environment, {}), 'redis')

  it.each([
    [{ LOCKSTEP_REDIS_TLS_SERVER_NAME: 'a' }, /LOCKSTEP_REDIS_TLS_\* need a LOCKSTEP_REDIS_URL/],
    [{ LOCKSTEP_REDIS_URL: 'redis://a', LOCKSTEP_REDIS_TLS_SERVER_NAME: 'a' }, /with TLS: rediss:/],
    [
      { LOCKSTEP_REDIS_URL: 'rediss://a', LOCKSTEP_REDIS_TLS_CERT_FILE: '/a' },
      /LOCKSTEP_REDIS_TLS_CERT_FILE and LOCKSTEP_REDIS_TLS_KEY_FILE need each other/,
    ],
    [{ LOCKSTEP_REDIS_URL: 'rediss://a', LOCKSTEP_REDIS_TLS_CA_FILE: '/none' }, /cannot be read/],
    [
      { LOCKSTEP_REDIS_URL: 'rediss+cluster://a', LOCKSTEP_REDIS_SENTINEL_PASSWORD: 'a' },
      /LOCKSTEP_REDIS_SENTINEL_PASSWORD needs a LOCKSTEP_REDIS_URL that names Sentinels/,
    ],
  ])('%j is refused', (environment, fault) => {
    expect(() => accessOf(environment)).toThrow(fault)
  })

  it('are the defaults of Node where none is given', () => {
    expect(accessOf({ LOCKSTEP_REDIS_URL: 'rediss://a' })).toEqual({ tls: {} })
  })
})
