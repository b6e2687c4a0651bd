import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { formatPattern } from '../schema/formats.js'

const DESCRIPTION = `Locks, cache, rate limits and leaderboards over HTTP; each call is one atomic Lua script in Redis.

Durations are integers in milliseconds and end in \`Ms\`. Errors are RFC 9457 problem details with a stable \`code\`.
Every request runs in one namespace: the token's, or the \`Lockstep-Namespace\` header, else \`default\`.`

interface Tag {
  readonly name: string
  readonly description: string
}

/** OpenAPI 3.1, generated from the schemas of the routes; served as YAML, JSON and as a page. */
export async function installOpenApi(
  app: FastifyInstance,
  version: string,
  domains: readonly Tag[],
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lockstep', version, description: DESCRIPTION, license: { name: 'MIT' } },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token of the configuration; none is needed where none is configured.',
          },
        },
      },
      tags: [
        ...domains.map(({ name, description }) => ({ name, description })),
        { name: 'operations', description: 'Health, metrics, status' },
      ],
    },
    transform: ({ schema, url, route }) => ({
      schema: { ...relaxDefaults(schema), ...security(route.config?.scope) },
      url,
    }),
    transformObject: (document) =>
      'openapiObject' in document ? tidy(document.openapiObject as Node) : {},
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  // The document is a large object; it is built once, not per request.
  let yaml: string | undefined
  app.get(
    '/openapi.yaml',
    { config: { scope: 'none' }, schema: { hide: true } },
    async (_request, reply) => {
      yaml ??= app.swagger({ yaml: true })
      return reply.type('application/yaml').send(yaml)
    },
  )
  let json: string | undefined
  app.get(
    '/openapi.json',
    { config: { scope: 'none' }, schema: { hide: true } },
    async (_request, reply) => {
      json ??= JSON.stringify(app.swagger())
      return reply.type('application/json').send(json)
    },
  )
}

type Node = Record<string, unknown>

/** The scope a token must hold; OpenAPI 3.1 lets any scheme list it as a role. */
const security = (scope = 'none') => ({
  security: scope === 'none' ? [] : [{ bearer: [scope] }],
  'x-lockstep-scope': scope,
})

/**
 * A field with a default is always there for the code and optional for the caller; a format that is
 * ours is shown as a pattern.
 */
function relaxDefaults<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(relaxDefaults) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: Node = {}
  for (const [key, value] of Object.entries(schema)) copy[key] = relaxDefaults(value)
  // A field may be named so, too: then it is no text.
  const pattern = formatPattern(copy.format)
  if (pattern !== undefined) copy.pattern ??= pattern
  const properties = copy.properties as Record<string, Node> | undefined
  if (Array.isArray(copy.required) && properties) {
    const required = copy.required.filter((name) => properties[name]?.default === undefined)
    if (required.length > 0) copy.required = required
    else delete copy.required
  }
  return copy as T
}

interface Operation {
  requestBody?: {
    required: boolean
    content: Record<string, { schema: { required?: string[]; oneOf?: object[] } }>
  }
  responses: Record<string, Answer>
}

type Answer = { content?: { 'application/problem+json'?: { schema: Node; examples: Node } } }

function tidy(document: Node): Node {
  const operations = Object.values(
    document.paths as Record<string, Record<string, Operation>>,
  ).flatMap((item) => Object.values(item))
  for (const operation of operations) acceptNoBody(operation)
  return {
    ...document,
    components: { ...(document.components as Node), ...shareProblems(operations) },
  }
}

/** A missing body is {}, so a body is required only where one of its fields is, or one of several. */
function acceptNoBody({ requestBody }: Operation): void {
  const schema = requestBody?.content['application/json']?.schema
  if (requestBody && schema && !schema.required && !schema.oneOf) requestBody.required = false
}

/** A problem that many operations share stands once, under components, named by its codes. */
function shareProblems(operations: readonly Operation[]): { responses: Node; schemas: Node } {
  const responses: Node = {}
  const schemas: Node = {}
  for (const { responses: byStatus } of operations) {
    for (const [status, response] of Object.entries(byStatus)) {
      const problem = response.content?.['application/problem+json']
      if (!problem) continue
      schemas.Problem ??= problem.schema
      problem.schema = { $ref: '#/components/schemas/Problem' }
      const name = Object.keys(problem.examples).join('.')
      responses[name] = response
      byStatus[status] = { $ref: `#/components/responses/${name}` } as Answer
    }
  }
  return { responses, schemas }
}
