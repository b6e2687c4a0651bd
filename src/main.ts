import path from 'node:path'
import { pino } from 'pino'
import { buildApp } from './app.js'
import { type Config, ConfigError, loadConfig } from './config.js'
import { openLinks } from './redis/links.js'
import { type ManagedRedis, managedRefusal, startManagedRedis } from './redis/managed.js'
import { ManagedRedisError } from './redis/managed-error.js'

/** A fault of the caller's: one message, no stack. */
class StartError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

const LOOPBACK = /^(127(\.\d+){3}|localhost|::1)$/

function readConfig(): Config {
  const config = loadConfig(process.env)
  if (!LOOPBACK.test(config.host) && !config.allowAnonymous) {
    throw new StartError(
      `LOCKSTEP_HOST is ${config.host}, but no token is configured, so everybody who reaches the port could use the service. Listen on 127.0.0.1, or set LOCKSTEP_ALLOW_ANONYMOUS=true.`,
      2,
    )
  }
  if (config.redisUrl === '') {
    const refusal = managedRefusal(process.env.NODE_ENV, config.redisManaged)
    if (refusal) throw new StartError(refusal, 2)
  }
  return config
}

async function main(): Promise<void> {
  const config = readConfig()
  const logger = pino({ level: config.logLevel })
  const managed = config.redisUrl === '' ? await startOwnRedis(config) : undefined

  const links = openLinks({
    url: managed?.url ?? config.redisUrl,
    timeoutMs: config.redisTimeoutMs,
    onError: (error) => logger.debug({ err: error }, 'redis connection'),
  })
  let draining = false
  const app = buildApp({ config, links, logger, isDraining: () => draining })

  const stop = async () => {
    if (draining) return
    draining = true
    await app.close()
    links.close()
    await managed?.stop()
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())

  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await managed?.stop()
    throw error
  }
}

const startOwnRedis = (config: Config): Promise<ManagedRedis> =>
  startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../.lockstep'),
    dataFolder: path.resolve(config.dataDir),
    find: config.redisFind === '' ? undefined : config.redisFind,
    log: (message) => process.stderr.write(`${message}\n`),
  })

main().catch((error: unknown) => {
  const known =
    error instanceof StartError ||
    error instanceof ConfigError ||
    error instanceof ManagedRedisError
  process.stderr.write(`${known ? error.message : String((error as Error).stack)}\n`)
  process.exit(error instanceof StartError ? error.exitCode : error instanceof ConfigError ? 2 : 1)
})
