import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { faultsOf } from '../schema/faults.js'
import { fillDefaults } from './defaults.js'
import { splitKnownFields } from './known-fields.js'
import { lazily } from './lazily.js'

/**
 * Fills defaults in. A body is not converted ("5" is not 5), and a missing one is {}. Query strings,
 * path parameters and headers arrive as text and are converted.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  lazily(() => createValidator(schema, httpPart))

function createValidator(schema: TSchema, httpPart: string | undefined) {
  const { open, holds } = splitKnownFields(schema)
  const validator = Compile(open)
  const fill = fillDefaults(schema)
  const toValue = httpPart === 'body' ? bodyOf : convertText(schema)
  return (input: unknown) => {
    const value = toValue(input)
    fill(value)
    // With `value` Fastify replaces the input, and then copies all headers at every read.
    if (holds(value) && validator.Check(value)) return value === input || { value }
    return { error: faultsOf(schema, value) as never }
  }
}

const bodyOf = (input: unknown): unknown => input ?? {}

function convertText(schema: TSchema): (input: unknown) => unknown {
  // Most parameters are text already, and converting costs more than checking.
  if (isTextOnly(schema)) return (input) => input
  return (input) => (isEmpty(input) ? input : Value.Convert(schema, input))
}

function isEmpty(input: unknown): boolean {
  for (const _ in input as object) return false
  return true
}

function isTextOnly(schema: TSchema): boolean {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  return Object.values(properties).every(({ type }) => type === 'string')
}
