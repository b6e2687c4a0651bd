import type { FastifyError, FastifyRequest } from 'fastify'
import type { Fault } from '../schema/faults.js'

/**
 * The faults of a failed validation. A pointer begins with the part of the request:
 * `body/limits/0/cost`, `params/name`.
 */
export function validationProblem(
  error: FastifyError,
  request: FastifyRequest,
): { detail: string; errors: Fault[] } {
  const context = error.validationContext ?? 'request'
  const errors = (error.validation as unknown as Fault[]).map(({ pointer, message }) =>
    fromQuery({ pointer: context + pointer, message }, request),
  )
  return {
    detail: errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '),
    errors,
  }
}

/** Points to the query for a field that came from it (see body.ts). */
function fromQuery(entry: Fault, request: FastifyRequest): Fault {
  const field = /^body\/([^/]+)/.exec(entry.pointer)?.[1]
  if (field === undefined || !request.fieldsFromQuery?.includes(field)) return entry
  return { pointer: `querystring/${field}`, message: entry.message }
}
