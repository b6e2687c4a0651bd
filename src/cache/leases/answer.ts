import type { FastifyReply } from 'fastify'
import type { Problem } from '../../http/problem.js'
import { retryAfterSeconds } from '../../http/retry-after.js'
import type { LeaseReply } from '../entries/scripts.js'
import { problem } from '../problems.js'

/**
 * Tells who should load.
 * @returns when to ask again, where somebody else loads or nobody may; in milliseconds
 */
export function tellLease(reply: FastifyReply, lease: LeaseReply): number | undefined {
  switch (lease.kind) {
    case 'none':
      return undefined
    case 'won':
      reply.header('lockstep-lease', lease.proof).header('lockstep-lease-ms', lease.leftMs)
      return undefined
    case 'held':
    case 'backoff':
      reply.header('lockstep-lease', lease.kind)
      reply.header('retry-after', retryAfterSeconds(lease.retryAfterMs))
      return lease.retryAfterMs
  }
}

export const leaseLost = (): Problem =>
  problem('lease-lost', 'The lease is over, or the key was written or invalidated since.')
