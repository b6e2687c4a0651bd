import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { assertScope } from '../../http/auth.js'
import { LIST_BODY_BYTES } from '../../http/body.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import { varyByCaller } from '../entries/answer.js'
import { keysBelow, refuseConditions } from '../entries/request.js'
import type { CacheKey, EntryStore, WriteOptions } from '../entries/store.js'
import { SpaceParams } from '../fields.js'
import type { LeasedReads } from '../leases/leased-reads.js'
import { endsLeasesOfRefusedFills, itemsOf } from '../leases/refused-fills.js'
import { tokenIn } from '../leases/schemas.js'
import type { Origins } from '../origins/origins.js'
import { ownsWrites, readsThrough } from '../origins/policy.js'
import { assertOfOrigin, refuseFence, refuseLease, toWanting } from '../origins/request.js'
import { isUntaken } from '../origins/writing/answer.js'
import { problemResponses } from '../problems.js'
import type { RouteOptions } from '../route-options.js'
import { deleted, failed, Items, notTakenItem, toBody, toItems } from './answer.js'
import { AT_ONCE_BYTES, countReads, type ReadMany, readMany } from './reading.js'
import { DeleteManyResponse, GetManyResponse, SetManyResponse } from './result-schemas.js'
import * as schemas from './schemas.js'
import { isFailed } from './settle.js'
import {
  identityOfItem,
  removeOne,
  settleWrites,
  toItem,
  toItemWrite,
  writeOne,
} from './writing.js'

export const batchRoutes: FastifyPluginAsyncTypebox<
  RouteOptions & { store: EntryStore; leases: LeasedReads; origins: Origins }
