import type { FastifyReply } from 'fastify'
import type { Problem } from '../http/problem.js'
import type { EntryKind } from './entries/entry.js'
import { problem } from './problems.js'

export const conflict = (): Problem =>
  problem(
    'idempotency-conflict',
    'The Idempotency-Key, or the lease, was used for another request.',
  )

/** @param wanted with its article: `a counter`. */
export const kindMismatch = (key: string, wanted: string, kind: EntryKind): Problem =>
  problem('kind-mismatch', `"${key}" is not ${wanted} but of kind ${kind}.`, {
    extensions: { kind },
  })

export function missing(reply: FastifyReply): Problem {
  reply.header('cache-status', 'lockstep; fwd=uri-miss')
  return problem('cache-miss', 'No value to serve.')
}
