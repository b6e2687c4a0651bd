import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toETag, toPrecondition } from '../../http/etag.js'
import { COMMON_PROBLEMS, invalid, Problem, problemResponses } from '../../http/problem.js'
import { maxInAnyWindow, policyFault } from './policy.js'
import * as schemas from './schemas.js'
import type { PolicyDocument, PolicyStore } from './store.js'

export const policyRoutes: FastifyPluginAsyncTypebox<{ store: PolicyStore }> = async (
  app,
  { store },
) => {
  app.put(
    '/policies/:policy',
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'putRateLimitPolicy',
        summary: 'Create or change a policy; what was consumed stays consumed',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        headers: schemas.WriteHeaders,
        body: schemas.PolicyRequest,
        response: {
          200: schemas.PolicyResponse,
          201: schemas.PolicyResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'precondition-failed',
            'in-config-file',
            'too-many-policies',
          ),
        },
      },
    },
    async (request, reply) => {
      const { policy } = request.params
      const fault = policyFault(request.body)
      if (fault) throw invalid(`body/${fault.field}`, fault.message)
      const when = toPrecondition(request.headers)
      const outcome = await store.put(request.namespace, policy, request.body, when)
      switch (outcome.kind) {
        case 'precondition-failed':
          throw preconditionFailed(policy)
        case 'in-file':
          throw inFile(policy)
        case 'too-many':
          throw new Problem('too-many-policies', 'The namespace has as many policies as it may.')
        default:
          reply.code(outcome.kind === 'created' ? 201 : 200)
          reply.header('etag', toETag(outcome.document.version))
          return toResponse(outcome.document)
      }
    },
  )

  app.get(
    '/policies/:policy',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitPolicy',
        summary: 'A policy, its version and the bound it guarantees',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        response: {
          200: schemas.PolicyResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const document = await store.get(request.namespace, request.params.policy)
      if (!document) throw unknownPolicy(request.params.policy)
      reply.header('etag', toETag(document.version))
      return toResponse(document)
    },
  )

  app.get(
    '/policies',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'listRateLimitPolicies',
        summary: 'Every policy of the namespace',
        tags: ['ratelimits'],
        response: { 200: schemas.PolicyList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => ({ policies: (await store.list(request.namespace)).map(toResponse) }),
  )

  app.delete(
    '/policies/:policy',
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'deleteRateLimitPolicy',
        summary: 'Remove a policy; what subjects consumed is forgotten by itself',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        headers: schemas.WriteHeaders,
        response: {
          204: { description: 'There is no such policy now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed', 'in-config-file'),
        },
      },
    },
    async (request, reply) => {
      const { policy } = request.params
      const outcome = await store.remove(request.namespace, policy, toPrecondition(request.headers))
      if (outcome === 'precondition-failed') throw preconditionFailed(policy)
      if (outcome === 'in-file') throw inFile(policy)
      return reply.code(204).send(null)
    },
  )
}

export const unknownPolicy = (name: string): Problem =>
  new Problem('not-found', `There is no policy named ${name}.`)

const preconditionFailed = (name: string): Problem =>
  new Problem('precondition-failed', `The policy ${name} has another version.`)

const inFile = (name: string): Problem =>
  new Problem('in-config-file', `The policy ${name} stands in the configuration file.`)

const toResponse = ({ name, version, value, inFile: isInFile }: PolicyDocument) => ({
  name,
  ...value,
  version,
  maxInAnyWindow: maxInAnyWindow(value),
  source: isInFile ? ('file' as const) : ('api' as const),
})
