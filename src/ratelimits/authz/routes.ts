import { METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { LIMIT_HEADERS } from '../checks/headers.js'
import { PolicyParams } from '../policies/schemas.js'
import type { PolicyDocument } from '../policies/store.js'
import { problemResponses, unknownPolicy } from '../problems.js'
import type { RateLimitRoutes } from '../services.js'
import * as schemas from './schemas.js'
import { toKey, toSubject } from './template.js'

/** CONNECT has no path, and Fastify refuses a QUERY whose body has no type. */
const UNUSUAL = METHODS.filter((method) => method !== 'CONNECT' && method !== 'QUERY')

/**
 * A proxy calls this before it lets a request through. Everything in its call may come from the
 * visitor, so only what the policy names is read, and never the body.
 */
export const authzRoutes: RateLimitRoutes = async (app, { decide, policies }) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  app.addHook('onRequest', (request, _reply, done) => {
    // A malformed one would be a 415 before the handler runs.
    delete request.headers['content-type']
    done()
  })

  async function answer(request: FastifyRequest, reply: FastifyReply, asked: Asked) {
    const { namespace, headers, socket } = request
    const visitor = { headers, remote: socket.remoteAddress, path: asked.path }
    const documents = await Promise.all(
      asked.policies.map(async (name) => {
        const document = await policies.get(namespace, name)
        if (!document) throw unknownPolicy(name)
        return document
      }),
    )
    if (!shareGroup(documents)) {
      throw invalid('query/policies', 'must be different policies of one group')
    }
    const limits = documents.map(({ name, value: { authz } }) => {
      if (!authz && asked.key === undefined) {
        throw invalid('query/key', `is required: ${name} has no authz`)
      }
      const subject = authz ? toSubject(authz, visitor) : { key: toKey(asked.key) }
      return { policy: name, ...subject, cost: 1 }
    })
    const { allowed } = await decide(reply, namespace, limits, OPTIONS)
    return reply.code(allowed ? asked.allowStatus : asked.denyStatus).send()
  }

  for (const method of UNUSUAL) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })
  }
  const config = {
    scope: 'ratelimits:write',
    served: 'without-redis',
    forProxies: true,
  } as const

  for (const method of app.supportedMethods.filter((method) => method !== 'HEAD')) {
    app.route({
      method,
      url: '/:policy/authz',
      config,
      schema: {
        operationId: 'authorizeVisitor',
        summary: 'Decide whether a proxy may let its visitor through',
        description:
          'The same for any method. Consumes a cost of 1 of the subject that the `authz` of the policy ' +
          'makes of the visitor, or of `key`. The answer has no body: 204, or the status of `denyStatus`. ' +
          'Reads nothing else of the visitor: neither its namespace nor its Idempotency-Key.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.AuthzQuery,
        headers: schemas.AuthzHeaders,
        response: RESPONSES,
        hide: method !== 'GET',
      },
      handler: (request, reply) => {
        const policies = [request.params.policy]
        return answer(request, reply, { policies, ...toOptions(request.query) })
      },
    })
    app.route({
      method,
      url: '/authz',
      config: { ...config, names: ({ query }) => toPolicies((query as Policies).policies) },
      schema: {
        operationId: 'authorizeVisitorByPolicies',
        summary: 'Decide by several policies of one group',
        description:
          'The same for any method. Consumes a cost of 1 of each policy if all have room, otherwise ' +
          'nothing. The answer has no body: 204, or the status of `denyStatus`. Policies of different ' +
          'groups are 400.',
        tags: ['ratelimits'],
        querystring: schemas.AuthzPoliciesQuery,
        headers: schemas.AuthzHeaders,
        response: RESPONSES,
        hide: method !== 'GET',
      },
      handler: (request, reply) => {
        const policies = toPolicies(request.query.policies)
        return answer(request, reply, { policies, ...toOptions(request.query) })
      },
    })
    // Envoy appends the path and query of its visitor, so options cannot be there; it lets the visitor
    // through on a 200 only.
    app.route({
      method,
      url: '/:policy/authz/*',
      config: { ...config, names: ({ params }) => toPolicies((params as Path).policy) },
      schema: { params: schemas.AuthzPathParams, hide: true },
      handler: (request, reply) => {
        const { policy, '*': path } = request.params
        return answer(request, reply, {
          policies: toPolicies(policy),
          allowStatus: 200,
          denyStatus: DENY_STATUS['too-many-requests'],
          path: `/${path}`,
        })
      },
    })
  }
}

type Policies = Static<typeof schemas.AuthzPoliciesQuery>
type Path = Static<typeof schemas.AuthzPathParams>

const toPolicies = (names: string): string[] => names.split(',')

const DENY_STATUS = { 'too-many-requests': 429, forbidden: 403 } as const

/** A denial that is 403 has no body either. */
const RESPONSES = {
  204: { description: 'Let the visitor through.', type: 'null', headers: LIMIT_HEADERS },
  429: {
    description: 'Denied; Retry-After says for how long.',
    type: 'null',
    headers: LIMIT_HEADERS,
  },
  ...problemResponses(...COMMON_PROBLEMS, 'policy-not-found'),
}

const OPTIONS = { mode: 'all', take: 'exact', peek: false } as const

const toOptions = ({ key, denyStatus }: Static<typeof schemas.AuthzQuery>) => ({
  key,
  allowStatus: 204,
  denyStatus: DENY_STATUS[denyStatus],
})

/** On a Cluster all subjects of one group are in one slot, so they can be checked together. */
function shareGroup(documents: readonly PolicyDocument[]): boolean {
  const [first] = documents
  if (documents.length === 1) return true
  if (new Set(documents.map(({ name }) => name)).size < documents.length) return false
  const group = first?.value.group
  return group !== undefined && documents.every(({ value }) => value.group === group)
}

interface Asked {
  readonly policies: readonly string[]
  readonly key?: string | undefined
  readonly allowStatus: number
  readonly denyStatus: number
  readonly path?: string
}
