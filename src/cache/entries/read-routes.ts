import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { toETag } from '../../http/etag.js'
import type { Condition } from '../condition.js'
import type { AskOptions } from '../leases/leased-reads.js'
import { LEASE_HEADERS } from '../leases/schemas.js'
import {
  isNotModified,
  kindMismatch,
  miss,
  setLeaseHeaders,
  setValueHeaders,
  toMeta,
} from './answer.js'
import { toReadDirectives } from './cache-control.js'
import { keyOf, toAsk, toReadCondition } from './request.js'
import type { EntryRouteOptions } from './routes.js'
import * as schemas from './schemas.js'
import { type Entry, readResult } from './scripts.js'
import type { CacheKey, LeveledReply, ReadOptions } from './store.js'

export const readRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (
  app,
  { store, leases, policyOf, metrics },
) => {
  /** The entry that the caller accepts, if there is one. */
  async function find(
    key: CacheKey,
    cacheControl: string | undefined,
    { maxBytes, have }: Pick<ReadOptions, 'maxBytes' | 'have'>,
    asked?: AskOptions,
  ) {
    const { maxStaleMs, minFreshMs, skipL1 } = toReadDirectives(cacheControl)
    const options = { maxStaleMs, minFreshMs, skipL1, maxBytes, have }
    const found = await (asked ? leases.ask(key, options, asked) : store.read(key, options))
    metrics.read(key, readResult(found.entry), found.level)
    return found
  }

  app.route({
    method: 'HEAD',
    url: '/:space/:key',
    config: { scope: 'cache:read' },
    schema: {
      operationId: 'headCacheEntry',
      summary: 'The headers of a value; never takes a lease',
      tags: ['cache'],
      params: schemas.EntryParams,
      headers: schemas.ReadHeaders,
      response: {
        200: { description: 'There is a value.', headers: schemas.VALUE_HEADERS },
        ...schemas.WITHOUT_VALUE,
      },
    },
    handler: async (request, reply) => {
      const condition = toReadCondition(request.headers)
      const { entry, level } = await find(
        await keyOf(request, policyOf),
        request.headers['cache-control'],
        { maxBytes: -1 },
      )
      if (!entry || entry.state === 'negative') throw miss(reply, entry ? 'negative' : 'miss')
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
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheEntry',
        summary: 'The bytes of a value, or a 404 that says to load it',
        description:
          'With `lease` the 404 of a miss has the headers `Lockstep-Lease`, `Lockstep-Lease-Ms` and `Retry-After` as well: a lease asks the caller to load the value and to PUT it with the same `Lockstep-Lease`.',
        tags: ['cache'],
        params: schemas.EntryParams,
        querystring: schemas.ReadQuery,
        headers: schemas.GetHeaders,
        response: {
          200: {
            description: 'The bytes as stored; with `meta=true` JSON about them.',
            headers: { ...schemas.VALUE_HEADERS, ...LEASE_HEADERS },
            content: {
              ...schemas.RawBody.content,
              'application/json': { schema: schemas.MetaOrValue },
            },
          },
          ...schemas.WITHOUT_VALUE,
        },
      },
    },
    async (request, reply) => {
      const { meta = false } = request.query
      const asked = toAsk(request)
      const condition = toReadCondition(request.headers)
      const { entry, level, lease } = await find(
        await keyOf(request, policyOf),
        request.headers['cache-control'],
        meta ? { maxBytes: -1 } : skipKnown(condition),
        asked,
      )
      const retryAfterMs = asked && setLeaseHeaders(reply, lease)
      if (!entry) throw miss(reply, 'miss', retryAfterMs)
      if (entry.state === 'negative') throw miss(reply, 'negative')
      const { key } = request.params
      const knowsIt = meta
        ? knowsVersion(reply, key, condition, entry)
        : knowsBytes(reply, key, condition, entry, level)
      if (knowsIt) return reply.code(304).send(null)
      return reply.send((meta ? toMeta(entry) : entry.payload) as never)
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
): boolean {
  if (entry.kind !== 'bytes') throw kindMismatch(key, 'bytes', entry.kind)
  setValueHeaders(reply, entry, level)
  return isNotModified(reply, key, condition, entry.version)
}

/** The same for the metadata of a value of any kind. */
function knowsVersion(
  reply: FastifyReply,
  key: string,
  condition: Condition,
  { version }: Entry,
): boolean {
  reply.header('etag', toETag(version))
  return isNotModified(reply, key, condition, version)
}

/** Leaves bytes that the caller has in Redis. */
function skipKnown({ none }: Condition): Pick<ReadOptions, 'maxBytes' | 'have'> {
  if (none === undefined) return {}
  return none === 'any' ? { maxBytes: -1 } : { have: none }
}
