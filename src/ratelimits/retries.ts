import type { FastifyRequest } from 'fastify'
import { idempotencyHeaders, requestIdentity } from '../http/request-fingerprint.js'

/** Shorter than elsewhere: a limit that a late repeat finds is another window's. */
const MEMO_TTL_MS = 60_000

export const RetryHeaders = idempotencyHeaders('a minute')

/** Undefined without an Idempotency-Key. */
export const identityOf = (request: FastifyRequest) => requestIdentity(request, MEMO_TTL_MS)
