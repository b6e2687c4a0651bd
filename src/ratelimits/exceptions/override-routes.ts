import { logChange } from '../../http/change-log.js'
import { DocumentHeaders, withETag } from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { COMMON_PROBLEMS, invalid, type Problem } from '../../http/problem.js'
import { policyFault } from '../algorithms/algorithms.js'
import { OnePolicyParams } from '../checks/schemas.js'
import type { Limit } from '../limit.js'
import { problem, problemResponses, responses } from '../problems.js'
import { storedLimit } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toOverride, toPage } from './answer.js'
import { toRequestedPage } from './request.js'
import * as schemas from './schemas.js'

/** Overrides: another limit for one subject of a policy. What was consumed stays consumed. */
export const overrideRoutes: RateLimitRoutes = async (app, { exceptions, policies }) => {
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
          ...responses(schemas.OverrideResponse, 'not-found', 'precondition-failed'),
          201: schemas.OverrideResponse,
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
      // A policy without a burst uses its limit as the burst.
      const burst = body.burst ?? (limit.policy.burst === undefined ? body.limit : undefined)
      const asked = { limit: body.limit, burst, ttlMs }
      const outcome = await exceptions.override(namespace, limit, asked, when)
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
        summary: 'The override of a subject',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        response: responses(schemas.OverrideResponse, 'not-found'),
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const exception = await exceptions.read(namespace, limit)
      if (exception.limit === 0) {
        throw problem('not-found', `${limit.key} has no override of ${limit.name}.`)
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
        response: responses(schemas.OverrideList, 'not-found'),
      },
    },
    async ({ namespace, params: { policy: name }, query }) => {
      const { policy } = await storedLimit(policies, namespace, name, '')
      const asked = toRequestedPage(policy, query)
      const page = await exceptions.list(namespace, 'overrides', name, asked)
      return toPage(page, ({ subject, exception }) => toOverride({ ...subject, policy }, exception))
    },
  )

  app.delete(
    path,
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'deleteRateLimitOverride',
        summary: 'End the override of a subject',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'The subject has no override now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const when = toPrecondition(request.headers)
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const { isHeld, before } = await exceptions.endOverride(namespace, limit, when)
      if (!isHeld) throw otherVersion(limit)
      if (before > 0) logChange(request, 'override.delete', { ...params, before })
      return reply.code(204).send(null)
    },
  )
}

const otherVersion = ({ name, key }: Limit): Problem =>
  problem('precondition-failed', `The override of ${name} for ${key} has another version.`)
