import { logChange } from '../../http/change-log.js'
import { DocumentHeaders, withETag } from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { COMMON_PROBLEMS, type Problem } from '../../http/problem.js'
import type { Limit } from '../limit.js'
import { problem, problemResponses, responses } from '../problems.js'
import { storedLimit } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toOverride } from './answer.js'
import { toChangedOverride, toNewOverride } from './request.js'
import * as schemas from './schemas.js'
import type { Exception } from './scripts.js'

interface OverrideRequest {
  readonly namespace: string
  readonly params: { readonly policy: string; readonly key: string }
  readonly headers: Parameters<typeof toPrecondition>[0]
}

/** Overrides: another limit for one subject of a policy. What was consumed stays consumed. */
export const overrideRoutes: RateLimitRoutes = async (app, { exceptions, policies }) => {
  const path = '/:policy/overrides/:key'
  const target = async ({ namespace, params, headers }: OverrideRequest) => ({
    when: toPrecondition(headers),
    limit: await storedLimit(policies, namespace, params.policy, params.key),
  })

  app.put(
    path,
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'putRateLimitOverride',
        summary: 'Give one subject another limit, or replace it',
        description:
          'The subject has this limit instead of that of the policy, for `ttlMs` or until it is deleted. ' +
          'It applies at once in every instance. What was consumed stays consumed.',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        headers: DocumentHeaders,
        body: schemas.OverrideRequest,
        response: {
          ...responses(schemas.OverrideResponse, 'policy-not-found', 'precondition-failed'),
          201: schemas.OverrideResponse,
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const { when, limit } = await target(request)
      const asked = toNewOverride(limit, request.body)
      const outcome = await exceptions.override(namespace, limit, asked, when)
      if (!outcome.isHeld) throw otherVersion(limit)
      const { before, version } = outcome
      logChange(request, 'override.put', { ...params, ...asked, before, version })
      reply.code(before === 0 ? 201 : 200)
      return withETag(reply, toOverride(limit, outcome))
    },
  )

  app.patch(
    path,
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'patchRateLimitOverride',
        summary: 'Change some settings of an override',
        description:
          'Settings that are left out keep their values: without `ttlMs` the override ends when it ' +
          'would have ended. The change is one atomic step, also when others change the override at ' +
          'the same time.',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        headers: DocumentHeaders,
        body: schemas.OverridePatch,
        response: responses(
          schemas.OverrideResponse,
          'policy-not-found',
          'override-not-found',
          'precondition-failed',
        ),
      },
    },
    async (request, reply) => {
      const { namespace, params, body } = request
      const { when, limit } = await target(request)
      const change = (present: Exception) => toChangedOverride(limit, present, body)
      const outcome = await exceptions.patchOverride(namespace, limit, change, when)
      if (outcome.kind !== 'changed') {
        throw outcome.kind === 'missing' ? noOverride(limit) : otherVersion(limit)
      }
      const { before, version } = outcome.exception
      logChange(request, 'override.patch', { ...params, ...body, before, version })
      return withETag(reply, toOverride(limit, outcome.exception))
    },
  )

  app.get(
    path,
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitOverride',
        summary: 'Read the override of a subject',
        description:
          'Answers with the limit of the subject and when it ends. A subject without an override is ' +
          '404 `override-not-found`: the limit of the policy holds for it.',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        response: responses(schemas.OverrideResponse, 'policy-not-found', 'override-not-found'),
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const limit = await storedLimit(policies, namespace, params.policy, params.key)
      const exception = await exceptions.read(namespace, limit)
      if (exception.limit === 0) throw noOverride(limit)
      return withETag(reply, toOverride(limit, exception))
    },
  )

  app.delete(
    path,
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'deleteRateLimitOverride',
        summary: 'End the override of a subject',
        description:
          'The limit of the policy holds for the subject again, at once in every instance. Succeeds ' +
          'also if the subject has no override; a missing policy is 404. What was consumed stays consumed.',
        tags: ['ratelimits'],
        params: schemas.OverrideParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'The subject has no override now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, 'policy-not-found', 'precondition-failed'),
        },
      },
    },
    async (request, reply) => {
      const { namespace, params } = request
      const { when, limit } = await target(request)
      const { isHeld, before } = await exceptions.endOverride(namespace, limit, when)
      if (!isHeld) throw otherVersion(limit)
      if (before > 0) logChange(request, 'override.delete', { ...params, before })
      return reply.code(204).send(null)
    },
  )
}

const otherVersion = ({ name, key }: Limit): Problem =>
  problem('precondition-failed', `The override of ${name} for ${key} has another version.`)

const noOverride = ({ name, key }: Limit): Problem =>
  problem('override-not-found', `${key} has no override of ${name}.`)
