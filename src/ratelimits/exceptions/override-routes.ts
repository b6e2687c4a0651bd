import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { algorithmOf, policyFault } from '../algorithms/algorithms.js'
import type { Limit } from '../limit.js'
import { problem, problemResponses } from '../problems.js'
import { storedLimit } from '../stored-limit.js'
import type { ExceptionRouteOptions } from './routes.js'
import * as schemas from './schemas.js'
import type { Exception } from './scripts.js'

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
      const { burst: _, ...rest } = limit.policy
      const changed = {
        ...rest,
        limit: body.limit,
        ...(body.burst !== undefined && { burst: body.burst }),
      }
      const fault = policyFault(changed)
      if (fault) throw invalid(`body/${fault.field}`, fault.message)
      const outcome = await store.override(namespace, limit, {
        limit: body.limit,
        burst: body.burst ?? body.limit,
        ttlMs: body.ttlMs,
      })
      reply.code(outcome.wasOverridden ? 200 : 201)
      return toResponse(limit, outcome)
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
      return toResponse(limit, exception)
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
      return reply.code(204).send(null)
    },
  )
}

const toResponse = ({ name, key, policy }: Limit, { limit, burst, leftUs }: Exception) => ({
  policy: name,
  key,
  limit,
  ...(algorithmOf(policy).parameters.includes('burst') && { burst }),
  ...(leftUs > 0 && { expiresInMs: Math.floor(leftUs / 1_000) }),
})
