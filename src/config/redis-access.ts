import { createSecureContext } from 'node:tls'
import { ConfigError } from './faults.js'
import { readText } from './file.js'
import { type Settings, variableOf } from './settings.js'

/**
 * Reads the files of what a connection needs besides its URL, and checks that they fit together and
 * that the URL uses them.
 * @throws ConfigError
 */
export function readRedisAccess(config: Settings, redis: 'redis' | 'cacheRedis') {
  const url = config[`${redis}Url`]
  const variable = (field: string) => variableOf(`${redis}${field}`)
  const given = (field: 'TlsCaFile' | 'TlsCertFile' | 'TlsKeyFile' | 'TlsServerName') =>
    config[`${redis}${field}`] || undefined
  const [caFile, certFile, keyFile] = [
    given('TlsCaFile'),
    given('TlsCertFile'),
    given('TlsKeyFile'),
  ]
  const servername = given('TlsServerName')
  const sentinelPassword = config[`${redis}SentinelPassword`] || undefined

  if (sentinelPassword !== undefined && !/^rediss?\+sentinel:/.test(url)) {
    throw new ConfigError(
      `${variable('SentinelPassword')} needs a ${variable('Url')} that names Sentinels.`,
    )
  }
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigError(
      `${variable('TlsCertFile')} and ${variable('TlsKeyFile')} need each other.`,
    )
  }
  const tls = {
    ...(caFile && { ca: readText(caFile) }),
    ...(certFile && { cert: readText(certFile) }),
    ...(keyFile && { key: readText(keyFile) }),
    ...(servername && { servername }),
  }
  if (Object.keys(tls).length > 0 && !url.startsWith('rediss')) {
    throw new ConfigError(
      `${variable('Tls')}_* need a ${variable('Url')} with TLS: rediss://, rediss+sentinel:// or rediss+cluster://.`,
    )
  }
  try {
    createSecureContext(tls)
  } catch (error) {
    const files = [caFile, certFile, keyFile].filter((file) => file !== undefined)
    throw new ConfigError(`${files.join(', ')} cannot be used: ${(error as Error).message}`)
  }
  return { tls, ...(sentinelPassword !== undefined && { sentinelPassword }) }
}
