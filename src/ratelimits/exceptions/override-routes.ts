import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logChange } from '../../http/change-log.js'
import { DocumentHeaders, withETag } from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { COMMON_PROBLEMS, invalid, type Problem } from '../../http/problem.js'
import { policyFault } from '../algorithms/algorithms.js'
import { OnePolicyParams } from '../checks/schemas.js'
import type { Limit } from '../limit.js'
import { problem, problemResponses } from '../problems.js'
import { storedLimit } from '../request.js'
import { toOverride, toPage } from './answer.js'
import { type ExceptionRouteOptions, listed } from './request.js'
import * as schemas from './schemas.js'

/** Another limit for one subject of a policy. What was consumed stays consumed. */
export const overrideRoutes: FastifyPluginAsyncTypebox<ExceptionRouteOptions> = async (
  app,
  options,
) => {
  const { store, policies } = options
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
        headers: DocumentHeaders,
        body: schemas.OverrideRequest,
        response: {
          200: schemas.OverrideResponse,
          201: schemas.OverrideResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, body } = request
      const when = toPrecondition(request.headers)
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const { ttlMs, ...parameters } = body
      const fault = policyFault({ ...limit.policy, ...parameters })
      if (fault) throw invalid(`body/${fault.field}`, fault.message)
      // Where the policy has no burst of its own, it is the limit.
      const burst = body.burst ?? (limit.policy.burst === undefined ? body.limit : undefined)
      const asked = { limit: body.limit, burst, ttlMs }
      const outcome = await store.override(namespace, limit, asked, when)
      if (!outcome.isHeld) throw otherVersion(limit)
      const { before, version } = outcome
      logChange(request, 'override.put', { ...params, ...asked, before, version })
      reply.code(before === 0 ? 201 : 200)
      return withETag(reply, toOverride(limit, outcome))
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
    async (request, reply) => {
      const { namespace, params } = request
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const exception = await store.read(namespace, limit)
      if (exception.limit === 0) {
        throw problem('not-found', `Nothing overrides ${limit.name} for ${limit.key}.`)
      }
      return withETag(reply, toOverride(limit, exception))
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
      const { policy, page } = await listed(options, 'overrides', request)
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
        headers: DocumentHeaders,
        response: {
          204: { description: 'Nothing overrides the policy now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const when = toPrecondition(request.headers)
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const { isHeld, before } = await store.endOverride(namespace, limit, when)
      if (!isHeld) throw otherVersion(limit)
      if (before > 0) logChange(request, 'override.delete', { ...params, before })
      return reply.code(204).send(null)
    },
  )
}

const otherVersion = ({ name, key }: Limit): Problem =>
  problem('precondition-failed', `The override of ${name} for ${key} has another version.`)
