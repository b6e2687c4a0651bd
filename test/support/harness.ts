import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Redis } from 'ioredis'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest'
import { buildApp } from '../../src/app.js'
import { readRedisAccess } from '../../src/config/redis-access.js'
import { createReloads } from '../../src/config/reload.js'
import { loadConfig } from '../../src/config.js'
import { bucketTag } from '../../src/locks/keys.js'
import { createLogger } from '../../src/logging/logger.js'
import { type Binder, createBinder } from '../../src/redis/binder.js'
import { type Connection, openConnection } from '../../src/redis/connection.js'
import { type Connections, openConnections } from '../../src/redis/connections.js'
import { layoutOf } from '../../src/redis/layout.js'
import { WAIT_MS } from './bounds.js'
import { explained } from './explained.js'
import { keepLog } from './kept-logs.js'
import { later } from './later.js'
import { rawCommands } from './raw.js'
import { until } from './until.js'

export interface Harness {
  readonly app: FastifyInstance
  readonly connection: Connection
  readonly connections: Connections
  /** A client for raw commands, to read state and to cause faults. */
  readonly redis: Redis
  /** A fresh namespace, so that files run side by side on one Redis. */
  readonly namespace: string
  /** Binds scripts to the same connection and clock as the app. */
  readonly binder: Binder
  /** The hash tag of a lock's keys, which depends on the topology. */
  lockTag(name: string): string
  /** Every line that was logged. */
  readonly log: readonly string[]
  /** A request in the namespace of this harness. */
  request(
    method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head',
    path: string,
  ): supertest.Test
  /** Writes another configuration file and reads it, as SIGHUP does. */
  reload(configFile: string): void
  /** Moves the clock of the scripts by milliseconds, so that tests need not sleep. */
  advance(ms: number): void
  close(): Promise<void>
}

export interface HarnessOptions {
  /** LOCKSTEP_* variables. */
  readonly environment?: Readonly<Record<string, string>>
  /** A configuration file, in YAML. */
  readonly configFile?: string
  /** Another Redis than that of the run, for tests that harm it. */
  readonly redisUrl?: string
  /** Starts without a usable Redis at `redisUrl`. */
  readonly redisIsAway?: boolean
  /** A separate Redis for the cache. */
  readonly cacheRedisUrl?: string
}

/** The options of a harness, or a function that is called before it starts. */
type Options = HarnessOptions | (() => HarnessOptions)

/** A harness for the tests of a file or `describe`: starts before them, closes after them. */
export function useHarness(options: Options = {}): Harness {
  const harness = laterHarness(options)
  beforeAll(harness.start)
  afterAll(harness.close)
  return harness.it
}

/** A new harness for each test, with an unmoved clock and zero counters. */
export function useFreshHarness(options: Options = {}): Harness {
  const harness = laterHarness(options)
  beforeEach(harness.start)
  afterEach(harness.close)
  return harness.it
}

const laterHarness = (options: Options) =>
  later(
    'harness',
    () => startHarness(typeof options === 'function' ? options() : options),
    (harness) => harness.close(),
  )

/** Starts the production app on a real Redis. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const url = options.redisUrl ?? inject('redisUrl')
  const folder = mkdtempSync('/tmp/ls-')
  const file = path.join(folder, 'lockstep.yaml')
  writeFileSync(file, options.configFile ?? '')
  const readConfig = () =>
    loadConfig({
      LOCKSTEP_LOG_LEVEL: 'trace',
      // A busy machine may delay any answer. Tests that silence Redis set a shorter bound.
      LOCKSTEP_REDIS_TIMEOUT_MS: `${WAIT_MS}`,
      LOCKSTEP_CACHE_READ_TIMEOUT_MS: `${WAIT_MS}`,
      LOCKSTEP_RATELIMIT_TIMEOUT_MS: `${WAIT_MS}`,
      LOCKSTEP_OVERLOAD_DELAY_MS: `${WAIT_MS}`,
      LOCKSTEP_CONFIG_FILE: file,
      ...options.environment,
    })
  const config = readConfig()
  const reloads = createReloads(readConfig)
  const connections = openConnections({
    url,
    access: readRedisAccess(config, 'redis'),
    cacheUrl: options.cacheRedisUrl,
    cacheAccess: readRedisAccess(config, 'cacheRedis'),
    timeoutMs: config.redisTimeoutMs,
    onRefused: (error) => process.stderr.write(`${error.message}\n`),
  })
  const connection = connections.commands
  const admin = options.redisUrl === undefined ? adminConnection(connection) : connection
  if (!options.redisIsAway)
    await Promise.all([ready(connection), ready(connections.cache), ready(admin)])

  let offsetUs = 0
  const clockOffsetUs = () => offsetUs
  const { log, logger } = recordLog()
  keepLog(() => log.join(''))
  const { app } = buildApp({
    config,
    connections,
    logger,
    clockOffsetUs,
    onReload: reloads.onReload,
    lastRead: reloads.last,
  })
  await app.ready()
  await app.listen({ host: '127.0.0.1', port: 0 })

  const namespace = `t-${randomUUID()}`
  return {
    app,
    connection,
    connections,
    redis: rawCommands(admin),
    namespace,
    binder: createBinder({ connection, observer: { batch() {}, failure() {} }, clockOffsetUs }),
    lockTag: (name) => bucketTag(layoutOf(connection), name),
    log,
    request: (method, path) =>
      explained(supertest(app.server)[method](path)).set('lockstep-namespace', namespace),
    reload(configFile) {
      writeFileSync(file, configFile)
      reloads.reload()
    },
    advance(ms) {
      offsetUs += ms * 1_000
    },
    async close() {
      await app.close()
      await forget(admin, namespace)
      connections.close()
      admin.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A connection with the rights that a test needs and the service does not have. */
function adminConnection(connection: Connection): Connection {
  const url = inject('adminUrl')
  if (url === '') return connection
  return openConnection({ url, purpose: 'admin', timeoutMs: WAIT_MS })
}

export async function ready(connection: Connection): Promise<void> {
  await until('a connection that is ready', () => connection.isReady())
}

async function forget(connection: Connection, namespace: string): Promise<void> {
  if (!connection.isReady()) return
  const redis = rawCommands(connection)
  for await (const keys of redis.scanStream({ match: `ls:{${namespace}:*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
}

function recordLog() {
  const log: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk))
      done()
    },
  })
  return { log, logger: createLogger('trace', stream) }
}
