import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import { componentsOf } from './openapi-components.js'
import { shareResponses } from './openapi-responses.js'
import { acceptQueryFields, declareHeaders, type Node, toPublicSchema } from './openapi-rules.js'

const DESCRIPTION = `Locks, cache, rate limits, leaderboards, queues and streams over HTTP; each call is one atomic Lua script in Redis.

Durations are integers in milliseconds and end in \`Ms\`; instants are RFC 3339 and end in \`At\`. No body contains null: what is absent is absent. Errors are RFC 9457 problem details with a stable \`code\`.
Every request runs in one namespace: that of the API token, that of the \`Lockstep-Namespace\` header, or \`default\`.`

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * A repeat of this call acts on what came after it, such as the next holder: clients send it
     * again only if it was not applied. Absent: it takes an Idempotency-Key, or does no harm.
     */
    repeat?: 'applies-again'
  }
}

/** OpenAPI 3.1, generated from the schemas of the routes; served as YAML, JSON and as a page. */
export async function installOpenApi(
  app: FastifyInstance,
  version: string,
  domains: readonly { readonly name: string; readonly description: string }[],
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lockstep',
        version,
        description: DESCRIPTION,
        contact: { name: 'The maintainers of Lockstep' },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'The instance that serves this document.' }],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API token of the configuration; not needed if none is configured.',
          },
        },
      },
      tags: [
        ...domains.map(({ name, description }) => ({ name, description })),
        { name: 'operations', description: 'Health, metrics, status' },
      ],
    },
    transform: ({ schema, url, route }) => {
      const { scope = 'none', queryFields = [], repeat, served } = route.config ?? {}
      const open = acceptQueryFields(toPublicSchema(schema), queryFields)
      return {
        schema: { ...open, ...securityOf(scope), ...repeatOf(repeat), ...servedOf(served) },
        url,
      }
    },
    transformObject: (document) =>
      'openapiObject' in document ? complete(document.openapiObject as Node) : {},
  })
  const serve = (format: 'yaml' | 'json', build: () => string) => {
    const options = { config: { scope: 'none' }, schema: { hide: true } } as const
    let text: string | undefined
    app.get(`/openapi.${format}`, options, async (_request, reply) => {
      text ??= build()
      return reply.type(`application/${format}`).send(text)
    })
  }
  // YAML 1.1 reads a bare `off` as false; its rules quote such words.
  serve('yaml', () => stringify(app.swagger(), { version: '1.1', aliasDuplicateObjects: false }))
  serve('json', () => JSON.stringify(app.swagger()))
}

/** Many tools accept scopes for OAuth only, so ours have a member of their own. */
const securityOf = (scope: string) => ({
  security: scope === 'none' ? [] : [{}, { bearer: [] }],
  'x-lockstep-scope': scope,
})

const repeatOf = (repeat?: string) => (repeat === undefined ? {} : { 'x-lockstep-repeat': repeat })

const servedOf = (served?: string) => (served === undefined ? {} : { 'x-lockstep-served': served })

function complete(document: Node): Node {
  const paths = declareHeaders(document.paths as Node)
  return shareResponses(componentsOf({ ...document, paths }))
}
