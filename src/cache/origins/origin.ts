import type { CacheKey } from '../entries/store.js'
import { type Address, toAddress } from './address.js'
import { type Exchanged, OriginClient, type OriginRequest } from './client.js'
import { type OriginHeaders, readHeadersFile } from './headers.js'
import { BackOffs } from './loading/back-offs.js'
import { Circuit } from './loading/circuit.js'
import { Slots } from './loading/slots.js'
import { unlessHeaders } from './loading/validator.js'
import type { Operation, OriginMetrics } from './metrics.js'
import { type OriginPolicy, toOriginPolicy } from './policy.js'
import type { OriginSettings } from './schemas.js'

/** What joins the logs of an origin with ours. */
export interface Trace {
  readonly requestId: string
  readonly traceparent?: string | undefined
}

/** A request that was sent, or failed to be. */
export interface Sent {
  readonly exchanged: Exchanged
  readonly tookMs: number
}

/** A request without what every request to the origin has. */
export type Outgoing = Omit<OriginRequest, 'path' | 'headers'> &
  Partial<Pick<OriginRequest, 'headers'>>

const isValue = (status: number): boolean => status === 200

const AWAY: ReadonlySet<number> = new Set([502, 503, 504])

/** The service that owns the values of one space, as this process uses it. */
export class Origin {
  readonly policy: OriginPolicy
  readonly slots: Slots
  readonly circuit = new Circuit()
  readonly backOffs = new BackOffs()
  readonly #address: Address
  readonly #headers: OriginHeaders
  readonly #client: OriginClient
  readonly #metrics: OriginMetrics

  constructor(settings: OriginSettings, metrics: OriginMetrics) {
    const { headers = {}, headersFile } = settings
    this.policy = toOriginPolicy(settings)
    this.#headers = headersFile === undefined ? headers : readHeadersFile(headersFile)
    this.#address = toAddress(this.policy.url)
    this.slots = new Slots(this.policy.maxConcurrent)
    this.#client = new OriginClient({ origin: this.#address.origin, ...this.policy })
    this.#metrics = metrics
  }

  /**
   * Asks for the value of a key, with a slot.
   * @param validator of the value that is there: the origin may answer that it has no other
   * @returns undefined where the circuit is open
   */
  request(
    key: CacheKey,
    operation: Operation,
    trace: Trace,
    validator?: string,
  ): Promise<Sent | undefined> {
    const headers = unlessHeaders(validator)
    return this.send(key, operation, trace, { method: 'GET', headers, wantsBody: isValue })
  }

  /** Asks for the keys to warm. What becomes of it says nothing of the requests for values. */
  async list(
    { namespace, space }: Pick<CacheKey, 'namespace' | 'space'>,
    url: string,
    trace: Trace,
  ): Promise<Exchanged> {
    const sentAt = performance.now()
    const exchanged = await this.#client.send({
      method: 'GET',
      path: toAddress(url).pathOf(namespace, ''),
      headers: this.#headersOf(trace),
      wantsBody: isValue,
    })
    this.#metrics.requested(space, 'list', exchanged, performance.now() - sentAt)
    return exchanged
  }

  /** Sends any request about a key, with a slot. @returns undefined where the circuit is open */
  async send(
    key: CacheKey,
    operation: Operation,
    trace: Trace,
    { headers, ...request }: Outgoing,
  ): Promise<Sent | undefined> {
    const end = this.circuit.begin()
    if (!end) return undefined
    const sentAt = performance.now()
    const exchanged = await this.#client.send({
      ...request,
      path: this.#address.pathOf(key.namespace, key.key),
      headers: { ...this.#headersOf(trace), ...headers },
    })
    const tookMs = performance.now() - sentAt
    end(isUp(exchanged))
    this.#metrics.requested(key.space, operation, exchanged, tookMs)
    return { exchanged, tookMs }
  }

  close(): void {
    this.slots.close()
    this.#client.close()
  }

  #headersOf({ requestId, traceparent }: Trace): Record<string, string> {
    return {
      accept: '*/*',
      'user-agent': 'lockstep',
      ...this.#headers,
      'accept-encoding': 'identity',
      'x-request-id': requestId,
      ...(traceparent !== undefined && { traceparent }),
    }
  }
}

/** A key that the origin cannot serve says nothing of the others. */
export function isUp(exchanged: Exchanged): boolean {
  if (exchanged.kind === 'answered') return !AWAY.has(exchanged.status)
  return exchanged.kind === 'broken' || exchanged.kind === 'too-large'
}
