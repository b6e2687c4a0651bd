import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { LIST_BODY_BYTES } from '../../../http/body.js'
import { COMMON_PROBLEMS, invalid } from '../../../http/problem.js'
import { keysBelow } from '../../entries/request.js'
import type { CacheKey } from '../../entries/store.js'
import { SpaceParams } from '../../fields.js'
import { problemResponses } from '../../problems.js'
import type { PolicyOf } from '../../spaces/store.js'
import type { Origins } from '../origins.js'
import type { OriginPolicy } from '../policy.js'
import { assertOfOrigin, assertServed } from '../request.js'
import { toWarming, warmingNotFound, warmingRunning } from './answer.js'
import * as schemas from './schemas.js'
import type { WarmingName } from './store.js'

export const warmingRoutes: FastifyPluginAsyncTypebox<{
  origins: Pick<Origins, 'warmable' | 'warmings'>
  policyOf: PolicyOf
}> = async (app, { origins, policyOf }) => {
  const { store } = origins.warmings

  app.post(
    '/:space/warmings',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'cache:write', names: namesIn },
      schema: {
        operationId: 'startCacheWarming',
        summary: 'Load keys from the origin of a space',
        description:
          'Loads keys that are sent, or with `source` those that the configuration file names, in the background, with at most half of `maxConcurrent` of the origin, and answers at once. A key that another request or instance loads is skipped. The instance that answers does the work; one that is stopped leaves it interrupted. It warms a space of a namespace once at a time.',
        tags: ['cache'],
        params: SpaceParams,
        body: schemas.WarmRequest,
        response: {
          202: schemas.WarmingStarted,
          ...problemResponses(...COMMON_PROBLEMS, 'origin-namespace', 'warming-running'),
        },
      },
    },
    async (request, reply) => {
      const { namespace } = request
      const { space } = request.params
      const warmable = origins.warmable(space)
      if (!warmable) throw invalid('path/space', 'has no origin to load from')
      const policy = await policyOf(namespace, space)
      const { keys, refresh } = request.body
      const { warmings } = origins
      const place = { namespace, space, policy }
      if (!keys) assertConfigured(warmable.origin.policy, place)
      const started = keys
        ? await warmings.start(warmable, toNamed(keys, place), refresh)
        : await warmings.startConfigured(warmable, place, policy, refresh)
      if (started.kind === 'running') throw warmingRunning(started.id)
      return reply.code(202).send({ id: started.id })
    },
  )

  app.get(
    '/:space/warmings/:id',
    {
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheWarming',
        summary: 'Show how far a warming is',
        description: 'Any instance answers, with what was noted in the last second.',
        tags: ['cache'],
        ...ONE_WARMING,
      },
    },
    (request) => read(request, false),
  )

  app.post(
    '/:space/warmings/:id/cancel',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'cancelCacheWarming',
        summary: 'Cancel a warming',
        description:
          'Its instance begins no more loads within about a second. One that is over stays as it is.',
        tags: ['cache'],
        ...ONE_WARMING,
      },
    },
    (request) => read(request, true),
  )

  async function read(
    {
      namespace,
      params: { space, id },
    }: Pick<WarmingName, 'namespace'> & { params: Omit<WarmingName, 'namespace'> },
    cancels: boolean,
  ) {
    const place = { namespace, space }
    const known = id === schemas.SCHEDULED ? await store.claimed(place) : id
    const record = known && (await store.read({ ...place, id: known }, cancels))
    if (!record) throw warmingNotFound(space, id)
    return toWarming(known, record)
  }
}

const ONE_WARMING = {
  params: schemas.WarmingParams,
  response: {
    200: schemas.WarmingResponse,
    ...problemResponses(...COMMON_PROBLEMS, 'warming-not-found'),
  },
}

type Place = Omit<CacheKey, 'key'>

function assertConfigured(origin: OriginPolicy, { namespace, space }: Place): void {
  assertServed(origin, namespace, space)
  if (!origin.warm) throw invalid('body/source', 'needs `warm` in the configuration file')
}

function toNamed(keys: readonly string[], place: Place): CacheKey[] {
  const named = [...new Set(keys)].map((key) => ({ ...place, key }))
  for (const [i, key] of named.entries()) assertOfOrigin(key, `body/keys/${i}`)
  return named
}

/** A list of the configuration may hold any key of the space. */
function namesIn(request: FastifyRequest) {
  const { keys } = request.body as Static<typeof schemas.WarmRequest>
  return keys ? keysBelow(request, keys) : [(request.params as Static<typeof SpaceParams>).space]
}
