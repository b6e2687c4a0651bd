import { createSecureContext } from 'node:tls'
import { ConfigError } from '../config/faults.js'
import { readText } from '../config/file.js'

/** Options of an HTTPS server. At least TLS 1.2, the default of Node. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  readonly requestCert: boolean
}

export interface TlsFiles {
  readonly tlsCertFile: string
  readonly tlsKeyFile: string
  readonly tlsClientCaFile: string
}

/**
 * Reads the files and checks that they match.
 * @returns undefined if no file is configured
 * @throws ConfigError
 */
export function readTls({
  tlsCertFile,
  tlsKeyFile,
  tlsClientCaFile,
}: TlsFiles): TlsOptions | undefined {
  if ([tlsCertFile, tlsKeyFile, tlsClientCaFile].every((file) => file === '')) return undefined
  if (tlsCertFile === '' || tlsKeyFile === '') {
    throw new ConfigError('TLS needs both LOCKSTEP_TLS_CERT_FILE and LOCKSTEP_TLS_KEY_FILE.')
  }
  const options = {
    cert: readText(tlsCertFile),
    key: readText(tlsKeyFile),
    ...(tlsClientCaFile !== '' && { ca: readText(tlsClientCaFile) }),
    requestCert: tlsClientCaFile !== '',
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new ConfigError(
      `${tlsCertFile}, ${tlsKeyFile} and ${tlsClientCaFile || 'no authorities'} do not fit together: ${(error as Error).message}`,
    )
  }
  return options
}

const READ_EVERY_MS = 30_000

/**
 * Reads the files every 30 seconds: programs that renew certificates send no signal. A half-written
 * file is read again.
 * @returns a function that ends this
 */
export function watchTls(
  files: TlsFiles,
  current: TlsOptions,
  {
    onChange,
    onFault,
    everyMs = READ_EVERY_MS,
  }: {
    onChange: (fresh: TlsOptions) => void
    /** Called once for each fault; the old certificate stays. */
    onFault: (error: Error) => void
    everyMs?: number
  },
): () => void {
  let known = JSON.stringify(current)
  let fault = ''
  const timer = setInterval(() => {
    try {
      const fresh = readTls(files)
      fault = ''
      if (fresh === undefined || JSON.stringify(fresh) === known) return
      known = JSON.stringify(fresh)
      onChange(fresh)
    } catch (error) {
      const { message } = error as Error
      if (message !== fault) onFault(error as Error)
      fault = message
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
