import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { formatPattern } from '../schema/formats.js'

const DESCRIPTION = `Locks, cache, rate limits and leaderboards over HTTP; each call is one atomic Lua script in Redis.

Durations are integers in milliseconds and end in \`Ms\`. Errors are RFC 9457 problem details with a stable \`code\`.
Every request runs in one namespace: the token's, or the \`Lockstep-Namespace\` header, else \`default\`.`

/** OpenAPI 3.1, generated from the schemas of the routes; served as YAML, JSON and as a page. */
export async function installOpenApi(
  app: FastifyInstance,
  version: string,
  domains: readonly { readonly name: string; readonly description: string }[],
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
            description: 'A token of the configuration; not needed if none is configured.',
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
  const serve = (format: 'yaml' | 'json', build: () => string) => {
    const options = { config: { scope: 'none' }, schema: { hide: true } } as const
    let text: string | undefined
    app.get(`/openapi.${format}`, options, async (_request, reply) => {
      text ??= build()
      return reply.type(`application/${format}`).send(text)
    })
  }
  serve('yaml', () => app.swagger({ yaml: true }))
  serve('json', () => JSON.stringify(app.swagger()))
}

type Node = Record<string, unknown>

/** OpenAPI 3.1 allows a list of roles for any scheme: the scope that a token must have. */
const security = (scope = 'none') => ({
  security: scope === 'none' ? [] : [{ bearer: [scope] }],
  'x-lockstep-scope': scope,
})

/** For callers, a field with a default is optional, and a format of ours is a pattern. */
function relaxDefaults<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(relaxDefaults) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: Node = {}
  for (const [key, value] of Object.entries(schema)) copy[key] = relaxDefaults(value)
  // The value is no text if a field has the name `format`.
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

/** A missing body is {}: a body is required only if one of its fields is, or one of several. */
function acceptNoBody({ requestBody }: Operation): void {
  const schema = requestBody?.content['application/json']?.schema
  if (requestBody && schema && !schema.required && !schema.oneOf) requestBody.required = false
}

/** Moves each problem response to components, named by its codes. */
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
