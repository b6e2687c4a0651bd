import path from 'node:path'
import type { Server } from 'node:tls'
import { parseArgs } from 'node:util'
import { type Logger, pino } from 'pino'
import { buildApp } from './app.js'
import { ConfigError } from './config/faults.js'
import { printConfig, withoutPassword } from './config/print.js'
import { createReloads, type Reloads } from './config/reload.js'
import { unknownVariables } from './config/variables.js'
import { type Config, loadConfig } from './config.js'
import {
  type Address,
  AddressError,
  isListenError,
  probeAddress,
  toAddress,
  toAddressError,
} from './listen.js'
import { isStoreUrl } from './redis/connect.js'
import { LayoutError } from './redis/layout-record.js'
import { openLinks } from './redis/links.js'
import { type ManagedRedis, managedRefusal, startManagedRedis } from './redis/managed.js'
import { ManagedRedisError } from './redis/managed-error.js'
import { onStopSignal } from './stop-signals.js'
import { readTls, type TlsOptions, watchTls } from './tls.js'
import { version } from './version.js'

const SWEEP_MS = 50

/** Ends what was started, last things last. Until there is something, a signal just exits. */
let shutDown = async (exitCode: number): Promise<number> => exitCode

onStopSignal((exitCode) => {
  shutDown(exitCode).then((code) => process.exit(code), fail)
})

main().catch(fail)

async function main(): Promise<void> {
  const wanted = flags()
  const config = loadConfig(process.env)
  const address = toAddress(config.host, config.port)
  checkRules(config, address)
  const tls = readTls(config)
  for (const name of unknownVariables(process.env)) {
    process.stderr.write(`${name} is not a setting of Lockstep and is ignored.\n`)
  }
  if (wanted['print-config']) process.stdout.write(printConfig(config))
  if (wanted['print-config'] || wanted['check-config']) return
  // Whatever is wrong with configuration or address is said before Redis is touched.
  await probeAddress(address)
  const managed = config.redisUrl === '' ? await startOwnRedis(config) : undefined
  await serve({ config, address, tls, managed })
}

/** `--check-config` and `--print-config` look at the configuration and start nothing. */
function flags() {
  const options = {
    'check-config': { type: 'boolean' },
    'print-config': { type: 'boolean' },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
}

function checkRules(config: Config, address: Address): void {
  const isOpen = config.definitions.tokens.length === 0
  if (isOpen && !address.isLocal && !config.allowAnonymous) {
    throw new ConfigError(
      `LOCKSTEP_HOST is ${config.host}, but no token is configured, so everybody who reaches the port could use the service. Listen on 127.0.0.1, configure tokens (npm run token -- NAME), or set LOCKSTEP_ALLOW_ANONYMOUS=true.`,
    )
  }
  if (config.redisUrl !== '' && !isStoreUrl(config.redisUrl)) {
    // Not repeated: it may hold a password.
    throw new ConfigError(
      'LOCKSTEP_REDIS_URL is not complete: host and port as in redis://127.0.0.1:6379, or a path as in unix:///run/redis.sock.',
    )
  }
  const refusal =
    config.redisUrl === '' ? managedRefusal(process.env.NODE_ENV, config.redisManaged) : undefined
  if (refusal !== undefined) throw new ConfigError(refusal)
}

interface Start {
  readonly config: Config
  readonly address: Address
  readonly tls: TlsOptions | undefined
  readonly managed: ManagedRedis | undefined
}

async function serve({ config, address, tls, managed }: Start): Promise<void> {
  const logger = pino({ level: config.logLevel })
  const links = openLinks({
    url: managed?.url ?? config.redisUrl,
    timeoutMs: config.redisTimeoutMs,
    onError: (error) => logger.debug({ err: error }, 'redis connection'),
    // Redis may come long after the start; the instance ends as it would have ended then.
    onRefused: (error) => void shutDown(1).then(() => fail(error), fail),
  })
  let draining = false
  const reloads = createReloads(() => {
    const fresh = loadConfig(process.env)
    // A bad certificate keeps the rest back as well: all of a reload, or nothing.
    if (tls) readTls(fresh)
    return fresh
  })
  const { onReload } = reloads
  const app = buildApp({ config, links, logger, tls, onReload, isDraining: () => draining })
  if (readsFiles(config)) process.on('SIGHUP', () => reload(reloads, logger))

  const renew = (fresh: TlsOptions) => {
    ;(app.server as unknown as Server).setSecureContext(fresh)
    logger.info('certificate read again')
  }
  if (tls) watchTls(config, tls, { onChange: renew })
  onReload((fresh) => {
    const options = tls && readTls(fresh)
    if (options) renew(options)
  })

  shutDown = async () => {
    draining = true
    // What is still running after the bound loses its connection: better than a stop that hangs.
    const bound = setTimeout(() => app.server.closeAllConnections(), config.drainTimeoutMs)
    // close() ends the connections that are idle now; one that answers its last request now would
    // be kept alive for a next one, and the stop would wait for it.
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS)
    await app.close()
    clearTimeout(bound)
    clearInterval(sweep)
    links.close()
    await managed?.stop()
    return 0
  }
  try {
    const url = await app.listen(address.listen)
    process.stdout.write(
      banner(url, address, managed?.description ?? withoutPassword(config.redisUrl)),
    )
  } catch (error) {
    await managed?.stop()
    throw isListenError(error) ? toAddressError(address, error) : error
  }
}

/** Without files a SIGHUP means what it always did: the terminal is gone, and so are we. */
const readsFiles = (config: Config): boolean =>
  process.env.LOCKSTEP_CONFIG_FILE !== undefined ||
  config.tokensFile !== '' ||
  config.tlsCertFile !== ''

function reload(reloads: Reloads<Config>, logger: Logger): void {
  try {
    reloads.reload()
    logger.info('configuration read again')
  } catch (error) {
    logger.error({ faults: (error as Error).message.split('\n') }, 'configuration kept as it was')
  }
}

function startOwnRedis(config: Config): Promise<ManagedRedis> {
  return startManagedRedis({
    toolsFolder: path.resolve(import.meta.dirname, '../.lockstep'),
    dataFolder: path.resolve(config.dataDir),
    find: config.redisFind === '' ? undefined : config.redisFind,
    log: (message) => process.stderr.write(`${message}\n`),
  })
}

function banner(url: string, { listen }: Address, redis: string): string {
  const [curl, base] =
    listen.path === undefined
      ? ['curl', url.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]')]
      : [`curl --unix-socket ${listen.path}`, 'http://localhost']
  return `
  Lockstep ${version} listens on ${listen.path ?? url}
  Redis    ${redis}
  Docs     ${base}/docs
  Try      ${curl} -X POST ${base}/v1/locks/demo/acquire

`
}

function fail(error: unknown): never {
  const isKnown =
    error instanceof ConfigError ||
    error instanceof AddressError ||
    error instanceof ManagedRedisError ||
    error instanceof LayoutError
  process.stderr.write(`${isKnown ? error.message : (error as Error).stack}\n`)
  if (error instanceof AddressError) process.exit(error.exitCode)
  process.exit(error instanceof ConfigError ? 2 : 1)
}
