import type { FastifyRequest } from 'fastify'
import { invalid } from '../../http/problem.js'
import type { Condition } from '../condition.js'
import type { CacheKey } from '../entries/store.js'
import { problem } from '../problems.js'
import { keyFault } from './address.js'
import type { Wanting } from './loading/loads.js'
import type { Trace } from './origin.js'
import { type OriginPolicy, ownsWrites } from './policy.js'

/**
 * Whether a request to the origin may be about this key.
 * @param place of a key in the request
 * @throws Problem origin-namespace; invalid-request for a key that no path of the origin can hold
 */
export function assertOfOrigin(
  { namespace, policy: { origin }, space, key }: CacheKey,
  place: string,
): void {
  if (!origin) return
  assertServed(origin, namespace, space)
  const fault = keyFault(key)
  if (fault !== undefined) throw invalid(place, fault)
}

/** @throws Problem origin-namespace */
export function assertServed({ namespaces }: OriginPolicy, namespace: string, space: string): void {
  if (namespaces.includes(namespace)) return
  throw problem(
    'origin-namespace',
    `The origin of the space "${space}" does not serve the namespace "${namespace}".`,
  )
}

/** @throws Problem invalid-request: no caller loads the values of an origin. */
export function refuseLease(isAsked: boolean | undefined, place: string): void {
  if (isAsked) throw invalid(place, 'is not for a space with an origin, which brings its values')
}

/** @throws Problem invalid-request: the origin, which has the value, does not know the fence. */
export function refuseFence({ fence }: Condition = {}, place: string): void {
  if (fence) throw invalid(place, 'is not for a space whose writes go to its origin')
}

const OWNED =
  'Its origin owns the values of the space: only PUT, DELETE and their batches change them.'

/** @throws Problem origin-owned where writes go to the origin: this change cannot. */
export function refuseOwned({ policy }: CacheKey): void {
  if (ownsWrites(policy)) throw problem('origin-owned', OWNED)
}

/** What a request for many keys wants: each waits for its own time. */
export const toWanting = (request: FastifyRequest): Wanting => ({ trace: toTrace(request) })

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/

function toTrace({ id, headers: { traceparent } }: FastifyRequest): Trace {
  const isTrace = typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
  return { requestId: id, ...(isTrace && { traceparent }) }
}
