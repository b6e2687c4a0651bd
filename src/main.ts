/** The edge of the process: configuration, Redis, listening, signals, exit codes. */

import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Logger } from 'pino'
import { buildApp } from './app.js'
import { digestOf } from './config/digest.js'
import { ConfigError } from './config/faults.js'
import { printConfig } from './config/print.js'
import { readRedisAccess } from './config/redis-access.js'
import { createReloads, type Reloads } from './config/reload.js'
import { unknownVariables } from './config/variables.js'
import { type Config, loadConfig } from './config.js'
import type { Phase } from './http/draining.js'
import { createLogger, toLoggedError } from './logging/logger.js'
import { type ConnectionsOptions, openConnections } from './redis/connections.js'
import { LayoutError } from './redis/layout-record.js'
import { type ManagedRedis, managedRefusal, startManagedRedis } from './redis/managed.js'
import { ManagedRedisError } from './redis/managed-error.js'
import { isStoreUrl, shownStoreUrl } from './redis/store-url.js'
import { type Address, AddressError, probeAddress, toAddress } from './server/listen.js'
import { close, type Listener, listen, renewCertificate } from './server/servers.js'
import { onStopSignal } from './server/stop-signals.js'
import { readTls, type TlsOptions, watchTls } from './server/tls.js'
import { version } from './server/version.js'

/** Ends what was started, in reverse order. Before that, a signal just exits. */
let shutDown = async (exitCode: number): Promise<number> => exitCode

onStopSignal((exitCode) => {
  shutDown(exitCode).then((code) => process.exit(code), fail)
})

// Node would print every field of an error, such as the arguments of a Redis command.
process.on('uncaughtException', fail)

main().catch(fail)

async function main(): Promise<void> {
  const wanted = flags()
  const config = loadConfig(process.env)
  const addresses = toAddresses(config)
  checkRules(config, addresses)
  const tls = readTls(config)
  const access = {
    access: readRedisAccess(config, 'redis'),
    cacheAccess: readRedisAccess(config, 'cacheRedis'),
  }
  for (const name of unknownVariables(process.env)) {
    process.stderr.write(`${name} is not a setting of Lockstep and is ignored.\n`)
  }
  if (wanted['print-config']) process.stdout.write(printConfig(config, shownStoreUrl))
  if (wanted['print-config'] || wanted['check-config']) return
  // Faults of the configuration and the addresses are reported before Redis is used.
  for (const address of addresses) await probeAddress(address)
  const managed = config.redisUrl === '' ? await startOwnRedis(config) : undefined
  await serve(config, addresses, access, tls, managed)
}

/** `--check-config` and `--print-config` read the configuration and start nothing. */
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

/** The address of the service, then the one for operators, if any. */
function toAddresses({ host, port, adminHost, adminPort }: Config): readonly Address[] {
  const address = toAddress(host, port)
  if (adminHost === '') return [address]
  const admin = toAddress(adminHost, adminPort, 'LOCKSTEP_ADMIN')
  if (admin.text === address.text && port !== 0) {
    throw new ConfigError(`LOCKSTEP_ADMIN_HOST and LOCKSTEP_HOST are both ${address.text}.`)
  }
  return [address, admin]
}

function checkRules(config: Config, addresses: readonly Address[]): void {
  const isOpen = config.definitions.tokens === undefined && !config.allowAnonymous
  const exposed = isOpen && addresses.find(({ isLocal }) => !isLocal)
  if (exposed) {
    throw new ConfigError(
      `${exposed.settings} say ${exposed.text}, but no token is configured, so everybody who reaches the port could use the service. Listen on 127.0.0.1, configure tokens (npm run token -- NAME), or set LOCKSTEP_ALLOW_ANONYMOUS=true.`,
    )
  }
  for (const [variable, url] of [
    ['LOCKSTEP_REDIS_URL', config.redisUrl],
    ['LOCKSTEP_CACHE_REDIS_URL', config.cacheRedisUrl],
  ] as const) {
    if (url === '' || isStoreUrl(url)) continue
    // The URL is not shown: it may hold a password.
    throw new ConfigError(
      `${variable} is no URL of a Redis: host and port as in redis://127.0.0.1:6379, or a path as in unix:///run/redis.sock; no query.`,
    )
  }
  const refusal =
    config.redisUrl === '' ? managedRefusal(process.env.NODE_ENV, config.redisManaged) : undefined
  if (refusal !== undefined) throw new ConfigError(refusal)
}

