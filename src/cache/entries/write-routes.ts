import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toETag, toMatch } from '../../http/etag.js'
import { COMMON_PROBLEMS, invalid, Problem, problemResponses } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { conflict } from '../answers.js'
import { MAX_VALUE_BYTES } from '../spaces/policy.js'
import { preconditionFailed } from './answers.js'
import { toWriteDirectives } from './cache-control.js'
import { isOnlyIfAbsent, toContentEncoding, toContentType } from './headers.js'
import { keyOf } from './key.js'
import type { EntryRouteOptions } from './routes.js'
import * as schemas from './schemas.js'
import { toTags } from './tags.js'

export const writeRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (
  app,
  { store, policyOf, metrics, idempotencyTtlMs },
) => {
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
      const key = await keyOf(request, policyOf)
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
      const key = await keyOf(request, policyOf)
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
