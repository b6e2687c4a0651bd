import { METHODS } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalid } from '../../http/problem.js'
import type { Decide } from '../checks/decide.js'
import type { PolicyDocument, PolicyStore } from '../policies/store.js'
import { unknownPolicy } from '../problems.js'
import * as schemas from './schemas.js'
import { toKey, toSubject } from './template.js'

export interface AuthzRouteOptions {
  readonly decide: Decide
  readonly policies: PolicyStore
}

/** CONNECT is no request to a route, and Fastify refuses a QUERY whose body has no type. */
const UNUSUAL = METHODS.filter((method) => method !== 'CONNECT' && method !== 'QUERY')

/**
 * The question that a proxy asks before it lets a request through. Everything of the request may
 * come from the visitor, so nothing is read but what the policy names, and no body at all.
 */
export const authzRoutes: FastifyPluginAsyncTypebox<AuthzRouteOptions> = async (
  app,
  { decide, policies },
) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  app.addHook('onRequest', (request, _reply, done) => {
    // One that is malformed would be a 415 before anything else is looked at.
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
      throw invalid('querystring/policies', 'must be different policies of one group')
    }
    const limits = documents.map(({ name, value: { authz } }) => {
      if (!authz && asked.key === undefined) {
        throw invalid('querystring/key', `is required: ${name} does not say what to count`)
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
  const config = { scope: 'ratelimits:write', forProxies: true } as const

  for (const method of app.supportedMethods.filter((method) => method !== 'HEAD')) {
    app.route({
      method,
      url: '/:policy/authz',
      config,
      schema: {
        operationId: 'authorizeVisitor',
        summary: 'Whether a proxy may let its visitor through; any method is answered alike',
        tags: ['ratelimits'],
        params: schemas.AuthzParams,
        querystring: schemas.AuthzQuery,
        headers: schemas.AuthzHeaders,
        response: schemas.AuthzResponses,
        hide: method !== 'GET',
      },
      handler: (request, reply) => {
        const { key, denyStatus } = request.query
        const policies = [request.params.policy]
        const statuses = { allowStatus: 204, denyStatus: Number(denyStatus) }
        return answer(request, reply, { policies, key, ...statuses })
      },
    })
    app.route({
      method,
      url: '/authz',
      config,
      schema: {
        operationId: 'authorizeVisitorByPolicies',
        summary: 'The same of several policies of one group, all or nothing',
        tags: ['ratelimits'],
        querystring: schemas.AuthzPoliciesQuery,
        headers: schemas.AuthzHeaders,
        response: schemas.AuthzResponses,
        hide: method !== 'GET',
      },
      handler: (request, reply) => {
        const { policies, key, denyStatus } = request.query
        const statuses = { allowStatus: 204, denyStatus: Number(denyStatus) }
        return answer(request, reply, { policies: policies.split(','), key, ...statuses })
      },
    })
    // Envoy appends the path and query of its visitor, so neither is an option of ours, and takes
    // nothing but a 200 for yes.
    app.route({
      method,
      url: '/:policy/authz/*',
      config,
      schema: { params: schemas.AuthzPathParams, hide: true },
      handler: (request, reply) => {
        const { policy, '*': path } = request.params
        return answer(request, reply, {
          policies: policy.split(','),
          allowStatus: 200,
          denyStatus: 429,
          path: `/${path}`,
        })
      },
    })
  }
}

const OPTIONS = { mode: 'all', take: 'exact', peek: false } as const

/** Of one group all subjects are in one slot, whatever their keys, so that a Cluster can check them. */
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
