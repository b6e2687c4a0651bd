import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { leaseLost, varyByCaller } from '../entries/answer.js'
import { keyOf, refuseConditions } from '../entries/request.js'
import { EntryParams } from '../fields.js'
import { problemResponses } from '../problems.js'
import type { PolicyOf } from '../spaces/store.js'
import * as schemas from './schemas.js'
import type { LeaseStore } from './store.js'

/** A GET takes a lease and a PUT ends it; these are the other calls of its holder. */
export const leaseRoutes: FastifyPluginAsyncTypebox<{
  store: LeaseStore
  policyOf: PolicyOf
}> = async (app, { store, policyOf }) => {
  varyByCaller(app)
  refuseConditions(app)

  app.post(
    '/:space/:key/lease/renew',
    {
      config: { scope: 'cache:write', served: 'lease', queryFields: ['leaseMs'] },
      schema: {
        operationId: 'renewCacheLease',
        summary: 'Give a load more time',
        description:
          'Sets how long the lease lasts from now on. A lease that is over, or was voided by a write or an invalidation, is 412 `lease-lost`: its fill would be refused as well.',
        tags: ['cache'],
        params: EntryParams,
        body: schemas.RenewRequest,
        response: {
          200: schemas.RenewResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'lease-lost'),
        },
      },
    },
    async (request) => {
      const key = await keyOf(request, policyOf)
      const { token, leaseMs = key.policy.leaseMs } = request.body
      const expiresInMs = await store.renew(key, token, leaseMs)
      if (expiresInMs === undefined) throw leaseLost()
      return { expiresInMs }
    },
  )

  app.post(
    '/:space/:key/lease/cancel',
    {
      config: { scope: 'cache:write', served: 'lease' },
      schema: {
        operationId: 'cancelCacheLease',
        summary: 'Give up a load',
        description:
          'Another caller may load at once. With `failed` no caller may until the back-off ends, and a stale value is served through its error window. A lease that is over is no error: `cancelled` is false then.',
        tags: ['cache'],
        params: EntryParams,
        body: schemas.CancelRequest,
        response: { 200: schemas.CancelResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { token, failed, backoffMs } = request.body
      if (backoffMs !== undefined && !failed) {
        throw invalid('body/backoffMs', 'belongs to a load that failed: say failed as well')
      }
      const key = await keyOf(request, policyOf)
      const cancelled = await store.cancel(key, token, schemas.backoffOf(failed, backoffMs))
      return { cancelled }
    },
  )
}
