import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { toETag } from '../../http/etag.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { EntryParams, ETAG, header, REPLAYED } from '../fields.js'
import { endsLeasesOfRefusedFills } from '../leases/refused-fills.js'
import { problemResponses } from '../problems.js'
import { conflict, kindMismatch, leaseLost, preconditionFailed, setValueHeaders } from './answer.js'
import { keyOf, toCondition } from './request.js'
import type { EntryRouteOptions } from './routes.js'
import * as schemas from './schemas.js'
import { type Entry, readResult } from './scripts.js'
import type { CacheKey } from './store.js'
import { toWrite } from './write-request.js'

const APPLIED = { 'Preference-Applied': header('`return=representation`.') }
const STORED = { type: 'null', headers: { ...ETAG, ...REPLAYED } } as const

export const writeRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (
  app,
  { store, leases, policyOf, metrics, idempotencyTtlMs },
) => {
  app.put(
    '/:space/:key',
    {
      bodyLimit: schemas.MAX_VALUE_BYTES,
      onError: endsLeasesOfRefusedFills({
        leases,
        policyOf,
        fillsOf: ({ params, headers }) => [
          { ...(params as object), leaseToken: headers['lockstep-lease'] },
        ],
      }),
      config: { scope: 'cache:write', rawBody: true },
      schema: {
        operationId: 'putCacheEntry',
        summary: 'Store a value',
        description:
          'Stores bytes of any content type, in place of what the key held. It can be conditional: on a version, on there being no value, or on a lease that still holds (412 where it does not). With `Prefer: return=representation` and `If-None-Match: *` the answer is the value that is there.',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.WriteQuery,
        headers: schemas.WriteHeaders,
        body: schemas.RawBody,
        response: {
          200: {
            description: 'There was a value, and this is it: get or set, as `Prefer` asked.',
            headers: { ...schemas.VALUE_HEADERS, ...APPLIED },
            content: schemas.RawBody.content,
          },
          201: { description: 'Stored where there was no value.', ...STORED },
          204: { description: 'Stored in place of a value.', ...STORED },
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'precondition-failed',
            'precondition-required',
            'lease-lost',
            'idempotency-conflict',
            'kind-mismatch',
          ),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, policyOf)
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const outcome = await store.write(key, toWrite(request, key.policy, idempotency))
      switch (outcome.kind) {
        case 'conflict':
          throw conflict()
        case 'lease-lost':
          throw leaseLost()
        case 'precondition-failed':
          if (outcome.entry) return present(reply, key, outcome.entry)
          metrics.write(key.space, 'refused')
          throw preconditionFailed(reply, key.key, outcome.version)
        default:
          metrics.write(key.space, outcome.kind)
          if (outcome.replayed) reply.header('idempotent-replayed', 'true')
          reply.header('etag', toETag(outcome.version))
          return reply.code(outcome.kind === 'created' ? 201 : 204).send(undefined as never)
      }
    },
  )

  /** The answer of a get-or-set that found a value. */
  function present(reply: FastifyReply, key: CacheKey, entry: Entry): FastifyReply {
    if (entry.kind !== 'bytes') throw kindMismatch(key.key, 'bytes', entry.kind)
    metrics.read(key, readResult(entry))
    setValueHeaders(reply, entry, undefined).header('preference-applied', 'return=representation')
    return reply.code(200).send(entry.payload)
  }

  app.delete(
    '/:space/:key',
    {
      config: { scope: 'cache:write' },
      schema: {
        operationId: 'deleteCacheEntry',
        summary: 'Delete a value',
        description:
          'Drops a value of any kind; a load that began before cannot fill the key any more. It succeeds as well where there is nothing.',
        tags: ['cache'],
        params: EntryParams,
        headers: schemas.ChangeHeaders,
        response: {
          204: { description: 'Nothing is there now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, policyOf)
      const outcome = await store.remove(key, toCondition(request.headers))
      if (outcome.kind === 'precondition-failed') {
        throw preconditionFailed(reply, key.key, outcome.version)
      }
      metrics.invalidated(key.space, 'keys', 'hard', 1)
      return reply.code(204).send(null)
    },
  )
}
