import type { FastifyError, FastifyRequest } from 'fastify'
import type { Fault } from '../schema/faults.js'

/** A pointer begins with the part of the request: `body/limits/0/cost`, `params/name`. */
type FieldError = Fault

/** Says where in the request each fault of a failed validation is. */
export function validationProblem(
  error: FastifyError,
  request: FastifyRequest,
): { detail: string; errors: FieldError[] } {
  const context = error.validationContext ?? 'request'
  const errors = (error.validation as unknown as Fault[]).map(({ pointer, message }) =>
    fromQuery({ pointer: context + pointer, message }, request),
  )
  return {
    detail: errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '),
    errors,
  }
}

/** A field that the query carried (see body.ts) is reported where the caller wrote it. */
function fromQuery(entry: FieldError, request: FastifyRequest): FieldError {
  const field = /^body\/([^/]+)/.exec(entry.pointer)?.[1]
  if (field === undefined || !request.fieldsFromQuery?.includes(field)) return entry
  return { pointer: `querystring/${field}`, message: entry.message }
}
