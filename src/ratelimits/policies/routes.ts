import { LIST_BODY_BYTES } from '../../http/body.js'
import {
  DocumentHeaders,
  PUT_PROBLEMS,
  REMOVE_PROBLEMS,
  recordRemoval,
  toPatch,
  toPut,
  withETag,
} from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { PageQuery, pageOf } from '../../http/pages.js'
import { COMMON_PROBLEMS } from '../../http/problem.js'
import { algorithmOf } from '../algorithms/algorithms.js'
import { chosenParts } from '../authz/template.js'
import { problemResponses, responses, unknownPolicy } from '../problems.js'
import type { RateLimitRoutes } from '../services.js'
import type { Policy } from './policy.js'
import { requireUsable } from './request.js'
import * as schemas from './schemas.js'
import type { PolicyDocument } from './store.js'

export const policyRoutes: RateLimitRoutes = async (app, { policies, exceptions }) => {
  app.put(
    '/:policy',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'putRateLimitPolicy',
        summary: 'Create a policy or replace all its settings',
        description:
          'Settings that are left out get their defaults. What was consumed stays consumed, unless the ' +
          'algorithm, the window, its alignment, the buckets or the group change. The change applies ' +
          'at once in this instance and within a second in the others. A policy of the configuration ' +
          'file cannot be changed (409).',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        headers: DocumentHeaders,
        body: schemas.PolicyRequest,
        response: {
          ...responses(schemas.PolicyResponse, ...PUT_PROBLEMS),
          201: schemas.PolicyResponse,
        },
      },
    },
    async (request, reply) => {
      const { policy } = request.params
      const value = requireUsable(request.body)
      const when = toPrecondition(request.headers)
      const outcome = await policies.put(request.namespace, policy, value, when)
      return toResponse(toPut(reply, outcome, 'policy', policy))
    },
  )

  app.patch(
    '/:policy',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'patchRateLimitPolicy',
        summary: 'Change some settings of a policy',
        description:
          'Settings that are left out keep their values; to remove one, replace the policy with PUT. ' +
          'The change is one atomic step, also when others change the policy at the same time. The ' +
          'changed policy as a whole must be valid, otherwise nothing changes (400).',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        headers: DocumentHeaders,
        body: schemas.PolicyPatch,
        response: responses(schemas.PolicyResponse, 'policy-not-found', ...REMOVE_PROBLEMS),
      },
    },
    async (request, reply) => {
      const { policy } = request.params
      const when = toPrecondition(request.headers)
      const change = (value: Policy) => requireUsable({ ...value, ...request.body })
      const outcome = await policies.patch(request.namespace, policy, change, when)
      const document = toPatch(reply, outcome, 'policy', policy)
      if (!document) throw unknownPolicy(policy)
      return toResponse(document)
    },
  )

  app.get(
    '/:policy',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitPolicy',
        summary: 'Read a policy',
        description:
          'Answers with all settings, the version and the bound that the policy guarantees. A policy ' +
          'of the configuration file is there in every namespace.',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        response: responses(schemas.PolicyResponse, 'policy-not-found'),
      },
    },
    async (request, reply) => {
      const document = await policies.get(request.namespace, request.params.policy)
      if (!document) throw unknownPolicy(request.params.policy)
      return toResponse(withETag(reply, document))
    },
  )

  app.get(
    '',
    {
      config: { scope: 'ratelimits:read', names: 'in-handler' },
      schema: {
        operationId: 'listRateLimitPolicies',
        summary: 'List the policies of the namespace',
        description:
          'Lists policies by name, those of the configuration file included. Send `nextCursor` as ' +
          '`cursor` to get the next page.',
        tags: ['ratelimits'],
        querystring: PageQuery,
        response: responses(schemas.PolicyList),
      },
    },
    async ({ namespace, query, names }) => {
      const { items, ...next } = pageOf(await policies.list(namespace), query, names)
      return { items: items.map(toResponse), ...next }
    },
  )

  app.delete(
    '/:policy',
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'deleteRateLimitPolicy',
        summary: 'Delete a policy with its overrides and blocks',
        description:
          'Succeeds also if there is no such policy. Checks of the policy are 404 `policy-not-found` ' +
          'from then on; what was consumed expires. A policy of the configuration file cannot be ' +
          'deleted (409).',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        headers: DocumentHeaders,
        response: {
          204: { description: 'There is no such policy now.', type: 'null' },
          ...problemResponses(...COMMON_PROBLEMS, ...REMOVE_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { policy } = request.params
      const when = toPrecondition(request.headers)
      const outcome = await policies.remove(request.namespace, policy, when)
      recordRemoval(request, outcome, 'policy', policy)
      await exceptions.clear(request.namespace, policy)
      return reply.code(204).send(null)
    },
  )
}

function toResponse({ name, version, value, inFile: isInFile }: PolicyDocument) {
  const findings = findingsOf(value)
  return {
    name,
    ...value,
    version,
    maxInAnyWindow: algorithmOf(value).maxInAnyWindow(value),
    source: isInFile ? ('file' as const) : ('api' as const),
    ...(findings.length > 0 && { findings }),
  }
}

/** Settings that are allowed but are likely to be mistakes. */
const findingsOf = ({ authz }: Policy): string[] =>
  (authz ? chosenParts(authz) : []).map(
    (part) =>
      `authz/key: a visitor that chooses ${part} has a separate count for each value. Unless the ` +
      'proxy sets it, also check a policy by address alone: authz?policies=.',
  )
