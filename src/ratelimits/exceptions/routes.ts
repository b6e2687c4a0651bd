import { logChange } from '../../http/change-log.js'
import { KeyQuery, KeyRequest, OnePolicyParams } from '../checks/schemas.js'
import { responses } from '../problems.js'
import { requestedLimit, storedLimit } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toPage } from './answer.js'
import { toRequestedPage } from './request.js'
import * as schemas from './schemas.js'

/** Blocks of subjects, each in one policy: a blocked check is denied and consumes nothing. */
export const blockRoutes: RateLimitRoutes = async (app, { exceptions, policies }) => {
  app.post(
    '/:policy/block',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'blockRateLimit',
        summary: 'Deny every check of a subject for a while, from now on',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: KeyQuery,
        body: schemas.BlockRequest,
        response: responses(schemas.BlockResponse, 'not-found'),
      },
    },
    async (request) => {
      const { key, forMs } = request.body
      const limit = await requestedLimit(policies, request)
      const { wasBlocked, blockedUs } = await exceptions.block(request.namespace, limit, forMs)
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
        response: responses(schemas.BlockList, 'not-found'),
      },
    },
    async ({ namespace, params: { policy: name }, query }) => {
      const { policy } = await storedLimit(policies, namespace, name, '')
      const page = await exceptions.list(namespace, 'blocks', name, toRequestedPage(policy, query))
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
        body: KeyRequest,
        response: responses(schemas.BlockResponse, 'not-found'),
      },
    },
    async (request) => {
      const { key } = request.body
      const limit = await requestedLimit(policies, request)
      const { wasBlocked } = await exceptions.block(request.namespace, limit, 0)
      if (wasBlocked) logChange(request, 'subject.unblock', { policy: limit.name, key })
      return { policy: limit.name, key, changed: wasBlocked, blockedForMs: 0 }
    },
  )
}
