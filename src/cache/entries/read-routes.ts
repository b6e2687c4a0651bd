import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { toETag } from '../../http/etag.js'
import type { Condition } from '../condition.js'
import { EntryParams, ETAG } from '../fields.js'
import { setLeaseHeaders, toLease } from '../leases/answer.js'
import { LEASE_HEADERS } from '../leases/schemas.js'
import { notLoaded } from '../origins/answer.js'
import { type LoadingReply, type LoadNote, resultOf } from '../origins/loading/reply.js'
import { readsThrough } from '../origins/policy.js'
import { assertOfOrigin, refuseLease, toWanting } from '../origins/request.js'
import { isNotModified, kindMismatch, miss, setValueHeaders, toMeta } from './answer.js'
import { toReadDirectives } from './cache-control.js'
import { type Asked, keyOf, type Named, toAsk, toReadCondition } from './request.js'
import type { EntryRouteOptions } from './routes.js'
import * as schemas from './schemas.js'
import type { Entry } from './scripts.js'
import type { CacheKey, LeveledReply, ReadOptions } from './store.js'

interface ReadRequest extends Named {
  readonly headers: { readonly 'cache-control'?: string }
}

export const readRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (
  app,
  { store, leases, origins, policyOf, metrics },
) => {
  /** The entry that the caller accepts, if there is one. */
  async function find(
    key: CacheKey,
    cacheControl: string | undefined,
    { maxBytes, have }: Pick<ReadOptions, 'maxBytes' | 'have'>,
    read: (options: ReadOptions) => Promise<LoadingReply>,
  ) {
    const { maxStaleMs, minFreshMs, skipL1 } = toReadDirectives(cacheControl)
    const found = await read({ maxStaleMs, minFreshMs, skipL1, maxBytes, have })
    metrics.read(key, resultOf(found), found.level)
    return found
  }

  /** How a GET reads: it takes part in the load of the value, by itself or by the service. */
  function readerOf(key: CacheKey, request: FastifyRequest & Asked) {
    if (key.policy.origin) refuseLease(request.query.lease, 'query/lease')
    if (!readsThrough(key.policy)) {
      const asked = toAsk(request)
      return (options: ReadOptions): Promise<LoadingReply> =>
        asked ? leases.ask(key, options, asked) : store.read(key, options)
    }
    assertOfOrigin(key, 'path/key')
    const { waitMs } = request.query
    const wanting = { ...toWanting(request), waitMs, client: request.raw.socket }
    return (options: ReadOptions) => origins.read(key, options, wanting)
  }

  /** The same without its bytes. @throws Problem cache-miss */
  async function findHeader(request: ReadRequest, reply: FastifyReply) {
    const key = await keyOf(request, policyOf)
    const read = (options: ReadOptions) => store.read(key, options)
    const { entry, level } = await find(
      key,
      request.headers['cache-control'],
      { maxBytes: -1 },
      read,
    )
    if (!entry || entry.state === 'negative') throw miss(reply, entry ? 'negative' : 'miss')
    return { entry, level }
  }

  app.route({
    method: 'HEAD',
    url: '/:space/:key',
    config: { scope: 'cache:read', served: 'without-redis' },
    schema: {
      operationId: 'headCacheEntry',
      summary: 'Show the headers of a value',
      description:
        'The headers that a GET would answer with, without the bytes. It never takes a lease.',
      tags: ['cache'],
      params: EntryParams,
      headers: schemas.ReadHeaders,
      response: {
        200: { description: 'There is a value.', headers: schemas.VALUE_HEADERS },
        ...schemas.WITHOUT_VALUE,
      },
    },
    handler: async (request, reply) => {
      const condition = toReadCondition(request.headers)
      const { entry, level } = await findHeader(request, reply)
      if (knowsBytes(reply, request.params.key, condition, entry, level)) {
        return reply.code(304).send(null)
      }
      return reply.header('content-length', entry.size).send()
    },
  })

  app.get(
    '/:space/:key',
    {
      exposeHeadRoute: false,
      config: { scope: 'cache:read', served: 'without-redis' },
      schema: {
        operationId: 'getCacheEntry',
        summary: 'Read the bytes of a value',
        description:
          'The bytes as they were stored, with their content type; a miss is 404. With `lease` the 404 says who should load the value, in the headers `Lockstep-Lease-*` and as `lease` in the body: a caller that was granted the lease loads the value and PUTs it with the same `Lockstep-Lease`. In a space with an origin the service loads what is missing, and waits for it.',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.ReadQuery,
        headers: schemas.GetHeaders,
        response: {
          200: {
            description: 'The bytes as stored.',
            headers: { ...schemas.VALUE_HEADERS, ...LEASE_HEADERS },
            content: schemas.RawBody.content,
          },
          ...schemas.WITHOUT_LOADED,
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, policyOf)
      const read = readerOf(key, request)
      const condition = toReadCondition(request.headers)
      const found = await find(key, request.headers['cache-control'], skipKnown(condition), read)
      const { entry, level, loaded, failure } = found
      if (failure) throw notLoaded(failure)
      const lease = toLease(found.lease)
      if (lease) setLeaseHeaders(reply, lease)
      if (!entry) throw miss(reply, 'miss', lease)
      if (entry.state === 'negative') throw miss(reply, 'negative', undefined, loaded)
      if (knowsBytes(reply, request.params.key, condition, entry, level, loaded)) {
        return reply.code(304).send(null)
      }
      return reply.send(entry.payload as never)
    },
  )

  app.get(
    '/:space/:key/meta',
    {
      exposeHeadRoute: false,
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheEntryMeta',
        summary: 'Show the metadata of a value',
        description:
          'What is known of a value of any kind, as JSON, without the value. It never takes a lease.',
        tags: ['cache'],
        params: EntryParams,
        headers: schemas.ReadHeaders,
        response: { 200: { ...schemas.EntryMeta, headers: ETAG }, ...schemas.WITHOUT_VALUE },
      },
    },
    async (request, reply) => {
      const condition = toReadCondition(request.headers)
      const { entry } = await findHeader(request, reply)
      reply.header('etag', toETag(entry.version))
      if (isNotModified(reply, request.params.key, condition, entry.version)) {
        return reply.code(304).send(null)
      }
      return toMeta(entry)
    },
  )
}

/**
 * Sets the headers of bytes that were found.
 * @returns whether the caller has this version already
 * @throws Problem kind-mismatch, precondition-failed
 */
function knowsBytes(
  reply: FastifyReply,
  key: string,
  condition: Condition,
  entry: Entry,
  level: LeveledReply['level'],
  loaded?: LoadNote,
): boolean {
  if (entry.kind !== 'bytes') throw kindMismatch(key, 'bytes', entry.kind)
  setValueHeaders(reply, entry, level, loaded)
  return isNotModified(reply, key, condition, entry.version)
}

/** Leaves bytes that the caller has in Redis. */
function skipKnown({ none }: Condition): Pick<ReadOptions, 'maxBytes' | 'have'> {
  if (none === undefined) return {}
  return none === 'any' ? { maxBytes: -1 } : { have: none }
}