> = async (app, { store, leases, origins, policyOf, metrics, idempotencyTtlMs }) => {
  varyByCaller(app)
  refuseConditions(app)

  const keysOf = async (
    { namespace, params: { space } }: { namespace: string; params: { space: string } },
    keys: readonly string[],
  ): Promise<CacheKey[]> => {
    const policy = await policyOf(namespace, space)
    return keys.map((key) => ({ namespace, space, key, policy }))
  }

  /** Reads keys of one space, and loads what is missing where it has an origin. */
  function readerOf(
    request: FastifyRequest & { readonly body: { readonly lease: boolean } },
    keys: readonly CacheKey[],
  ): ReadMany {
    const { policy } = keys[0] as CacheKey
    if (policy.origin) refuseLease(request.body.lease, 'body/lease')
    if (!readsThrough(policy)) return (chunk) => store.readMany(chunk, AT_ONCE_BYTES)
    for (const [i, key] of keys.entries()) assertOfOrigin(key, `body/keys/${i}`)
    const wanting = toWanting(request)
    return (chunk) => origins.readMany(chunk, AT_ONCE_BYTES, wanting)
  }

  /** @throws Problem for keys and writes that cannot go to the origin that takes the writes */
  function assertWritable(
    keys: readonly CacheKey[],
    placeOf: (index: number) => string,
    writes: readonly WriteOptions[] = [],
  ): void {
    if (!ownsWrites((keys[0] as CacheKey).policy)) return
    for (const [i, key] of keys.entries()) {
      assertOfOrigin(key, placeOf(i))
      refuseFence(writes[i]?.condition, `body/entries/${i}/ifFence`)
    }
  }

  app.post(
    '/:space/get-many',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'cache:read', served: 'without-redis', names: keysIn },
      schema: {
        operationId: 'getManyCacheEntries',
        summary: 'Read up to 1000 keys of a space',
        description:
          'Each result has a status of its own, in the order of the keys. At most 8 MiB of values are in one answer; the results beyond are `deferred`: ask for them again. With `lease` each result says whether the caller should load the key. In a space with an origin the service loads what is missing. The whole call fails only if all keys met the same error.',
        tags: ['cache'],
        params: SpaceParams,
        body: schemas.GetManyRequest,
        response: {
          200: GetManyResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'origin-namespace'),
        },
      },
    },
    async (request, reply) => {
      const { keys, encoding, lease, leaseTokens } = request.body
      if (lease) assertScope(request, 'cache:write', keysIn(request))
      assertTokens(request.body)
      const client = request.raw.socket
      const asking = lease ? { leases, tokens: leaseTokens?.map(tokenIn), client } : undefined
      const named = await keysOf(request, keys)
      const read = readerOf(request, named)
      const found = await readMany(store, named, asking, read)
      const items = new Items()
      const { namespace, params } = request
      countReads(metrics, { namespace, space: params.space }, found)
      const texts = await toItems(found, (one, i) => items.found(keys[i] as string, one, encoding))
      return reply.type('application/json').send(toBody(texts) as never)
    },
  )

  app.post(
    '/:space/set-many',
    {
      bodyLimit: schemas.MAX_BATCH_BYTES,
      onError: endsLeasesOfRefusedFills({
        leases,
        policyOf,
        fillsOf: ({ body, params }) => itemsOf(body, 'entries', params as object),
      }),
      config: { scope: 'cache:write', names: entriesIn },
      schema: {
        operationId: 'setManyCacheEntries',
        summary: 'Store up to 1000 values of a space',
        description:
          'Each entry is stored as a PUT would store it, and has a result of its own; one that is refused stops no other. Nothing is atomic over several keys. Under an Idempotency-Key a repeat applies only the entries that were not applied.',
        tags: ['cache'],
        params: SpaceParams,
        headers: IdempotencyHeaders,
        body: schemas.SetManyRequest,
        response: {
          200: SetManyResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'origin-namespace'),
        },
      },
    },
    async (request, reply) => {
      const { entries } = request.body
      const identity = requestIdentity(request, idempotencyTtlMs)
      const writes = entries.map((entry, i) =>
        toItemWrite(`body/entries/${i}`, entry, identityOfItem(identity, i)),
      )
      const keys = await keysOf(
        request,
        entries.map(({ key }) => key),
      )
      assertWritable(keys, (i) => `body/entries/${i}/key`, writes)
      const wanting = toWanting(request)
      const outcomes = await settleWrites(keys, (key, i) =>
        writeOne({ entries: store, leases, origins }, key, writes[i] as WriteOptions, wanting),
      )
      const texts = outcomes.map((outcome, i) => {
        const key = keys[i] as CacheKey
        return isFailed(outcome) ? failed(key.key, outcome) : toItem(key, outcome, metrics)
      })
      return reply.type('application/json').send(toBody(texts) as never)
    },
  )

  app.post(
    '/:space/delete-many',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'cache:write', names: keysIn },
      schema: {
        operationId: 'deleteManyCacheEntries',
        summary: 'Delete up to 1000 keys of a space',
        description:
          'Each key is dropped as a DELETE would drop it, and has a result of its own. A load that began before cannot fill any of them. Repeating the call is safe.',
        tags: ['cache'],
        params: SpaceParams,
        body: schemas.DeleteManyRequest,
        response: {
          200: DeleteManyResponse,
          ...problemResponses(...COMMON_PROBLEMS, 'origin-namespace'),
        },
      },
    },
    async (request, reply) => {
      const keys = await keysOf(request, request.body.keys)
      assertWritable(keys, (i) => `body/keys/${i}`)
      const wanting = toWanting(request)
      const outcomes = await settleWrites(keys, (key) =>
        removeOne({ entries: store, origins }, key, wanting),
      )
      const texts = outcomes.map((outcome, i) => {
        const { key } = keys[i] as CacheKey
        if (isFailed(outcome)) return failed(key, outcome)
        return isUntaken(outcome) ? notTakenItem(key, outcome) : deleted(key, outcome)
      })
      const gone = outcomes.filter((outcome) => !isFailed(outcome) && !isUntaken(outcome)).length
      metrics.invalidated(request.params.space, 'keys', 'hard', gone)
      return reply.type('application/json').send(toBody(texts) as never)
    },
  )
}

const keysIn = (request: FastifyRequest) =>
  keysBelow(request, (request.body as Static<typeof schemas.DeleteManyRequest>).keys)

function entriesIn(request: FastifyRequest) {
  const { entries } = request.body as Static<typeof schemas.SetManyRequest>
  return keysBelow(
    request,
    entries.map(({ key }) => key),
  )
}

/** @throws Problem invalid-request for tokens without an offer, or not one per key. */
function assertTokens({ keys, lease, leaseTokens }: Static<typeof schemas.GetManyRequest>): void {
  if (leaseTokens === undefined) return
  if (!lease) throw invalid('body/leaseTokens', 'belongs to lease: true')
  if (leaseTokens.length !== keys.length) {
    throw invalid('body/leaseTokens', `must hold one token per key: ${keys.length}`)
  }
}
