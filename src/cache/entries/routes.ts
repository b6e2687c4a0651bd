import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { toETag, toMatch } from '../../http/etag.js'
import { COMMON_PROBLEMS, invalid, Problem, problemResponses } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { compileValidator } from '../../http/validation.js'
import { conflict, kindMismatch } from '../answers.js'
import type { CacheMetrics } from '../metrics.js'
import { MAX_VALUE_BYTES } from '../spaces/policy.js'
import type { PolicyOf } from '../spaces/store.js'
import { varyByCaller } from '../vary.js'
import { toReadDirectives, toWriteDirectives } from './cache-control.js'
import { hasVersion, isOnlyIfAbsent, toContentEncoding, toContentType } from './headers.js'
import * as schemas from './schemas.js'
import type { Entry } from './scripts.js'
import { type CacheKey, type EntryStore, type LeveledReply, readResult } from './store.js'
import { toTags } from './tags.js'

export interface EntryRouteOptions {
  readonly policyOf: PolicyOf
  readonly store: EntryStore
  readonly metrics: CacheMetrics
  readonly idempotencyTtlMs: number
}

/** Values are raw bytes of any type, so this plugin has no parser but one that keeps them. */
export const entryRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (
  app,
  { store, policyOf, metrics, idempotencyTtlMs },
) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setValidatorCompiler((route) =>
    route.httpPart === 'body' ? () => true : compileValidator(route),
  )
  varyByCaller(app)

  const keyOf = async (request: {
    namespace: string
    params: { space: string; key: string }
  }): Promise<CacheKey> => {
    const { namespace, params } = request
    const { space, key } = params
    return { namespace, space, key, policy: await policyOf(namespace, space) }
  }

  /** The entry as the caller accepts it; a miss is a problem, so that generic clients behave. */
  async function find(key: CacheKey, cacheControl: string | undefined, maxBytes?: number) {
    const { maxStaleMs, minFreshMs, noCache } = toReadDirectives(cacheControl)
    const options = { maxStaleMs, minFreshMs, maxBytes, skipL1: noCache }
    const { entry, level } = await store.read(key, options)
    metrics.read(readResult(entry))
    return { entry, level }
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
      response: { 200: { description: 'There is a value.' } },
    },
    handler: async (request, reply) => {
      const { entry, level } = await find(
        await keyOf(request),
        request.headers['cache-control'],
        -1,
      )
      if (!entry || entry.state === 'negative') throw miss(reply, entry)
      describe(reply, entry, level).header('content-length', entry.size)
      return reply.send()
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
        tags: ['cache'],
        params: schemas.EntryParams,
        querystring: schemas.ReadQuery,
        headers: schemas.ReadHeaders,
        response: {
          200: {
            description: 'The bytes as stored; with `meta=true` JSON about them.',
            headers: schemas.VALUE_HEADERS,
            content: {
              ...schemas.RawBody.content,
              'application/json': { schema: schemas.EntryMeta },
            },
          },
          304: { description: 'The caller has this version.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'cache-miss', 'kind-mismatch'),
        },
      },
    },
    async (request, reply) => {
      const { meta = false } = request.query
      const { entry, level } = await find(
        await keyOf(request),
        request.headers['cache-control'],
        meta ? -1 : undefined,
      )
      if (!entry || entry.state === 'negative') throw miss(reply, entry)
      if (meta) return reply.send(toMeta(entry))
      if (entry.kind !== 'bytes') {
        throw kindMismatch(request.params.key, 'bytes', entry.kind)
      }
      describe(reply, entry, level)
      if (hasVersion(request.headers['if-none-match'], entry.version))
        return reply.code(304).send(null)
      return reply.send(entry.payload as never)
    },
  )

  app.put(
    '/:space/:key',
    {
      bodyLimit: MAX_VALUE_BYTES,
      config: { scope: 'cache:write', rawBody: true },
      schema: {
        operationId: 'putCacheEntry',
        summary: 'Store bytes of any type, under conditions if asked',
        tags: ['cache'],
        params: schemas.EntryParams,
        querystring: schemas.WriteQuery,
        headers: schemas.WriteHeaders,
        body: schemas.RawBody,
        response: {
          201: { description: 'Stored where there was no value.' },
          204: { description: 'Stored in place of a value.', type: 'null' },
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'precondition-failed',
            'precondition-required',
            'idempotency-conflict',
          ),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request)
      const { headers, query } = request
      const payload = toPayload(request.body, key.policy.maxValueBytes)
      const directives = toWriteDirectives(headers['cache-control'])
      const match = toMatch(headers['if-match'])
      const onlyIfAbsent = isOnlyIfAbsent(headers['if-none-match'])
      if (key.policy.requirePrecondition && match === undefined && !onlyIfAbsent) {
        throw new Problem('precondition-required', `${key.space} takes no PUT without a condition.`)
      }
      if (match !== undefined && onlyIfAbsent) {
        throw invalid('headers/if-none-match', 'contradicts If-Match: send one of the two')
      }
      const outcome = await store.write(key, {
        payload,
        contentType: toContentType(headers['content-type']),
        contentEncoding: toContentEncoding(headers['content-encoding']),
        tags: toTags(headers['cache-groups'], headers['surrogate-key']),
        ttlMs: query.ttlMs ?? directives.ttlMs,
        staleMs: query.staleMs ?? directives.staleMs,
        errorMs: directives.errorMs,
        match,
        onlyIfAbsent,
        idempotency: requestIdentity(request, idempotencyTtlMs),
      })
      if (outcome.outcome === 'conflict') throw conflict()
      if (outcome.outcome === 'precondition-failed') {
        metrics.write('refused')
        throw preconditionFailed(reply, key.key, outcome.version)
      }
      if (outcome.outcome === 'lease-lost') {
        throw new Problem('lease-lost', 'The key was written or invalidated since the lease.')
      }
      metrics.write(outcome.outcome)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', toETag(outcome.version))
      return reply.code(outcome.outcome === 'created' ? 201 : 204).send()
    },
  )

  app.delete(
    '/:space/:key',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'deleteCacheEntry',
        summary: 'Drop a key for good; a load that began before cannot fill it any more',
        tags: ['cache'],
        params: schemas.EntryParams,
        headers: schemas.RemoveHeaders,
        response: {
          204: { description: 'Nothing is there now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request)
      const outcome = await store.remove(key, toMatch(request.headers['if-match']))
      if (outcome.outcome === 'precondition-failed') {
        throw preconditionFailed(reply, key.key, outcome.version)
      }
      metrics.invalidated('keys', 'hard', 1)
      return reply.code(204).send(null)
    },
  )
}

