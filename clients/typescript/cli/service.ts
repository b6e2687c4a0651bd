import { readFileSync } from 'node:fs'
import { LockstepError, NoAnswerError } from '../src/errors.js'
import { Lockstep } from '../src/lockstep.js'
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
  const url = options.url ?? env.LOCKSTEP_URL ?? 'http://127.0.0.1:7700'
  const namespace = options.namespace ?? env.LOCKSTEP_NAMESPACE
  const token = tokenOf(options.tokenFile ?? env.LOCKSTEP_TOKEN_FILE) ?? env.LOCKSTEP_TOKEN
  return {
    urls: url.split(',').map(toBase),
    ...(token && { token }),
    ...(namespace && { namespace }),
    timeoutMs: options.timeout ?? 10_000,
    attemptMs: options.timeout ?? 10_000,
  }
}

function toBase(url: string): string {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw new Failure(EXIT.usage, `the URL of the service is not like http://HOST:PORT: "${url}"`)
  }
  return url.replace(/\/+$/, '')
}

function tokenOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
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
}

/** The service: its client, and answers that are read while they arrive. */
export class Service {
  readonly address: Address
  readonly lockstep: Lockstep

  constructor(address: Address) {
    this.address = address
    const { urls, token, namespace, timeoutMs, attemptMs } = address
    this.lockstep = new Lockstep({
      url: urls,
      timeoutMs,
      attemptMs,
      ...(token && { token }),
      ...(namespace && { namespace }),
      fetch: fetchOwn,
    })
  }

  /** One attempt at each URL in turn. */
  async open(path: string, opening: Opening = {}): Promise<Response> {
    let last: unknown
    for (const url of this.address.urls) {
      try {
        return await this.#attempt(url + path, opening)
      } catch (error) {
        opening.signal?.throwIfAborted()
        if (!(error instanceof NoAnswerError)) throw error
        last = error
      }
    }
    throw last
  }

  async #attempt(url: string, { method = 'GET', body, headers, signal }: Opening) {
    const { token, namespace } = this.address
    const response = await fetchOwn(url, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(namespace && { 'lockstep-namespace': namespace }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
    if (response.ok) return response
    throw new LockstepError((await response.json()) as LockstepError['problem'])
  }
}

/** @throws NoAnswerError also when the server is no Lockstep */
async function fetchOwn(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { origin } = new URL(String(url))
  const response = await fetch(url, init).catch((cause: Error) => {
    throw new NoAnswerError(`no answer from ${origin}`, { cause })
  })
  const isProblem = response.headers.get('content-type')?.startsWith(PROBLEM)
  if (response.headers.has(OWN_HEADER) && (response.status < 400 || isProblem)) return response
  await response.body?.cancel()
  throw new NoAnswerError(`${origin} answered ${response.status}, and is no Lockstep`)
}
