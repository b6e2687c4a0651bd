import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logChange } from '../../http/change-log.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import type { Answers } from '../checks/answer.js'
import { KeyQuery, OnePolicyParams } from '../checks/schemas.js'
import type { PolicyStore } from '../policies/store.js'
import { problemResponses } from '../problems.js'
import { identityOf, RetryHeaders, requestedLimit, requireCalls } from '../request.js'
import * as schemas from './schemas.js'
import type { AdjustmentStore } from './store.js'

export interface AdjustmentRouteOptions {
  readonly store: AdjustmentStore
  readonly policies: PolicyStore
  readonly answers: Answers
}

export const adjustmentRoutes: FastifyPluginAsyncTypebox<AdjustmentRouteOptions> = async (
  app,
  { store, policies, answers },
) => {
  app.post(
    '/:policy/refund',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key', 'cost'] },
      schema: {
        operationId: 'refundRateLimit',
        summary: 'Give back what a subject consumed last',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: schemas.RefundQuery,
        headers: RetryHeaders,
        body: schemas.RefundRequest,
        response: {
          200: schemas.RefundResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found', 'idempotency-conflict'),
        },
      },
    },
    async (request, reply) => {
      const { key, cost, takenAtMs, resetAfterMs } = request.body
      const { namespace } = request
      if (resetAfterMs !== undefined && takenAtMs === undefined) {
        throw invalid('body/resetAfterMs', 'needs takenAtMs')
      }
      const limit = requireCalls(await requestedLimit(policies, request))
      const idempotency = identityOf(request)
      const taken = { takenAtMs, resetAfterMs }
      const outcome = await store.refund(namespace, limit, { cost, ...taken, idempotency })
      if (outcome.kind === 'conflict') throw idempotencyConflict()
      if (outcome.kind === 'replayed') reply.header('idempotent-replayed', 'true')
      const left = answers.toUsage(reply, limit, outcome)
      return { policy: limit.name, key, refunded: outcome.refunded, ...left }
    },
  )

  app.post(
    '/:policy/reset',
    {
      config: { scope: 'ratelimits:write', queryFields: ['key'] },
      schema: {
        operationId: 'resetRateLimit',
        summary: 'Forget what a subject consumed; blocks and overrides stay',
        tags: ['ratelimits'],
        params: OnePolicyParams,
        querystring: KeyQuery,
        body: schemas.SubjectRequest,
        response: {
          200: schemas.ResetResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-found'),
        },
      },
    },
    async (request) => {
      const limit = await requestedLimit(policies, request)
      const changed = await store.reset(request.namespace, limit)
      const subject = { policy: limit.name, key: limit.key }
      if (changed) logChange(request, 'subject.reset', subject)
      return { ...subject, changed }
    },
  )
}
