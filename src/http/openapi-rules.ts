import { formatPattern } from '../schema/formats.js'

export type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Values, not schemas: nothing in them is a keyword. */
const VALUES = new Set(['examples', 'example', 'default', 'enum', 'const'])

/** A copy of a schema, where `change` has changed each object after what is below it. */
export function mapSchema(value: unknown, change: (node: Node) => Node): unknown {
  if (Array.isArray(value)) return value.map((item) => mapSchema(item, change))
  if (!isNode(value)) return value
  const inside = (inner: unknown) => mapSchema(inner, change)
  return change(
    mapValues(value, (inner, key) => {
      if (VALUES.has(key)) return inner
      // The names of fields are no keywords.
      return key === 'properties' && isNode(inner) ? mapValues(inner, inside) : inside(inner)
    }),
  )
}

/** A schema as callers see it: fields with a default are optional, types and formats are spelt out. */
export const toPublicSchema = <T>(schema: T): T =>
  mapSchema(mapSchema(schema, relaxDefaults), (node) =>
    toCondition(plainDefault(spellOut(node))),
  ) as T

function relaxDefaults(node: Node): Node {
  const { required, properties } = node
  if (!Array.isArray(required) || !isNode(properties)) return node
  const missing = required.filter((name) => (properties[name] as Node).default === undefined)
  const { required: _, ...rest } = node
  return missing.length > 0 ? { ...rest, required: missing } : rest
}

const MAX_INT32 = 2 ** 31 - 1

function spellOut(node: Node): Node {
  const { type, enum: values, format, maximum = Number.POSITIVE_INFINITY } = node
  if (Array.isArray(values) && type === undefined) return { type: 'string', ...node }
  if (type === 'integer') {
    return { ...node, format: (maximum as number) > MAX_INT32 ? 'int64' : 'int32' }
  }
  if (type === 'number') return { ...node, format: 'double' }
  // The value is no text if a field has the name `format`.
  const pattern = typeof format === 'string' ? formatPattern(format) : undefined
  if (pattern === undefined) return node
  const { format: _, ...rest } = node
  return { pattern, ...rest }
}

/** Generators of clients write defaults of one type only, and no objects, as code that compiles. */
function plainDefault(node: Node): Node {
  const { default: value, ...rest } = node
  return node.anyOf || (Array.isArray(value) && value.some(isNode)) ? rest : node
}

/** Generators make a class of each alternative, also of one that only names fields. */
function toCondition(node: Node): Node {
  const { oneOf, ...rest } = node
  if (!Array.isArray(oneOf)) return node
  return { ...rest, if: { oneOf: oneOf.map(withFields) }, else: { not: {} } }
}

/** Linters want each required field among the properties. */
function withFields(choice: { readonly required: readonly string[]; readonly properties?: Node }) {
  const fields = Object.fromEntries(choice.required.map((name) => [name, {}]))
  return { ...choice, properties: { ...fields, ...choice.properties } }
}

interface RouteSchema {
  readonly body?: unknown
}

/** A field that the query may carry is never required in the body. */
export function acceptQueryFields<S extends RouteSchema>(schema: S, fields: readonly string[]): S {
  const body = schema?.body
  if (!isNode(body) || !Array.isArray(body.required)) return schema
  const { required, ...rest } = body
  const still = (required as string[]).filter((name) => !fields.includes(name))
  return { ...schema, body: still.length > 0 ? { ...rest, required: still } : rest }
}

interface Operation extends Node {
  readonly 'x-lockstep-scope': string
  readonly parameters?: readonly Node[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Node }> }
  readonly responses: Readonly<Record<string, Node>>
}

export const PARAMETERS = {
  Namespace: {
    name: 'Lockstep-Namespace',
    in: 'header',
    description: 'The namespace of the request. Default: the one of the API token, or `default`.',
    schema: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' },
  },
}

export const HEADERS = {
  RequestId: {
    description: 'The id of the request in the log: the one that was sent, or a new one.',
    schema: { type: 'string' },
  },
  IdempotentReplayed: {
    description: '`true` if the request repeats one with its key, and nothing was applied again.',
    schema: { type: 'string' },
  },
  RetryAfter: {
    description: 'Whole seconds after which to ask again, at least 1.',
    schema: { type: 'integer', format: 'int32', minimum: 1 },
  },
}

const RETRIED = new Set(['423', '429', '503'])

/** Declares the headers that requests and answers of every operation have. */
export function declareHeaders(paths: Node): Node {
  const withHeaders = (operation: Operation): Node => ({
    ...operation,
    parameters: [
      ...(operation.parameters ?? []).filter(isParameter).map(named),
      ...(operation['x-lockstep-scope'] === 'none' ? [] : [NAMESPACE]),
    ],
    ...(operation.requestBody && { requestBody: withNeed(operation.requestBody) }),
    responses: mapValues(operation.responses, (response, status) => ({
      ...response,
      headers: {
        ...Object.fromEntries(
          Object.entries(response.headers ?? {}).map(([name, header]) => [
            headerName(name),
            header,
          ]),
        ),
        ...mapValues(headersOf(operation, status), (name) => ({
          $ref: `#/components/headers/${name}`,
        })),
      },
    })),
  })
  return mapValues(paths as Record<string, Record<string, Operation>>, (methods) =>
    mapValues(methods, withHeaders),
  )
}

const NAMESPACE = { $ref: '#/components/parameters/Namespace' }

/** The type of the body is no parameter in OpenAPI: clients set it from the content. */
const isParameter = ({ in: part, name }: Node): boolean =>
  part !== 'header' || name !== 'content-type'

const named = (parameter: Node): Node =>
  parameter.in === 'header'
    ? { ...parameter, name: headerName(parameter.name as string) }
    : parameter

/** `if-match` as `If-Match`; schemas of routes have lower case only. */
const headerName = (name: string): string =>
  name === 'etag' ? 'ETag' : name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

/** The component of each header that an answer has by its status and operation. */
function headersOf({ parameters = [] }: Operation, status: string): Record<string, string> {
  const isKeyed = parameters.some(({ name }) => name === 'idempotency-key')
  return {
    ...(RETRIED.has(status) && { 'Retry-After': 'RetryAfter' }),
    ...(isKeyed && status.startsWith('2') && { 'Idempotent-Replayed': 'IdempotentReplayed' }),
    'x-request-id': 'RequestId',
  }
}

/** A missing JSON body is {}: it is required only if one of its fields is, or one of several. */
function withNeed(body: NonNullable<Operation['requestBody']>): Node {
  const schema = body.content['application/json']?.schema
  return schema && !schema.required && !schema.if ? { ...body, required: false } : { ...body }
}

export const mapValues = <T, R>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => R,
): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
