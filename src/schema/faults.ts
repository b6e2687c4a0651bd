/** What TypeBox schemas lack: formats, and faults that name every wrong field. */

import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { formatMessage } from './formats.js'

/** A place in a value, as a JSON pointer (RFC 6901), and what is wrong there. */
export interface Fault {
  readonly pointer: string
  /** Completes "<place> ...". */
  readonly message: string
}

/** The search for faults of one value ends at this number. */
const MAX_FAULTS = 32

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  /** As `exactlyOneOf` makes it. */
  readonly oneOf?: readonly Having[]
  /** As `where` makes them. */
  readonly if?: Having
  readonly then?: Pick<Schema, 'oneOf'>
  readonly not?: object
}

/** Schema of an object that has a field, maybe with one value. */
interface Having {
  readonly required: readonly string[]
  readonly properties?: Readonly<Record<string, { readonly const: unknown }>>
}

/**
 * The faults of a value that its schema refuses: never an empty list. TypeBox checks the whole value,
 * about 5 us per field, so a large wrong body would block the event loop. This search ends at the
 * maximum number of faults, and skips the items of a list that is too long.
 */
export function faultsOf(schema: TSchema, value: unknown): Fault[] {
  const faults: Fault[] = []
  explain(schema as Schema, value, '', faults)
  return faults.length > 0 ? faults.slice(0, MAX_FAULTS) : ownFaults(schema, value, '')
}

function explain(schema: Schema, value: unknown, pointer: string, faults: Fault[]): void {
  if (schema.type === 'object' && isObject(value)) explainObject(schema, value, pointer, faults)
  else if (schema.type === 'array' && Array.isArray(value)) {
    explainArray(schema, value, pointer, faults)
  } else if (schema.anyOf) explainUnion(schema, value, pointer, faults)
  else faults.push(...ownFaults(schema as TSchema, value, pointer))
}

function explainObject(schema: Schema, value: object, pointer: string, faults: Fault[]): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name))
      faults.push({ pointer: at(pointer, name), message: 'is required' })
  }
  for (const [name, field] of Object.entries(value)) {
    if (faults.length >= MAX_FAULTS) return
    const inner = schemaOf(schema, name)
    if (inner === undefined)
      faults.push({ pointer: at(pointer, name), message: 'is not a known field' })
    else explain(inner, field, at(pointer, name), faults)
  }
  explainChoice(schema, value, pointer, faults)
  if (schema.if && has(schema.if, value)) explainChoice(schema.then ?? {}, value, pointer, faults)
}

function explainChoice({ oneOf }: Schema, value: object, pointer: string, faults: Fault[]): void {
  if (!oneOf || oneOf.filter((one) => has(one, value)).length === 1) return
  faults.push({ pointer, message: `must have exactly one of ${oneOf.map(nameOf).join(', ')}` })
}

const has = (having: Having, value: object): boolean => Value.Check(having as TSchema, value)

const nameOf = ({ required, properties = {} }: Having): string =>
  required
    .map((name) => (name in properties ? `${name}: ${properties[name]?.const}` : name))
    .join(', ')

/** The schema of a field; undefined for an unknown one. */
function schemaOf(schema: Schema, name: string): Schema | undefined {
  const { properties = {}, patternProperties = {}, additionalProperties = {} } = schema
  if (Object.hasOwn(properties, name)) return properties[name]
  for (const [pattern, inner] of Object.entries(patternProperties)) {
    if (new RegExp(pattern, 'u').test(name)) return inner
  }
  if (additionalProperties === true) return {}
  // Type.Never() accepts nothing either.
  return additionalProperties === false || additionalProperties.not
    ? undefined
    : additionalProperties
}

function explainArray(schema: Schema, value: unknown[], pointer: string, faults: Fault[]): void {
  const { items = {}, ...bounds } = schema
  const ofLength = ownFaults(bounds as TSchema, value, pointer)
  faults.push(...ofLength)
  if (ofLength.length > 0) return
  for (const [i, item] of value.entries()) {
    if (faults.length >= MAX_FAULTS) return
    explain(items, item, `${pointer}/${i}`, faults)
  }
}

/** The branch for objects explains an object; the others would only name their type. */
function explainUnion(schema: Schema, value: unknown, pointer: string, faults: Fault[]): void {
  const branch = isObject(value) && schema.anyOf?.find(({ type }) => type === 'object')
  if (branch) explain(branch, value, pointer, faults)
  else if (!Value.Check(schema as TSchema, value)) {
    faults.push({ pointer, message: 'is none of the accepted forms' })
  }
}

/** What TypeBox finds. */
function ownFaults(schema: TSchema, value: unknown, pointer: string): Fault[] {
  return Value.Errors(schema, value).map((error) => ({
    pointer: pointer + error.instancePath,
    message: toMessage(error, schema as Schema, error.instancePath === '' ? value : undefined),
  }))
}

function toMessage(
  { keyword, params, message }: { keyword: string; params: object; message: string },
  { description }: Schema,
  value: unknown,
): string {
  const { format, allowedValues, allowedValue, limit, type } = params as Record<string, unknown>
  switch (keyword) {
    case 'format':
      return formatMessage(String(format))
    case 'pattern':
      return description ? `has the wrong form: ${description}` : message
    case 'enum':
      return `must be one of ${list(allowedValues)}`
    case 'const':
      return `must be ${JSON.stringify(allowedValue)}`
    case 'minimum':
      return `must be at least ${limit}${not(value)}`
    case 'maximum':
      return `must be at most ${limit}${not(value)}`
    case 'exclusiveMinimum':
      return `must be more than ${limit}${not(value)}`
    case 'type':
      return `must be ${[type].flat().join(' or ')}`
    case 'minProperties':
      return 'must have at least one field'
    default:
      return message
  }
}

/** The number that was sent. Text is not repeated: it may be a secret in the wrong place. */
const not = (value: unknown): string => (typeof value === 'number' ? `, not ${value}` : '')

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const at = (pointer: string, name: string): string => `${pointer}/${escapePointer(name)}`

/** A name as a part of a JSON pointer (RFC 6901). */
export const escapePointer = (name: string): string =>
  name.replaceAll('~', '~0').replaceAll('/', '~1')

const list = (values: unknown): string =>
  (values as unknown[]).map((value) => JSON.stringify(value)).join(', ')
