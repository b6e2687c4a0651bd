import { METHODS } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalid } from '../../http/problem.js'
import type { Decide } from '../checks/decide.js'
import type { PolicyStore } from '../policies/store.js'
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
    const document = await policies.get(namespace, asked.policy)
    if (!document) throw unknownPolicy(asked.policy)
    const template = document.value.authz
    if (!template && asked.key === undefined) {
      throw invalid('querystring/key', 'is required: the policy does not say what to count')
    }
    const key = template
      ? toSubject(template, { headers, remote: socket.remoteAddress, path: asked.path })
      : toKey(asked.key)
    const limits = [{ policy: asked.policy, key, cost: 1 }]
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
        const { policy } = request.params
        const statuses = { allowStatus: 204, denyStatus: Number(denyStatus) }
        return answer(request, reply, { policy, key, ...statuses })
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
          policy,
          allowStatus: 200,
          denyStatus: 429,
          path: `/${path}`,
        })
      },
    })
  }
}

const OPTIONS = { mode: 'all', take: 'exact', peek: false } as const

interface Asked {
  readonly policy: string
  readonly key?: string | undefined
  readonly allowStatus: number
  readonly denyStatus: number
  readonly path?: string
}