async function serve(
  config: Config,
  addresses: readonly Address[],
  access: Pick<ConnectionsOptions, 'access' | 'cacheAccess'>,
  tls?: TlsOptions,
  managed?: ManagedRedis,
): Promise<void> {
  const logger = createLogger(config.logLevel)
  const connections = openConnections({
    url: managed?.url ?? config.redisUrl,
    cacheUrl: config.cacheRedisUrl || undefined,
    ...access,
    timeoutMs: config.redisTimeoutMs,
    // Redis may become reachable long after the start.
    onRefused: (error) => void shutDown(1).then(() => fail(error), fail),
  })
  let phase: Phase = 'serving'
  const reloads = createReloads(() => {
    const fresh = loadConfig(process.env)
    // A bad certificate fails the whole reload.
    if (tls) readTls(fresh)
    return fresh
  })
  const { onReload } = reloads
  let certificate = tls?.cert
  const { app, admin } = buildApp({
    config,
    connections,
    logger,
    tls,
    onReload,
    phase: () => phase,
    certificate: () => certificate,
    lastRead: reloads.last,
  })
  const apps = admin ? [app, admin] : [app]
  const listeners = apps.map((app, i): Listener => ({ app, address: addresses[i] as Address }))
  let digest = digestOf(config)
  onReload((fresh) => {
    const before = digest
    digest = digestOf(fresh)
    const change = { change: 'configuration.reload', signal: 'SIGHUP', before, version: digest }
    logger.info(change, 'changed')
    logger.level = fresh.logLevel
  })
  if (readsFiles(config)) process.on('SIGHUP', () => reload(reloads, logger))

  const renew = (fresh: TlsOptions) => {
    renewCertificate(listeners, fresh)
    certificate = fresh.cert
    logger.info('certificate read again')
  }
  const onFault = ({ message }: Error) =>
    logger.error({ fault: message }, 'certificate kept as it was')
  if (tls) watchTls(config, tls, { onChange: renew, onFault })
  onReload((fresh) => {
    const options = tls && readTls(fresh)
    if (options) renew(options)
  })

  shutDown = async () => {
    phase = 'not-ready'
    await sleep(config.drainDelayMs)
    phase = 'closing'
    // The server for operators closes last: it shows that the other one drains.
    await close(listeners, config.drainTimeoutMs)
    connections.close()
    await managed?.stop()
    return 0
  }
  try {
    const urls = await listen(listeners)
    const redis = describeRedis(config, managed)
    const isLocked = config.definitions.tokens !== undefined
    process.stdout.write(banner(urls, addresses, redis, isLocked))
  } catch (error) {
    await managed?.stop()
    throw error
  }
}

/** Without files SIGHUP keeps its default: it ends the process. */
const readsFiles = (config: Config): boolean =>
  process.env.LOCKSTEP_CONFIG_FILE !== undefined ||
  config.tokensFile !== '' ||
  config.tlsCertFile !== ''

function reload(reloads: Reloads<Config>, logger: Logger): void {
  try {
    reloads.reload()
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

function describeRedis({ redisUrl, cacheRedisUrl }: Config, managed?: ManagedRedis): string {
  const main = managed?.description ?? shownStoreUrl(redisUrl)
  return cacheRedisUrl === '' ? main : `${main}, cache ${shownStoreUrl(cacheRedisUrl)}`
}

function banner(
  urls: readonly string[],
  addresses: readonly Address[],
  redis: string,
  isLocked: boolean,
): string {
  const [url = '', admin] = urls.map((url, i) => addresses[i]?.listen.path ?? url)
  const [curl, base] = url.startsWith('/')
    ? [`curl --unix-socket ${url}`, 'http://localhost']
    : ['curl', url.replace('0.0.0.0', '127.0.0.1').replace('[::]', '[::1]')]
  const token = isLocked ? " -H 'Authorization: Bearer YOUR_TOKEN'" : ''
  return `
  Lockstep ${version} listens on ${url}
${admin === undefined ? '' : `  Admin    ${admin}\n`}  Redis    ${redis}
  Docs     ${base}/docs
  Try      ${curl}${token} -X POST ${base}/v1/locks/demo/acquire

`
}

function fail(error: unknown): never {
  const isKnown =
    error instanceof ConfigError ||
    error instanceof AddressError ||
    error instanceof ManagedRedisError ||
    error instanceof LayoutError
  process.stderr.write(`${isKnown ? error.message : toLoggedError(error as Error).stack}\n`)
  if (error instanceof AddressError) process.exit(error.exitCode)
  process.exit(error instanceof ConfigError ? 2 : 1)
}
