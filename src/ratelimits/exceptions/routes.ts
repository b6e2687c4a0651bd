import { logChange } from '../../http/change-log.js'
import { KeyQuery, KeyRequest, SubjectChange } from '../checks/schemas.js'
import { PolicyParams } from '../policies/schemas.js'
import { responses } from '../problems.js'
import { requestedLimit, subjectIn } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toBlock } from './answer.js'
import * as schemas from './schemas.js'

/** Blocks of subjects, each in one policy: a blocked check is denied and consumes nothing. */
export const blockRoutes: RateLimitRoutes = async (app, { exceptions, policies }) => {
  app.post(
    '/:policy/block',
    {
      config: { scope: 'ratelimits:write', names: subjectIn, queryFields: ['key'] },
      schema: {
        operationId: 'blockRateLimitSubject',
        summary: 'Block a subject of a policy for a while',
        description:
          'Every check of the subject by this policy is denied until the block ends, and consumes ' +
          'nothing. A repeat begins the time again. What was consumed and the override of the subject ' +
          'stay as they are.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: schemas.BlockRequest,
        response: responses(schemas.BlockResponse, 'policy-not-found'),
      },
    },
    async (request) => {
      const { key, ttlMs } = request.body
      const limit = await requestedLimit(policies, request)
      const { wasBlocked, blockedUs } = await exceptions.block(request.namespace, limit, ttlMs)
      logChange(request, 'subject.block', { policy: limit.name, key, ttlMs })
      return { ...toBlock(limit, blockedUs), changed: !wasBlocked }
    },
  )

  app.post(
    '/:policy/unblock',
    {
      config: { scope: 'ratelimits:write', names: subjectIn, queryFields: ['key'] },
      schema: {
        operationId: 'unblockRateLimitSubject',
        summary: 'End the block of a subject',
        description:
          'Checks of the subject are decided by the policy again. Succeeds also if the subject is not ' +
          'blocked: `changed` is false then.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: KeyRequest,
        response: responses(SubjectChange, 'policy-not-found'),
      },
    },
    async (request) => {
      const { key } = request.body
      const limit = await requestedLimit(policies, request)
      const { wasBlocked } = await exceptions.block(request.namespace, limit, 0)
      if (wasBlocked) logChange(request, 'subject.unblock', { policy: limit.name, key })
      return { policy: limit.name, key, changed: wasBlocked }
    },
  )
}
