import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { faultsOf } from '../schema/faults.js'
import { fillDefaults } from './defaults.js'
import { lazily } from './lazily.js'

/**
 * Fills defaults in. A body is not converted ("5" is not 5), and a missing one is {}. Query strings,
 * path parameters and headers arrive as text and are converted.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  lazily(() => createValidator(schema, httpPart))

function createValidator(schema: TSchema, httpPart: string | undefined) {
  const { additionalProperties, ...open } = schema as ObjectSchema
  const isClosed = additionalProperties === false && open.patternProperties === undefined
  const validator = Compile(isClosed ? open : schema)
  const known = new Set(isClosed ? Object.keys(open.properties ?? {}) : [])
  const prepare = httpPart === 'body' ? prepareBody(schema) : prepareText(schema)
  return (input: unknown) => {
    const value = prepare(input)
    const isKnown = !isClosed || hasOnly(known, input)
    // With `value` Fastify replaces the input, and then copies all headers at every read.
    if (isKnown && validator.Check(value)) return value === input || { value }
    return { error: faultsOf(schema, value) as never }
  }
}

interface ObjectSchema extends TSchema {
  readonly additionalProperties?: unknown
  readonly patternProperties?: unknown
  readonly properties?: object
}

/** TypeBox would match a pattern with every field, defaults included. */
function hasOnly(known: ReadonlySet<string>, sent: unknown): boolean {
  for (const field in sent as object) if (!known.has(field)) return false
  return true
}

function prepareBody(schema: TSchema): (input: unknown) => unknown {
  const fill = fillDefaults(schema)
  return (input) => fill(input ?? {})
}

function prepareText(schema: TSchema): (input: unknown) => unknown {
  const fill = fillDefaults(schema)
  // Most parameters are text already, and converting costs more than checking.
  if (isTextOnly(schema)) return fill
  return (input) => fill(isEmpty(input) ? input : Value.Convert(schema, input))
}

function isEmpty(input: unknown): boolean {
  for (const _ in input as object) return false
  return true
}

function isTextOnly(schema: TSchema): boolean {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  return Object.values(properties).every(({ type }) => type === 'string')
}
