import { logChange } from '../../http/change-log.js'
import {
  IdempotencyHeaders,
  idempotencyConflict,
  requestIdentity,
} from '../../http/request-fingerprint.js'
import { KeyQuery, KeyRequest, SubjectChange } from '../checks/schemas.js'
import { PolicyParams } from '../policies/schemas.js'
import { responses } from '../problems.js'
import { requestedLimit, requireCalls, subjectIn } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toTaken } from './request.js'
import * as schemas from './schemas.js'

export const adjustmentRoutes: RateLimitRoutes = async (app, services) => {
  const { adjustments, policies, answers, idempotencyTtlMs } = services

  app.post(
    '/:policy/refund',
    {
      config: { scope: 'ratelimits:write', names: subjectIn, queryFields: ['key', 'cost'] },
      schema: {
        operationId: 'refundRateLimit',
        summary: 'Give back the newest usage of a subject',
        description:
          'Gives back at most `cost` of what still counts, the newest first. Send `takenAt` and ' +
          '`resetAfterMs` as the check answered them, so that a late refund gives back nothing that ' +
          'counts no more. With an Idempotency-Key a repeat gives back nothing.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: schemas.RefundQuery,
        headers: IdempotencyHeaders,
        body: schemas.RefundRequest,
        response: responses(schemas.RefundResponse, 'policy-not-found', 'idempotency-conflict'),
      },
    },
    async (request, reply) => {
      const { key, cost } = request.body
      const { namespace } = request
      const taken = toTaken(request.body)
      const limit = requireCalls(await requestedLimit(policies, request))
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const outcome = await adjustments.refund(namespace, limit, { cost, ...taken, idempotency })
      if (outcome.kind === 'conflict') throw idempotencyConflict()
      if (outcome.kind === 'replayed') reply.header('idempotent-replayed', 'true')
      const usage = answers.toUsage(reply, limit, outcome)
      return { policy: limit.name, key, refunded: outcome.refunded, ...usage }
    },
  )

  app.post(
    '/:policy/reset',
    {
      config: { scope: 'ratelimits:write', names: subjectIn, queryFields: ['key'] },
      schema: {
        operationId: 'resetRateLimit',
        summary: 'Delete the usage of a subject',
        description:
          'The subject of a policy that counts calls has its whole limit again; of a concurrency ' +
          'policy all leases end. Its block and its override stay.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: KeyQuery,
        body: KeyRequest,
        response: responses(SubjectChange, 'policy-not-found'),
      },
    },
    async (request) => {
      const limit = await requestedLimit(policies, request)
      const changed = await adjustments.reset(request.namespace, limit)
      const subject = { policy: limit.name, key: limit.key }
      if (changed) logChange(request, 'subject.reset', subject)
      return { ...subject, changed }
    },
  )
}
