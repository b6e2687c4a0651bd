import { readFileSync } from 'node:fs'
import { LockstepError, NoAnswerError } from '../src/errors.js'
import { Lockstep } from '../src/lockstep.js'
import { overSocket } from '../src/node.js'
import { EXIT, Failure } from './failures.js'

/** Options of every command that calls the service. */
export interface Place {
  readonly url?: string
  readonly namespace?: string
  readonly tokenFile?: string
  readonly timeout?: number
}

/** Where the service is and who calls it, as plain data for another process. */
export interface Address {
  readonly urls: readonly string[]
  readonly token?: string
  readonly namespace?: string
  readonly timeoutMs: number
  /** How long one attempt may take. */
  readonly attemptMs: number
}

export function addressOf(options: Place, env: NodeJS.ProcessEnv): Address {
  const url = options.url || env.LOCKSTEP_URL || 'http://127.0.0.1:7700'
  const namespace = options.namespace ?? env.LOCKSTEP_NAMESPACE
  const token = tokenOf(options.tokenFile || env.LOCKSTEP_TOKEN_FILE) ?? env.LOCKSTEP_TOKEN
  checkHeader('API token', token)
  checkHeader('namespace', namespace)
  return {
    urls: url.split(',').map((one) => toBase(one.trim())),
    ...(token && { token }),
    ...(namespace && { namespace }),
    timeoutMs: options.timeout ?? 10_000,
    attemptMs: options.timeout ?? 10_000,
  }
}

/** A header that cannot be sent would look like a service that does not answer. */
export function checkHeader(what: string, value: string | undefined): void {
  if (value !== undefined && !/^[\x20-\x7e]*$/.test(value)) {
    throw new Failure(EXIT.usage, `the ${what} has letters that a header cannot have`)
  }
}

const FORMS = 'http://HOST:PORT or unix:/PATH'

function toBase(url: string): string {
  if (/^unix:\/[^:]+$/.test(url)) return url
  if (!/^https?:\/\/[^/@]+(\/[^@]*)?$/.test(url) || !URL.canParse(url)) {
    throw new Failure(EXIT.usage, `the URL of the service is not like ${FORMS}: "${url}"`)
  }
  return url.replace(/\/+$/, '')
}

function tokenOf(file: string | undefined): string | undefined {
  if (!file) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Failure(
      EXIT.usage,
      `the file of the token cannot be read: ${(error as Error).message}`,
    )
  }
}

/** Every answer of Lockstep carries it. Without it another server listens there. */
const OWN_HEADER = 'x-request-id'

const PROBLEM = 'application/problem+json'

export interface Opening {
  readonly method?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** How long the service may wait before it answers. */
  readonly waitMs?: number
}

const toPrefix = (url: string) => (url.startsWith('unix:') ? `${url}:` : url)

/** The service: its client, and answers that are read while they arrive. */
export class Service {
  readonly address: Address
  readonly lockstep: Lockstep

  constructor(address: Address) {
    this.address = address
    const { urls, token, namespace, timeoutMs, attemptMs } = address
    this.lockstep = new Lockstep({
      url: urls.map(toPrefix),
      timeoutMs,
      attemptMs,
      ...(token && { token }),
      ...(namespace && { namespace }),
      fetch: fetchOwn,
    })
  }

  /** One attempt at each URL in turn, each with the time of an attempt to begin its answer. */
  async open(path: string, opening: Opening = {}): Promise<Response> {
    let last: unknown
    for (const url of this.address.urls) {
      try {
        return await this.#attempt(toPrefix(url) + path, opening)
      } catch (error) {
        opening.signal?.throwIfAborted()
        if (!(error instanceof NoAnswerError)) throw error
        last = error
      }
    }
    throw last
  }

  async #attempt(url: string, { method = 'GET', body, headers, signal, waitMs = 0 }: Opening) {
    const { token, namespace, attemptMs } = this.address
    const cut = new AbortController()
    const signals = signal ? [cut.signal, signal] : [cut.signal]
    const timer = setTimeout(() => cut.abort(), attemptMs + waitMs)
    const response = await fetchOwn(url, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(namespace && { 'lockstep-namespace': namespace }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any(signals),
    }).finally(() => clearTimeout(timer))
    if (response.ok) return response
    throw new LockstepError((await response.json()) as LockstepError['problem'])
  }
}

/** @throws NoAnswerError also when the server is no Lockstep */
async function fetchOwn(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const [, socket, path] = /^unix:([^:]+):(.*)$/.exec(String(input)) ?? []
  const [origin, asked] = socket
    ? [`unix:${socket}`, overSocket(socket)(`http://localhost${path}`, init)]
    : [new URL(String(input)).origin, fetch(input, init)]
  const response = await asked.catch((cause: Error) => {
    throw new NoAnswerError(`no answer from ${origin}`, { cause })
  })
  const isProblem = response.headers.get('content-type')?.startsWith(PROBLEM)
  if (response.headers.has(OWN_HEADER) && (response.status < 400 || isProblem)) return response
  await response.body?.cancel()
  throw new NoAnswerError(`${origin} answered ${response.status}, and is no Lockstep`)
}
