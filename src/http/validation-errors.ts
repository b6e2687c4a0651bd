import type { FastifyError, FastifyRequest } from 'fastify'
import { formatMessage } from './formats.js'

interface Issue {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface FieldError {
  /** Part of the request and JSON pointer: `body/limits/0/cost`, `params/name`. */
  readonly pointer: string
  readonly message: string
}

/** Explains a failed validation field by field. */
export function validationProblem(
  error: FastifyError,
  request: FastifyRequest,
): { detail: string; errors: FieldError[] } {
  const context = error.validationContext ?? 'request'
  const errors = withoutRepeats((error.validation ?? []) as Issue[])
    .flatMap((issue) => explain(issue, context))
    .map((entry) => fromQuery(entry, request))
  return {
    detail: errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '),
    errors,
  }
}

/** A union reports every branch; its own entry, which names the place, is enough. */
function withoutRepeats(issues: readonly Issue[]): Issue[] {
  const unions = new Set(
    issues.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  return issues.filter(({ keyword, instancePath }) => {
    if (keyword === 'boolean') return false
    return keyword === 'anyOf' || !unions.has(instancePath)
  })
}

function explain({ keyword, instancePath, params, message }: Issue, context: string): FieldError[] {
  const pointer = context + instancePath
  switch (keyword) {
    case 'required':
      return named(params.requiredProperties, pointer, 'is required')
    case 'additionalProperties':
      return named(params.additionalProperties, pointer, 'is not a known field')
    case 'format':
      return [{ pointer, message: formatMessage(String(params.format)) }]
    case 'enum':
      return [{ pointer, message: `must be one of ${list(params.allowedValues)}` }]
    case 'const':
      return [{ pointer, message: `must be ${JSON.stringify(params.allowedValue)}` }]
    case 'anyOf':
      return [{ pointer, message: 'is none of the accepted forms' }]
    default:
      return [{ pointer, message: message ?? 'is not valid' }]
  }
}

const named = (names: unknown, pointer: string, message: string): FieldError[] =>
  (names as string[]).map((name) => ({ pointer: `${pointer}/${name}`, message }))

const list = (values: unknown): string =>
  (values as unknown[]).map((value) => JSON.stringify(value)).join(', ')

/** A field that the query carried (see body.ts) is reported where the caller wrote it. */
function fromQuery(entry: FieldError, request: FastifyRequest): FieldError {
  const field = /^body\/([^/]+)/.exec(entry.pointer)?.[1]
  if (field === undefined || !request.fieldsFromQuery?.includes(field)) return entry
  return { pointer: `querystring/${field}`, message: entry.message }
}
