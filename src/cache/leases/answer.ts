import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { retryAfterSeconds } from '../../http/retry-after.js'
import type { LeaseReply } from '../entries/scripts.js'
import type { OfferedLease } from './schemas.js'

/** What an answer says of the lease; undefined where there is nothing to load. */
export function toLease(lease: LeaseReply): Static<typeof OfferedLease> | undefined {
  switch (lease.kind) {
    case 'none':
    case 'pass':
      return undefined
    case 'granted':
      return { status: 'granted', token: lease.proof, expiresInMs: lease.leftMs }
    default:
      return { status: lease.kind, retryAfterMs: lease.retryAfterMs }
  }
}

/** The headers that say who should load. */
export function setLeaseHeaders(
  reply: FastifyReply,
  { status, token, expiresInMs, retryAfterMs }: Static<typeof OfferedLease>,
): void {
  reply.header('lockstep-lease-status', status)
  if (token !== undefined) reply.header('lockstep-lease', token)
  if (expiresInMs !== undefined) reply.header('lockstep-lease-expires-in-ms', expiresInMs)
  if (retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(retryAfterMs))
}
