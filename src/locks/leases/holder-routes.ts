import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toMetadata } from '../../http/metadata.js'
import { LockParams, TtlQuery } from '../fields.js'
import { releaseProblems, renewProblems } from '../problems.js'
import {
  type LockRouteOptions,
  takeChanged,
  takeReleased,
  takeRenewed,
  toRenewed,
} from './answer.js'
import * as schemas from './schemas.js'

/** How the document names an operation. */
interface Documented {
  readonly operationId: string
  readonly summary: string
  readonly description: string
}

export interface HolderRouteOptions extends Pick<LockRouteOptions, 'store' | 'metrics'> {
  readonly renewal: Documented
  readonly release: Documented
  readonly change: Documented
}

/** Renewal, release and change of metadata by the holder of a token, of a lock or of permits. */
export const holderRoutes: FastifyPluginAsyncTypebox<HolderRouteOptions> = async (app, options) => {
  const { store, metrics } = options

  app.post(
    '/:name/renew',
    {
      config: { scope: 'locks:write', served: 'lease', queryFields: ['ttlMs'] },
      schema: {
        ...options.renewal,
        tags: ['locks'],
        params: LockParams,
        querystring: TtlQuery,
        body: schemas.RenewLeaseRequest,
        response: { 200: schemas.RenewedLease, ...renewProblems() },
      },
    },
    async ({ namespace, params: { name }, body: { token, ttlMs = 0 } }) =>
      toRenewed(takeRenewed(name, await store.renew(namespace, [name], token, ttlMs), metrics)),
  )

  app.post(
    '/:name/release',
    {
      config: { scope: 'locks:write', served: 'lease' },
      schema: {
        ...options.release,
        tags: ['locks'],
        params: LockParams,
        body: schemas.ReleaseLeaseRequest,
        response: { 200: schemas.ReleasedLease, ...releaseProblems() },
      },
    },
    async ({ namespace, params: { name }, body: { token } }) => {
      const done = takeReleased(name, await store.release(namespace, [name], token), metrics)
      if (!done.released) return { released: false, replayed: true, fence: done.fence }
      return { released: true, fence: done.fences[0] as number, heldMs: done.heldMs }
    },
  )

  app.post(
    '/:name/metadata',
    {
      config: { scope: 'locks:write', served: 'lease' },
      schema: {
        ...options.change,
        tags: ['locks'],
        params: LockParams,
        body: schemas.SetLeaseMetadataRequest,
        response: { 200: schemas.ChangedLease, ...renewProblems() },
      },
    },
    async ({ namespace, params: { name }, body: { token, metadata } }) => {
      const text = toMetadata(metadata, 'body/metadata')
      const outcome = await store.setMetadata(namespace, [name], token, text)
      return { fence: takeChanged(name, outcome, metrics)[0] as number }
    },
  )
}
