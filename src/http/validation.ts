import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
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
  const convert = httpPart === 'body' ? () => undefined : convertText(schema)
  return (input: unknown) => {
    const value = input ?? {}
    convert(value)
    fill(value)
    // With `value` Fastify replaces the input, and then copies all headers at every read.
    if (holds(value) && validator.Check(value)) return value === input || { value }
    return { error: faultsOf(schema, value) as never }
  }
}

/** Field by field: to convert the whole takes longer for each field of the schema, also an absent one. */
function convertText(schema: TSchema): (value: object) => void {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> }
  const fields = Object.entries(properties).flatMap(([name, { type = '' }]) => {
    const convert = CONVERSIONS[type]
    return convert ? [{ name, convert }] : []
  })
  return (value) => {
    const record = value as Record<string, unknown>
    for (const { name, convert } of fields) {
      const text = record[name]
      if (typeof text === 'string') record[name] = convert(text)
    }
  }
}

/** Text of another form stays text, and the schema refuses it. */
const CONVERSIONS: Readonly<Record<string, (text: string) => unknown>> = {
  integer: (text) => (/^-?\d+$/.test(text) ? Number(text) : text),
  number: (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
  boolean: (text) => (text === 'true' || text === 'false' ? text === 'true' : text),
}
