import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { toETag } from '../../http/etag.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import { conflict, kindMismatch, missing } from '../answer.js'
import { EntryParams, LookHeaders } from '../entries/schemas.js'
import type { CacheMetrics } from '../metrics.js'
import {
  ConditionHeaders,
  isNotModified,
  preconditionFailed,
  toCondition,
  toReadCondition,
} from '../preconditions.js'
import { problem, problemResponses } from '../problems.js'
import type { PolicyOf } from '../spaces/store.js'
import { varyByCaller } from '../vary.js'
import { int64 } from './request.js'
import * as schemas from './schemas.js'
import type { CounterStore } from './store.js'

const ChangeHeaders = Type.Object({ ...IdempotencyHeaders.properties, ...ConditionHeaders })

export interface CounterRouteOptions {
  readonly policyOf: PolicyOf
  readonly store: CounterStore
  readonly metrics: CacheMetrics
  readonly idempotencyTtlMs: number
}

export const counterRoutes: FastifyPluginAsyncTypebox<CounterRouteOptions> = async (
  app,
  { store, policyOf, metrics, idempotencyTtlMs },
) => {
  varyByCaller(app)

  app.post(
    '/:space/:key/incr',
    {
      config: { scope: 'cache:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'incrementCacheCounter',
        summary: 'Add to a counter of 64 bits, which begins where there is none',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.IncrQuery,
        headers: ChangeHeaders,
        body: schemas.IncrRequest,
        response: {
          200: schemas.IncrResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'kind-mismatch',
            'counter-overflow',
            'idempotency-conflict',
            'precondition-failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, body } = request
      const reached = await store.incr(
        { namespace, ...params, policy: await policyOf(namespace, params.space) },
        {
          by: int64('body/by', body.by),
          initial: int64('body/initial', body.initial),
          ttlMs: body.ttlMs,
          condition: toCondition(request.headers),
          idempotency: requestIdentity(request, idempotencyTtlMs),
        },
      )
      switch (reached.outcome) {
        case 'conflict':
          throw conflict()
        case 'kind-mismatch':
          throw kindMismatch(params.key, 'a counter', reached.kind)
        case 'precondition-failed':
          throw preconditionFailed(reply, params.key, reached.version)
        case 'overflow':
          throw problem('counter-overflow', `"${params.key}" would leave 64 bits.`)
      }
      metrics.write(params.space, reached.created ? 'created' : 'replaced')
      if (reached.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', toETag(reached.version))
      return { value: reached.value }
    },
  )

  app.get(
    '/:space/:key/counter',
    {
      exposeHeadRoute: false,
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheCounter',
        summary: 'The count of a counter, without adding to it',
        tags: ['cache'],
        params: EntryParams,
        headers: LookHeaders,
        response: {
          200: schemas.CounterResponse,
          304: { description: 'The caller has this version.', type: 'null' },
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'cache-miss',
            'kind-mismatch',
            'precondition-failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const condition = toReadCondition(request.headers)
      const found = await store.read({
        namespace,
        ...params,
        policy: await policyOf(namespace, params.space),
      })
      const { space } = params
      metrics.read({ namespace, space }, found.outcome === 'miss' ? 'miss' : 'hit')
      if (found.outcome === 'miss') throw missing(reply)
      if (found.outcome === 'kind-mismatch') {
        throw kindMismatch(params.key, 'a counter', found.kind)
      }
      reply.header('etag', toETag(found.version))
      if (isNotModified(reply, params.key, condition, found.version))
        return reply.code(304).send(null)
      return { value: found.fields[0]?.[1] as string, ttlMs: found.ttlMs }
    },
  )
}
