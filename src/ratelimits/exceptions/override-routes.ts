import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { policyFault } from '../algorithms/algorithms.js'
import { OnePolicyParams } from '../checks/schemas.js'
import { problem, problemResponses } from '../problems.js'
import { storedLimit } from '../stored-limit.js'
import { toOverride, toPage } from './answer.js'
import { toPageOf } from './request.js'
import type { ExceptionRouteOptions } from './routes.js'
import * as schemas from './schemas.js'

/** Another limit for one subject of a policy. What was consumed stays consumed. */
export const overrideRoutes: FastifyPluginAsyncTypebox<ExceptionRouteOptions> = async (
  app,
  { store, policies },
) => {
  const path = '/policies/:policy/overrides/:key'

  app.put(
    path,
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'putRateLimitOverride',
        summary: 'Give one subject another limit, for a while or until it is deleted',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        body: schemas.OverrideRequest,
        response: {
          200: schemas.OverrideResponse,
          201: schemas.OverrideResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, body } = request
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const { ttlMs, ...parameters } = body
      const fault = policyFault({ ...limit.policy, ...parameters })
      if (fault) throw invalid(`body/${fault.field}`, fault.message)
      // Where the policy has no burst of its own, it is the limit.
      const burst = body.burst ?? (limit.policy.burst === undefined ? body.limit : undefined)
      const outcome = await store.override(namespace, limit, { limit: body.limit, burst, ttlMs })
      logChange(request, 'override.put', { ...params, limit: body.limit, burst, ttlMs })
      reply.code(outcome.wasOverridden ? 200 : 201)
      return toOverride(limit, outcome)
    },
  )

  app.get(
    path,
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitOverride',
        summary: 'What holds for one subject instead of the policy',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        response: {
          200: schemas.OverrideResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { namespace, params } = request
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const exception = await store.read(namespace, limit)
      if (exception.limit === 0) {
        throw problem('not-found', `Nothing overrides ${limit.name} for ${limit.key}.`)
      }
      return toOverride(limit, exception)
    },
  )

  app.get(
    '/policies/:policy/overrides',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'listRateLimitOverrides',
        summary: 'The subjects of a policy that have another limit',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: schemas.ListQuery,
        response: {
          200: schemas.OverrideList,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { namespace, params, query } = request
      const { policy } = await storedLimit(policies, namespace, params.policy, '')
      const page = await store.list(namespace, 'overrides', params.policy, toPageOf(policy, query))
      return toPage(page, ({ subject, exception }) => toOverride({ ...subject, policy }, exception))
    },
  )

  app.delete(
    path,
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'deleteRateLimitOverride',
        summary: 'Let the policy hold for a subject again',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        response: {
          204: { description: 'Nothing overrides the policy now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      await store.endOverride(namespace, limit)
      logChange(request, 'override.delete', { ...params })
      return reply.code(204).send(null)
    },
  )
}
