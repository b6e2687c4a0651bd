import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { toETag } from '../../http/etag.js'
import { fenceOutdated } from '../../http/fence.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import { EntryParams, ETAG, header, PENDING, REPLAYED } from '../fields.js'
import { endsLeasesOfRefusedFills } from '../leases/refused-fills.js'
import { ownsWrites } from '../origins/policy.js'
import { assertOfOrigin, refuseFence, refuseOwned, toWanting } from '../origins/request.js'
import {
  isUntaken,
  notTaken,
  outboxPending,
  type Untaken,
  writeStatus,
} from '../origins/writing/answer.js'
import { isOwned, toChange } from '../origins/writing/request.js'
import type { Change, WriteEnd } from '../origins/writing/writer.js'
import { problemResponses } from '../problems.js'
import { conflict, kindMismatch, leaseLost, preconditionFailed, setValueHeaders } from './answer.js'
import { keyOf, toCondition } from './request.js'
import type { EntryRouteOptions } from './routes.js'
import * as schemas from './schemas.js'
import { type Entry, readResult } from './scripts.js'
import type { CacheKey, WriteOptions } from './store.js'
import { toWrite } from './write-request.js'
import type { WriteReply } from './write-scripts.js'

const APPLIED = { 'Preference-Applied': header('`return=representation`.') }
/** Where writes go to an origin. */
const THROUGH = [
  'origin-namespace',
  'origin-owned',
  'write-refused',
  'origin-failed',
  'origin-unavailable',
  'outbox-pending',
  'outbox-full',
] as const
const STORED = { type: 'null', headers: { ...ETAG, ...REPLAYED, ...PENDING } } as const

export const writeRoutes: FastifyPluginAsyncTypebox<EntryRouteOptions> = async (
  app,
  { store, leases, origins, policyOf, metrics, idempotencyTtlMs },
) => {
  /** @throws Problem for a change that the origin did not take, or not for sure */
  async function change(
    request: FastifyRequest,
    reply: FastifyReply,
    key: CacheKey,
    asked: Change,
  ): Promise<Exclude<WriteEnd, Untaken>> {
    assertOfOrigin(key, 'path/key')
    refuseFence(asked.condition, 'header/if-fence')
    const end = await origins.write(key, asked, toWanting(request))
    const isMatch = asked.condition?.match !== undefined
    if (isUntaken(end)) throw notTaken(end, `header/if-${isMatch ? '' : 'none-'}match`)
    if ('originStatus' in end) reply.header('cache-status', writeStatus(end))
    if ('isPending' in end) reply.header('lockstep-pending', end.version)
    return end
  }

  /** A PUT that the origin takes before or after the cache. */
  async function writeToOrigin(
    request: FastifyRequest,
    reply: FastifyReply,
    key: CacheKey,
    options: WriteOptions,
  ): Promise<WriteReply> {
    if (isOwned(options)) refuseOwned(key)
    const end = await change(request, reply, key, toChange(options))
    if (end.kind !== 'precondition-failed') return end
    const { entry } = options.showsPresent ? await store.read(key, { skipL1: true }) : {}
    return { ...end, entry: entry?.state === 'negative' ? undefined : entry }
  }

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
          'Stores bytes of any content type, in place of what the key held. It can be conditional: on a version, on there being no value, or on a lease that still holds (412 where it does not). With `Prefer: return=representation` and `If-None-Match: *` the answer is the value that is there. In a space that writes through, the origin takes it first; in one that writes behind, later.',
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
            'fence-outdated',
            'precondition-required',
            'lease-lost',
            'idempotency-conflict',
            'kind-mismatch',
            ...THROUGH,
          ),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, policyOf)
      const idempotency = requestIdentity(request, idempotencyTtlMs)
      const write = toWrite(request, key.policy, idempotency)
      const outcome = ownsWrites(key.policy)
        ? await writeToOrigin(request, reply, key, write)
        : await store.write(key, write)
      switch (outcome.kind) {
        case 'conflict':
          throw conflict()
        case 'lease-lost':
          throw leaseLost()
        case 'fence-outdated':
          metrics.write(key.space, 'refused')
          throw fenceOutdated(write.condition?.fence, outcome.highest)
        case 'outbox-pending':
          throw outboxPending()
        case 'precondition-failed':
          if (outcome.entry) return present(reply, key, outcome.entry)
          metrics.write(key.space, 'refused')
          throw preconditionFailed(reply, key.key, outcome.version)
        default:
          metrics.write(key.space, outcome.kind)
          if (outcome.replayed) reply.header('idempotent-replayed', 'true')
          if (outcome.version > 0) reply.header('etag', toETag(outcome.version))
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
          'Drops a value of any kind; a load that began before cannot fill the key any more. It succeeds as well where there is nothing. In a space that writes through, the origin deletes first; in one that writes behind, later.',
        tags: ['cache'],
        params: EntryParams,
        headers: schemas.ChangeHeaders,
        response: {
          204: { description: 'Nothing is there now.', type: 'null', headers: PENDING },
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'precondition-failed',
            'fence-outdated',
            ...THROUGH,
          ),
        },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, policyOf)
      const condition = toCondition(request.headers)
      const outcome = ownsWrites(key.policy)
        ? await change(request, reply, key, { value: undefined, condition })
        : await store.remove(key, condition)
      if (outcome.kind === 'precondition-failed') {
        throw preconditionFailed(reply, key.key, outcome.version)
      }
      if (outcome.kind === 'fence-outdated') throw fenceOutdated(condition.fence, outcome.highest)
      if (outcome.kind === 'outbox-pending') throw outboxPending()
      metrics.invalidated(key.space, 'keys', 'hard', 1)
      return reply.code(204).send(null)
    },
  )
}
