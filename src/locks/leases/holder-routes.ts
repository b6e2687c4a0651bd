import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { problemResponses } from '../problems.js'
import { type LockRouteOptions, lost, toRenewed } from './answer.js'
import * as schemas from './schemas.js'

/** How the document names an operation. */
interface Documented {
  readonly operationId: string
  readonly summary: string
}

export interface HolderRouteOptions extends Pick<LockRouteOptions, 'store' | 'metrics'> {
  readonly renew: Documented
  readonly release: Documented
}

/** What the holder of one token asks for, of a lock and of permits alike. */
export const holderRoutes: FastifyPluginAsyncTypebox<HolderRouteOptions> = async (
  app,
  { store, metrics, renew, release },
) => {
  app.post(
    '/:name/renew',
    {
      config: { scope: 'locks:write', queryFields: ['ttlMs'] },
      schema: {
        ...renew,
        tags: ['locks'],
        params: schemas.LockParams,
        querystring: schemas.TtlQuery,
        body: schemas.RenewRequest,
        response: {
          200: schemas.RenewResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'not-owner',
            'lease-expired',
            'lease-released',
            'lease-revoked',
          ),
        },
      },
    },
    async (request) => {
      const { name } = request.params
      const { token, ttlMs } = request.body
      const outcome = await store.renew(request.namespace, [name], token, ttlMs ?? 0)
      if (outcome.kind !== 'renewed') throw lost(name, outcome, metrics)
      return toRenewed(outcome)
    },
  )

  app.post(
    '/:name/release',
    {
      config: { scope: 'locks:write' },
      schema: {
        ...release,
        tags: ['locks'],
        params: schemas.LockParams,
        body: schemas.ReleaseRequest,
        response: {
          200: schemas.ReleaseResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'not-owner', 'lease-expired', 'lease-revoked'),
        },
      },
    },
    async (request) => {
      const { name } = request.params
      const outcome = await store.release(request.namespace, [name], request.body.token)
      if (outcome.kind === 'released') {
        metrics.ended('released')
        metrics.held(outcome.heldMs / 1_000)
        return { released: true, fence: outcome.fences[0] as number, heldMs: outcome.heldMs }
      }
      if (outcome.kind === 'ended' && outcome.how === 'released') {
        metrics.replayed()
        return { released: false, replayed: true, fence: outcome.fence }
      }
      throw lost(name, outcome, metrics)
    },
  )
}
