import type { FastifyRequest } from 'fastify'
import { toMetadata } from '../../http/metadata.js'
import { invalid } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { sessionIdOf } from '../sessions/keys.js'
import type { AcquireOptions } from './acquire.js'

/** The fields of a body. */
type Terms = Omit<
  AcquireOptions,
  'ttlMs' | 'sessionId' | 'metadata' | 'caller' | 'idempotency' | 'connection'
> & {
  readonly ttlMs?: number
  readonly sessionToken?: string | undefined
  readonly metadata?: object | undefined
}

/** A body with a field that is none of the terms does not compile. */
type TermsOf<T> = T & Terms & { readonly [K in Exclude<keyof T, keyof Terms>]: never }

const DEFAULT_TTL_MS = 30_000

/** 0 for a lease that lasts as long as its session. */
export const ttlOf = ({ ttlMs, sessionToken }: Pick<Terms, 'ttlMs' | 'sessionToken'>): number =>
  ttlMs ?? (sessionToken === undefined ? DEFAULT_TTL_MS : 0)

/**
 * Field by field: merged objects would outlive every request in the old generation of the heap. A
 * missing field does not compile.
 */
export function toOptions<T>(
  request: FastifyRequest,
  terms: TermsOf<T>,
  idempotencyTtlMs: number,
): Required<AcquireOptions> {
  checkTerms(terms)
  return {
    ttlMs: ttlOf(terms),
    sessionId: terms.sessionToken === undefined ? undefined : sessionIdOf(terms.sessionToken),
    waitMs: terms.waitMs,
    mode: terms.mode,
    owner: terms.owner,
    caller: request.caller,
    metadata: terms.metadata && toMetadata(terms.metadata, 'body/metadata'),
    reentrant: terms.reentrant,
    minHoldMs: terms.minHoldMs,
    maxHoldMs: terms.maxHoldMs,
    lockDelayMs: terms.lockDelayMs,
    maxQueue: terms.maxQueue,
    priority: terms.priority,
    permits: terms.permits,
    capacity: terms.capacity,
    hold: terms.hold,
    idempotency: requestIdentity(request, idempotencyTtlMs),
    connection: request.raw.socket,
  }
}

/** Rules between fields, which a schema cannot express. */
function checkTerms(terms: Terms): void {
  const ttlMs = ttlOf(terms)
  if (ttlMs > 0 && terms.minHoldMs !== undefined && terms.minHoldMs > ttlMs) {
    throw invalid('body/minHoldMs', 'must not be above ttlMs')
  }
  if (terms.reentrant && terms.owner === undefined) {
    throw invalid('body/owner', 'is required with reentrant')
  }
}
