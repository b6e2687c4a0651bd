import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { fenceOutdated } from '../../http/fence.js'
import type { Problem } from '../../http/problem.js'
import { requestIdentity } from '../../http/request-fingerprint.js'
import {
  conflict,
  kindMismatch,
  miss,
  preconditionFailed,
  varyByCaller,
} from '../entries/answer.js'
import { keyOf, toCondition, toReadCondition } from '../entries/request.js'
import {
  KeyedChangeHeaders,
  LookHeaders,
  MAX_VALUE_BYTES,
  missResponses,
  WITHOUT_VALUE,
} from '../entries/schemas.js'
import { EntryParams, ETAG, REPLAYED } from '../fields.js'
import { refuseOwned } from '../origins/request.js'
import { outboxPending } from '../origins/writing/answer.js'
import { problem } from '../problems.js'
import type { RouteOptions } from '../route-options.js'
import { recordChange, takeFound } from './answer.js'
import { toChanges, toNames } from './changes.js'
import * as schemas from './schemas.js'
import type { PatchReply } from './scripts.js'
import { MAX_FIELDS, type ObjectStore } from './store.js'

export const objectRoutes: FastifyPluginAsyncTypebox<
  RouteOptions & { store: ObjectStore }
> = async (app, { store, policyOf, metrics, idempotencyTtlMs }) => {
  varyByCaller(app)

  app.get(
    '/:space/:key/fields',
    {
      exposeHeadRoute: false,
      config: { scope: 'cache:read' },
      schema: {
        operationId: 'getCacheFields',
        summary: 'Read fields of an object',
        description:
          'The fields that are asked for, or all, as they were at one moment. A field that is not there is left out. No object is 404, a key of another kind 409.',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.FieldsQuery,
        headers: LookHeaders,
        response: {
          200: { ...schemas.FieldsResponse, headers: ETAG },
          ...WITHOUT_VALUE,
        },
      },
    },
    async (request, reply) => {
      const names = toNames(request.query.names)
      const condition = toReadCondition(request.headers)
      const key = await keyOf(request, policyOf)
      const read = await store.read(key, names)
      const found = takeFound(reply, metrics, key, 'an object', condition, read)
      if (!found) return reply.code(304).send(null)
      return { fields: Object.fromEntries(found.fields), expiresInMs: found.ttlMs }
    },
  )

  app.patch(
    '/:space/:key/fields',
    {
      bodyLimit: MAX_VALUE_BYTES,
      config: { scope: 'cache:write', queryFields: ['ttlMs'] },
      schema: {
        operationId: 'patchCacheFields',
        summary: 'Change fields of an object',
        description:
          'Sets, removes and increments fields in one step, or changes nothing. An object begins with its first field and ends with its last. Under an Idempotency-Key a repeat changes nothing and gets the same answer.',
        tags: ['cache'],
        params: EntryParams,
        querystring: schemas.PatchQuery,
        headers: KeyedChangeHeaders,
        body: schemas.PatchRequest,
        response: {
          200: { ...schemas.PatchResponse, headers: { ...ETAG, ...REPLAYED } },
          ...missResponses(
            'kind-mismatch',
            'counter-overflow',
            'not-an-integer',
            'idempotency-conflict',
            'precondition-failed',
            'fence-outdated',
            'origin-owned',
            'outbox-pending',
          ),
        },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const changes = toChanges(body)
      const key = await keyOf(request, policyOf)
      refuseOwned(key)
      const condition = toCondition(request.headers)
      const patched = await store.patch(key, {
        changes,
        ttlMs: body.ttlMs,
        condition,
        idempotency: requestIdentity(request, idempotencyTtlMs),
      })
      if (patched.kind === 'miss') throw miss(reply, 'miss')
      if (patched.kind === 'precondition-failed') {
        throw preconditionFailed(reply, params.key, patched.version)
      }
      if (patched.kind === 'fence-outdated') throw fenceOutdated(condition.fence, patched.highest)
      if (patched.kind !== 'patched') {
        throw refusal(params.key, patched, key.policy.maxValueBytes)
      }
      recordChange(reply, metrics, params.space, patched)
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

type Refused = Exclude<
  PatchReply,
  { kind: 'patched' | 'miss' | 'precondition-failed' | 'fence-outdated' }
>

function refusal(key: string, refused: Refused, maxValueBytes: number): Problem {
  switch (refused.kind) {
    case 'conflict':
      return conflict()
    case 'outbox-pending':
      return outboxPending()
    case 'kind-mismatch':
      return kindMismatch(key, 'an object', refused.found)
    case 'overflow':
      return problem('counter-overflow', `${JSON.stringify(refused.field)} would leave 64 bits.`, {
        extensions: { field: refused.field },
      })
    case 'not-an-integer':
      return problem('not-an-integer', `${JSON.stringify(refused.field)} is no 64-bit integer.`, {
        extensions: { field: refused.field },
      })
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
