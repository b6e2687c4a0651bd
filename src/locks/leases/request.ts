import type { FastifyRequest } from 'fastify'
import { invalid } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import type { AcquireOptions } from './acquire-options.js'

const MAX_METADATA_BYTES = 1_024

type Terms = Omit<
  AcquireOptions,
  'ttlMs' | 'metadata' | 'caller' | 'idempotency' | 'connection'
> & {
  readonly ttlMs?: number
  readonly metadata?: object | undefined
}

const DEFAULT_TTL_MS = 30_000

/** 0 for a lease that lasts as long as its session. */
export const ttlOf = ({ ttlMs, sessionId }: Pick<Terms, 'ttlMs' | 'sessionId'>): number =>
  ttlMs ?? (sessionId === undefined ? DEFAULT_TTL_MS : 0)

/** Field by field: merged objects would outlive every request in the old generation of the heap. */
export const toOptions = (
  request: FastifyRequest,
  terms: Terms,
  idempotencyTtlMs: number,
): AcquireOptions => ({
  ttlMs: ttlOf(terms),
  sessionId: terms.sessionId,
  waitMs: terms.waitMs,
  mode: terms.mode,
  owner: terms.owner,
  caller: request.caller,
  metadata: terms.metadata && toMetadata(terms.metadata),
  reentrant: terms.reentrant,
  minHoldMs: terms.minHoldMs,
  maxHoldMs: terms.maxHoldMs,
  lockDelayMs: terms.lockDelayMs,
  maxQueue: terms.maxQueue,
  priority: terms.priority,
  permits: terms.permits,
  capacity: terms.capacity,
  idempotency: requestIdentity(request, idempotencyTtlMs),
  connection: request.raw.socket,
})

export function toMetadata(metadata: object): string {
  const text = JSON.stringify(metadata)
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) {
    throw invalid('body/metadata', `must be at most ${MAX_METADATA_BYTES} bytes of JSON`)
  }
  return text
}

/** Rules between fields, which a schema cannot express. */
export function checkTerms(body: {
  readonly ttlMs?: number
  readonly sessionId?: string
  readonly minHoldMs: number
  readonly reentrant?: boolean
  readonly owner?: string
}): void {
  const ttlMs = ttlOf(body)
  if (ttlMs > 0 && body.minHoldMs > ttlMs)
    throw invalid('body/minHoldMs', 'must not be above ttlMs')
  if (body.reentrant && body.owner === undefined) {
    throw invalid('body/owner', 'is required with reentrant')
  }
}
