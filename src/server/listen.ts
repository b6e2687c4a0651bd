import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const LOOPBACK = /^(127(\.\d+){3}|::1)$/

/** A TCP address to listen on, or a unix socket if the host is an absolute path. */
export interface Address {
  readonly listen: { readonly host?: string; readonly port?: number; readonly path?: string }
  /** Only this machine can reach it. */
  readonly isLocal: boolean
  /** For messages: the address, and the names of its settings. */
  readonly text: string
  readonly settings: string
}

/** The service cannot listen there; the message is for its operator. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
  /** 1 if the address is in use, 2 if it is wrong. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2) {
    super(message)
    this.exitCode = exitCode
  }
}

/** @param prefix of the variables that set host and port */
export function toAddress(name: string, port: number, prefix = 'LOCKSTEP'): Address {
  const settings = `${prefix}_HOST and ${prefix}_PORT`
  if (name.startsWith('/')) {
    return { listen: { path: name }, isLocal: true, text: `unix socket ${name}`, settings }
  }
  // For a name, Fastify would open a second server on its other address.
  const host = name === 'localhost' ? '127.0.0.1' : name
  const shown = host.includes(':') ? `[${host}]` : host
  const isLocal = LOOPBACK.test(host)
  return { listen: { host, port }, isLocal, text: `${shown}:${port}`, settings }
}

/**
 * Tries the address before a Redis is started. The service binds it again later, and reports the
 * same errors then.
 * @throws AddressError
 */
export async function probeAddress(address: Address): Promise<void> {
  if (address.listen.path !== undefined) await removeStaleSocket(address.listen.path, address)
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => reject(toAddressError(address, error)))
    server.listen(address.listen, () => server.close(() => resolve()))
  })
}

/** Explains an error of listening; any other keeps its stack. */
export function toAddressError(address: Address, error: unknown): unknown {
  const { code, message, syscall = '' } = error as NodeJS.ErrnoException
  if (!['listen', 'bind', 'getaddrinfo'].includes(syscall)) return error
  if (code === 'EADDRINUSE') return inUse(address)
  const reason = code ?? message
  return new AddressError(
    `Lockstep cannot listen on ${address.text} (${reason}). Set ${address.settings} to an address of this machine that this user may use.`,
    2,
  )
}

function inUse({ text, settings }: Address): AddressError {
  return new AddressError(
    `${text} is in use; perhaps Lockstep runs already. Stop that one, or choose another address (${settings}).`,
    1,
  )
}

/** Removes the socket file of a service that was killed: it would prevent the bind. */
async function removeStaleSocket(path: string, address: Address): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file === undefined) return
  if (!file.isSocket()) throw new AddressError(`${path} exists and is not a socket.`, 2)
  if (await isAnswering(path)) throw inUse(address)
  unlinkSync(path)
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      resolve(true)
      socket.destroy()
    })
  })
}
