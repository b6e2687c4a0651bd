import type { FastifyReply } from 'fastify'
import { Problem } from '../http/problem.js'
import type { EntryKind } from './entries/entry.js'

export const conflict = (): Problem =>
  new Problem('idempotency-conflict', 'This Idempotency-Key was used for another request.')

/** @param wanted with its article: `a counter`. */
export const kindMismatch = (key: string, wanted: string, kind: EntryKind): Problem =>
  new Problem('kind-mismatch', `"${key}" is not ${wanted} but of kind ${kind}.`, {
    extensions: { kind },
  })

export function missing(reply: FastifyReply): Problem {
  reply.header('cache-status', 'lockstep; fwd=uri-miss')
  return new Problem('cache-miss', 'No value to serve.')
}
