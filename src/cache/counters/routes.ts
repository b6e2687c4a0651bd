import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { fenceOutdated } from '../../http/fence.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { conflict, kindMismatch, preconditionFailed, varyByCaller } from '../entries/answer.js'
import { keyOf, toCondition, toReadCondition } from '../entries/request.js'
import { KeyedChangeHeaders, LookHeaders, WITHOUT_VALUE } from '../entries/schemas.js'
import { EntryParams, ETAG, REPLAYED } from '../fields.js'
import { recordChange, takeFound } from '../objects/answer.js'
import { refuseOwned } from '../origins/request.js'
import { outboxPending } from '../origins/writing/answer.js'
import { problem, problemResponses } from '../problems.js'
import type { RouteOptions } from '../route-options.js'
import { int64 } from './request.js'
import * as schemas from './schemas.js'
import type { CounterStore } from './store.js'

export const counterRoutes: FastifyPluginAsyncTypebox<
  RouteOptions & { store: CounterStore }
> = async (app, { store, policyOf, metrics, idempotencyTtlMs }) => {
  varyByCaller(app)

  app.post(
    '/:space/:key/incr',
    {
      config: { scope: 'cache:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'incrementCacheCounter',
        summary: 'Add to a counter',
        description:
          'Adds within 64 bits, or changes nothing (409 `counter-overflow`). Where there is no counter, one begins at `initial` plus `by`, and lives for `ttlMs`; later additions never move its end. Under an Idempotency-Key a repeat adds nothing and gets the same count.',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.IncrQuery,
        headers: KeyedChangeHeaders,
        body: schemas.IncrRequest,
        response: {
          200: { ...schemas.CounterValue, headers: { ...ETAG, ...REPLAYED } },
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'kind-mismatch',
            'counter-overflow',
            'idempotency-conflict',
            'precondition-failed',
            'fence-outdated',
            'origin-owned',
            'outbox-pending',
          ),
        },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const key = await keyOf(request, policyOf)
      refuseOwned(key)
      const condition = toCondition(request.headers)
      const reached = await store.incr(key, {
        by: int64('body/by', body.by),
        initial: int64('body/initial', body.initial),
        ttlMs: body.ttlMs,
        condition,
        idempotency: requestIdentity(request, idempotencyTtlMs),
      })
      switch (reached.kind) {
        case 'conflict':
          throw conflict()
        case 'kind-mismatch':
          throw kindMismatch(params.key, 'a counter', reached.found)
        case 'precondition-failed':
          throw preconditionFailed(reply, params.key, reached.version)
        case 'fence-outdated':
          throw fenceOutdated(condition.fence, reached.highest)
        case 'outbox-pending':
          throw outboxPending()
        case 'overflow':
          throw problem('counter-overflow', `"${params.key}" would leave 64 bits.`)
      }
      recordChange(reply, metrics, params.space, reached)
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
        summary: 'Read a counter',
        description:
          'The count, and how long the counter lives, without adding to it. No counter is 404, a key of another kind 409.',
        tags: ['cache'],
        params: EntryParams,
        headers: LookHeaders,
        response: {
          200: { ...schemas.CounterResponse, headers: ETAG },
          ...WITHOUT_VALUE,
        },
      },
    },
    async (request, reply) => {
      const condition = toReadCondition(request.headers)
      const key = await keyOf(request, policyOf)
      const reached = await store.read(key)
      const found = takeFound(reply, metrics, key, 'a counter', condition, reached)
      if (!found) return reply.code(304).send(null)
      return { value: found.fields[0]?.[1] as string, expiresInMs: found.ttlMs }
    },
  )
}