/** No body at all is a value of no bytes. */
function toPayload(body: unknown, maxBytes: number): Buffer {
  const payload = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  if (payload.length > maxBytes) {
    throw new Problem('too-large', `The value has ${payload.length} bytes.`, {
      extensions: { maxValueBytes: maxBytes },
    })
  }
  return payload
}

const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** The headers of a value; a browser must never run what a caller stored. */
function describe(reply: FastifyReply, entry: Entry, level: LeveledReply['level']): FastifyReply {
  const how = level ?? (entry.state === 'stale' ? 'stale' : undefined)
  const detail = how === undefined ? '' : `; detail=${how}`
  if (entry.contentEncoding !== '') reply.header('content-encoding', entry.contentEncoding)
  return reply.headers({
    'content-type': entry.contentType,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    etag: toETag(entry.version),
    age: seconds(entry.ageMs),
    'cache-status': `lockstep; hit; ttl=${seconds(entry.ttlMs)}${detail}`,
    'lockstep-state': entry.state,
  })
}

function miss(reply: FastifyReply, entry: Entry | undefined): Problem {
  reply.header('cache-status', entry ? 'lockstep; hit; detail=negative' : 'lockstep; fwd=uri-miss')
  if (entry) reply.header('lockstep-state', 'negative')
  return new Problem(
    'cache-miss',
    entry ? 'The key is known to have no value.' : 'No value to serve.',
  )
}

function preconditionFailed(reply: FastifyReply, key: string, version: number): Problem {
  if (version === 0) return new Problem('precondition-failed', `"${key}" has no value.`)
  reply.header('etag', toETag(version))
  return new Problem('precondition-failed', `"${key}" has another version.`, {
    extensions: { etag: toETag(version) },
  })
}

function toMeta(entry: Entry) {
  return {
    kind: entry.kind,
    state: entry.state === 'stale' ? ('stale' as const) : ('fresh' as const),
    etag: toETag(entry.version),
    ageMs: entry.ageMs,
    ttlMs: entry.ttlMs,
    staleMs: entry.servedMs,
    loadMs: entry.loadMs,
    size: entry.size,
    contentType: entry.contentType,
    ...(entry.contentEncoding !== '' && { contentEncoding: entry.contentEncoding }),
    tags: [...entry.tags],
  }
}
