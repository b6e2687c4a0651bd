import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { assertScope } from '../../http/auth.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import { Items, toBody, toItems } from '../batches/answer.js'
import { chains } from '../batches/in-order.js'
import { AnswerBudget } from '../batches/reading.js'
import { MAX_BATCH_BYTES } from '../batches/schemas.js'
import { settleAll } from '../batches/settle.js'
import { identityOfItem } from '../batches/writing.js'
import { varyByCaller } from '../entries/answer.js'
import { refuseConditions } from '../entries/request.js'
import { endsLeasesOfRefusedFills, itemsOf } from '../leases/refused-fills.js'
import { toWanting } from '../origins/request.js'
import { problemResponses } from '../problems.js'
import type { RouteOptions } from '../route-options.js'
import { type Ended, type Planned, plan, type Stores, toText } from './operations.js'
import * as schemas from './schemas.js'

export const pipelineRoutes: FastifyPluginAsyncTypebox<RouteOptions & { stores: Stores }> = async (
  app,
  { stores, policyOf, metrics, idempotencyTtlMs },
) => {
  varyByCaller(app)
  refuseConditions(app)

  app.post(
    '/cache-pipeline',
    {
      bodyLimit: MAX_BATCH_BYTES,
      onError: endsLeasesOfRefusedFills({
        leases: stores.leases,
        policyOf,
        fillsOf: ({ body }) => itemsOf(body, 'operations'),
      }),
      config: { scope: 'cache:read', names: keysIn },
      schema: {
        operationId: 'runCachePipeline',
        summary: 'Run up to 1000 operations on any spaces',
        description:
          'Each operation has a result of its own, in the order of the request. The operations of one key run in their order; between keys no order is promised, and nothing is atomic over several of them. Anything but `get` needs the scope `cache:write`.',
        tags: ['cache'],
        headers: IdempotencyHeaders,
        body: schemas.PipelineRequest,
        response: {
          200: schemas.PipelineResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'origin-namespace'),
        },
      },
    },
    async (request, reply) => {
      const writes = request.body.operations.filter(({ op }) => op !== 'get')
      if (writes.length > 0) assertScope(request, 'cache:write', keysOf(writes))
      const identity = requestIdentity(request, idempotencyTtlMs)
      const operations: Planned[] = []
      for (const [i, sent] of request.body.operations.entries()) {
        const pointer = `body/operations/${i}`
        operations.push(
          await plan(request.namespace, policyOf, pointer, sent, identityOfItem(identity, i)),
        )
      }
      const budget = new AnswerBudget()
      const inOrder = chains<Ended>()
      const wanting = toWanting(request)
      const ended = await settleAll(operations, (operation) =>
        inOrder(operation.key, () => operation.run(stores, budget, wanting)),
      )
      const items = new Items()
      const texts = await toItems(ended, (one, i) =>
        toText((operations[i] as Planned).key.key, one, items, metrics),
      )
      return reply.type('application/json').send(toBody(texts) as never)
    },
  )
}

type Operations = Static<typeof schemas.PipelineRequest>['operations']

const keysOf = (operations: Operations) =>
  operations.map(({ space, key }) => ({ name: space, key }))

const keysIn = ({ body }: FastifyRequest) =>
  keysOf((body as Static<typeof schemas.PipelineRequest>).operations)
