import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { toETag } from '../../http/etag.js'
import { COMMON_PROBLEMS, type Problem } from '../../http/problem.js'
import { IdempotencyHeaders, requestIdentity } from '../../http/request-fingerprint.js'
import { conflict, kindMismatch, missing } from '../answer.js'
import { EntryParams, LookHeaders } from '../entries/schemas.js'
import type { CacheMetrics } from '../metrics.js'
import {
  ConditionHeaders,
  isNotModified,
  preconditionFailed,
  toCondition,
  toReadCondition,
} from '../preconditions.js'
import { problem, problemResponses } from '../problems.js'
import { MAX_VALUE_BYTES } from '../spaces/policy.js'
import type { PolicyOf } from '../spaces/store.js'
import { varyByCaller } from '../vary.js'
import { toChanges, toNames } from './changes.js'
import * as schemas from './schemas.js'
import type { PatchReply } from './scripts.js'
import { MAX_FIELDS, type ObjectStore } from './store.js'

const ChangeHeaders = Type.Object({ ...IdempotencyHeaders.properties, ...ConditionHeaders })

export interface ObjectRouteOptions {
  readonly policyOf: PolicyOf
  readonly store: ObjectStore
  readonly metrics: CacheMetrics
  readonly idempotencyTtlMs: number
}

export const objectRoutes: FastifyPluginAsyncTypebox<ObjectRouteOptions> = async (
  app,
  { store, policyOf, metrics, idempotencyTtlMs },
) => {
  varyByCaller(app)

  app.get(
    '/:space/:key/fields',
    {
      exposeHeadRoute: false,
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheFields',
        summary: 'Fields of an object, all of one moment',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.FieldsQuery,
        headers: LookHeaders,
        response: {
          200: schemas.FieldsResponse,
          304: { description: 'The caller has this version.', type: 'null' },
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'cache-miss',
            'kind-mismatch',
            'precondition-failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const names = toNames(request.query.names)
      const condition = toReadCondition(request.headers)
      const found = await store.read(
        { namespace, ...params, policy: await policyOf(namespace, params.space) },
        names,
      )
      const { space } = params
      metrics.read({ namespace, space }, found.outcome === 'miss' ? 'miss' : 'hit')
      if (found.outcome === 'miss') throw missing(reply)
      if (found.outcome === 'kind-mismatch') {
        throw kindMismatch(params.key, 'an object', found.kind)
      }
      reply.header('etag', toETag(found.version))
      if (isNotModified(reply, params.key, condition, found.version))
        return reply.code(304).send(null)
      return { fields: Object.fromEntries(found.fields), ttlMs: found.ttlMs }
    },
  )

  app.patch(
    '/:space/:key/fields',
    {
      bodyLimit: MAX_VALUE_BYTES,
      config: { scope: 'cache:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'patchCacheFields',
        summary: 'Set, remove and increment fields in one step, or change nothing',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.PatchQuery,
        headers: ChangeHeaders,
        body: schemas.PatchRequest,
        response: {
          200: schemas.PatchResponse,
          ...problemResponses(
            ...COMMON_PROBLEMS,
            'cache-miss',
            'kind-mismatch',
            'counter-overflow',
            'not-an-integer',
            'idempotency-conflict',
            'precondition-failed',
          ),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params, body } = request
      const key = { namespace, ...params, policy: await policyOf(namespace, params.space) }
      const changes = toChanges(body)
      const patched = await store.patch(key, {
        changes,
        ttlMs: body.ttlMs,
        condition: toCondition(request.headers),
        idempotency: requestIdentity(request, idempotencyTtlMs),
      })
      if (patched.outcome === 'miss') throw missing(reply)
      if (patched.outcome === 'precondition-failed') {
        throw preconditionFailed(reply, params.key, patched.version)
      }
      if (patched.outcome !== 'patched') {
        throw refusal(params.key, patched, key.policy.maxValueBytes)
      }
      metrics.write(params.space, patched.created ? 'created' : 'replaced')
      if (patched.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', toETag(patched.version))
      const incremented = changes.filter(({ verb }) => verb === 'incr').map(({ field }) => field)
      return {
        created: patched.created,
        incremented: Object.fromEntries(
          incremented.map((field, i) => [field, patched.sums[i] as string]),
        ),
      }
    },
  )
}

type Refused = Exclude<PatchReply, { outcome: 'patched' | 'miss' | 'precondition-failed' }>

function refusal(key: string, refused: Refused, maxValueBytes: number): Problem {
  switch (refused.outcome) {
    case 'conflict':
      return conflict()
    case 'kind-mismatch':
      return kindMismatch(key, 'an object', refused.kind)
    case 'overflow':
    case 'not-an-integer': {
      const { field } = refused
      return refused.outcome === 'overflow'
        ? problem('counter-overflow', `${JSON.stringify(field)} would leave 64 bits.`, {
            extensions: { field },
          })
        : problem('not-an-integer', `${JSON.stringify(field)} is no integer of 64 bits.`, {
            extensions: { field },
          })
    }
    case 'too-large':
      return problem('too-large', `The object would have more than ${maxValueBytes} bytes.`, {
        extensions: { maxValueBytes },
      })
    case 'too-many-fields':
      return problem('too-large', `The object would have more than ${MAX_FIELDS} fields.`, {
        extensions: { maxFields: MAX_FIELDS },
      })
  }
}
