import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import './auth.js'
import { type Problem, problem } from './problem.js'

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      format: 'plain-text',
      description:
        'Makes a retry safe: a repeat within LOCKSTEP_IDEMPOTENCY_TTL_MS (5 minutes) applies nothing and ' +
        'gets the same answer. One random key per request, 1 to 128 characters, never derived from its ' +
        'content.',
    }),
  ),
})

export const idempotencyConflict = (): Problem =>
  problem('idempotency-conflict', 'This Idempotency-Key was used for another request.')

export interface RequestIdentity {
  /** SHA-256 of the idempotency key, base64url. */
  readonly digest: string
  /** SHA-256 of caller and request, base64url. */
  readonly fingerprint: string
  readonly ttlMs: number
}

/**
 * Undefined without an Idempotency-Key. The fingerprint covers caller, path, body and query, but not
 * `waitMs`: after a time-out a client may wait longer.
 */
export function requestIdentity(
  request: FastifyRequest,
  ttlMs: number,
): RequestIdentity | undefined {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return undefined
  const path = request.url.split('?', 1)[0]
  const { waitMs: _, ...fields } = { ...(request.query as object), ...fieldsOf(request.body) }
  return {
    digest: sha256(key),
    fingerprint: sha256([request.caller, request.method, path, canonical(fields)].join('\n')),
    ttlMs,
  }
}

/** A body of bytes is represented by its digest. */
const fieldsOf = (body: unknown): Record<string, unknown> =>
  Buffer.isBuffer(body) ? { bytes: sha256(body) } : ((body ?? {}) as Record<string, unknown>)

const sha256 = (text: string | Buffer): string =>
  createHash('sha256').update(text).digest('base64url')

/** JSON with sorted keys: a retry may order them differently. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
