import { lstatSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const LOOPBACK = /^(127(\.\d+){3}|localhost|::1)$/

/** Where the service listens: a TCP address, or a unix socket when the host is an absolute path. */
export interface Address {
  readonly listen: { readonly host?: string; readonly port?: number; readonly path?: string }
  /** Only this machine can reach it. */
  readonly isLocal: boolean
  /** For messages. */
  readonly text: string
}

/** The service cannot listen there; the message is for whoever started it. */
export class AddressError extends Error {
  override readonly name = 'AddressError'
  /** 1 when somebody else is there now, 2 when the address itself is wrong. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2) {
    super(message)
    this.exitCode = exitCode
  }
}

export function toAddress(host: string, port: number): Address {
  if (host.startsWith('/')) {
    return { listen: { path: host }, isLocal: true, text: `unix socket ${host}` }
  }
  const shown = host.includes(':') ? `[${host}]` : host
  return { listen: { host, port }, isLocal: LOOPBACK.test(host), text: `${shown}:${port}` }
}

/**
 * Tries the address before anything else is started, so that a port in use costs a message and not
 * a Redis that comes and goes. The service binds it again later; whoever takes it in between is
 * reported then, by the same rules.
 *
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

/** Told from whatever else may go wrong while the app gets ready, which must keep its stack. */
export function isListenError(error: unknown): boolean {
  const { syscall } = error as NodeJS.ErrnoException
  return syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo'
}

export function toAddressError(address: Address, error: unknown): AddressError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return inUse(address)
  const reason = code ?? message
  return new AddressError(
    `Lockstep cannot listen on ${address.text} (${reason}). Set LOCKSTEP_HOST and LOCKSTEP_PORT to an address of this machine that this user may use.`,
    2,
  )
}

function inUse({ text }: Address): AddressError {
  return new AddressError(
    `${text} is in use; perhaps Lockstep runs already. Stop that one, or choose another LOCKSTEP_PORT.`,
    1,
  )
}

/** A service that was killed leaves its socket file behind, and nobody can bind over it. */
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
