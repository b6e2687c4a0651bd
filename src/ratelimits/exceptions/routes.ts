import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { SubjectRequest } from '../adjustments/schemas.js'
import { KeyQuery, OnePolicyParams } from '../checks/schemas.js'
import { problemResponses } from '../problems.js'
import { requestedLimit } from '../request.js'
import { toPage } from './answer.js'
import { type ExceptionRouteOptions, listed } from './request.js'
import * as schemas from './schemas.js'

/** A subject is blocked in one policy: every check is denied, and consumes nothing. */
export const blockRoutes: FastifyPluginAsyncTypebox<ExceptionRouteOptions> = async (
  app,
  options,
) => {
  const { store, policies } = options

  app.post(
    '/:policy/block',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'blockRateLimit',
        summary: 'Deny a subject everything for a while, from now on',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: KeyQuery,
        body: schemas.BlockRequest,
        response: {
          200: schemas.BlockResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { key, forMs } = request.body
      const limit = await requestedLimit(policies, request)
      const { wasBlocked, blockedUs } = await store.block(request.namespace, limit, forMs)
      const blockedForMs = Math.ceil(blockedUs / 1_000)
      logChange(request, 'subject.block', { policy: limit.name, key, blockedForMs })
      return { policy: limit.name, key, changed: !wasBlocked, blockedForMs }
    },
  )

  app.get(
    '/policies/:policy/blocks',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'listRateLimitBlocks',
        summary: 'The subjects of a policy that are blocked',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: schemas.ListQuery,
        response: {
          200: schemas.BlockList,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { page } = await listed(options, 'blocks', request)
      return toPage(page, ({ subject: { name, key }, exception: { blockedUs } }) => ({
        policy: name,
        key,
        blockedForMs: Math.ceil(blockedUs / 1_000),
      }))
    },
  )

  app.post(
    '/:policy/unblock',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'unblockRateLimit',
        summary: 'End the block of a subject',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: KeyQuery,
        body: SubjectRequest,
        response: {
          200: schemas.BlockResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const { key } = request.body
      const limit = await requestedLimit(policies, request)
      const { wasBlocked } = await store.block(request.namespace, limit, 0)
      if (wasBlocked) logChange(request, 'subject.unblock', { policy: limit.name, key })
      return { policy: limit.name, key, changed: wasBlocked, blockedForMs: 0 }
    },
  )
}
