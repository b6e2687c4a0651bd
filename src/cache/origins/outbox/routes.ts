import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { LIST_BODY_BYTES } from '../../../http/body.js'
import { logChange } from '../../../http/change-log.js'
import { PageQuery, pageOf } from '../../../http/pages.js'
import { COMMON_PROBLEMS } from '../../../http/problem.js'
import { keysBelow } from '../../entries/request.js'
import { SpaceParams } from '../../fields.js'
import { problemResponses } from '../../problems.js'
import type { OutboxOverview } from './overview.js'
import * as schemas from './schemas.js'

/** For operators: they work as well where the configuration file lacks the space. */
export const outboxRoutes: FastifyPluginAsyncTypebox<{ outbox: OutboxOverview }> = async (
  app,
  { outbox },
) => {
  app.get(
    '/:space/outbox',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheOutbox',
        summary: 'Show how far the origin of a space is behind',
        description: 'What was written behind and has yet to reach the origin.',
        tags: ['cache'],
        params: SpaceParams,
        response: { 200: schemas.OutboxResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const { oldestMs, ...state } = await outbox.state(spaceOf(request))
      return { ...state, oldestAgeMs: oldestMs }
    },
  )

  app.get(
    '/:space/outbox/failed',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'listFailedCacheWrites',
        summary: 'List the writes that wait for an operator',
        description:
          'Writes that the origin refused, or failed for too often, by key, page by page. They are read as before, and count for the bounds of the outbox.',
        tags: ['cache'],
        params: SpaceParams,
        querystring: PageQuery,
        response: { 200: schemas.FailedList, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => pageOf(await outbox.failed(spaceOf(request)), request.query, undefined),
  )

  app.post(
    '/:space/outbox/retry',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'cache:write', names: keysIn },
      schema: {
        operationId: 'retryCacheWrites',
        summary: 'Send writes again',
        description:
          'Makes keys due that failed, or wait, with no attempts behind them. Repeating the call is safe.',
        tags: ['cache'],
        params: SpaceParams,
        body: schemas.KeysRequest,
        response: { 200: schemas.DueResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const due = await outbox.retry(spaceOf(request), [...new Set(request.body.keys)])
      log(request, 'outbox.retry', due)
      return { due }
    },
  )

  app.post(
    '/:space/outbox/flush',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'flushCacheOutbox',
        summary: 'Send all writes now',
        description:
          'Makes every key of the outbox due, also those that failed, with no attempts behind them. Repeating the call is safe.',
        tags: ['cache'],
        params: SpaceParams,
        response: { 200: schemas.DueResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const due = await outbox.flush(spaceOf(request))
      log(request, 'outbox.flush', due)
      return { due }
    },
  )

  app.post(
    '/:space/outbox/discard',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'cache:write', names: keysIn },
      schema: {
        operationId: 'discardCacheWrites',
        summary: 'Drop writes that the origin need not get',
        description:
          'Drops what is pending for keys, or failed, from the outbox and from the cache. What is on its way may still reach the origin. Repeating the call is safe.',
        tags: ['cache'],
        params: SpaceParams,
        body: schemas.KeysRequest,
        response: { 200: schemas.DiscardResponse, ...problemResponses(...COMMON_PROBLEMS) },
      },
    },
    async (request) => {
      const discarded = await outbox.discard(spaceOf(request), [...new Set(request.body.keys)])
      log(request, 'outbox.discard', discarded)
      return { discarded }
    },
  )
}

const spaceOf = ({ namespace, params }: Pick<FastifyRequest, 'namespace' | 'params'>) => ({
  namespace,
  space: (params as Static<typeof SpaceParams>).space,
})

const keysIn = (request: FastifyRequest) =>
  keysBelow(request, (request.body as Static<typeof schemas.KeysRequest>).keys)

function log(request: FastifyRequest, change: string, keys: number): void {
  if (keys > 0) logChange(request, change, { ...spaceOf(request), keys })
}
