import { LIST_BODY_BYTES } from '../../http/body.js'
import {
  DocumentHeaders,
  PUT_PROBLEMS,
  REMOVE_PROBLEMS,
  recordRemoval,
  toPut,
  withETag,
} from '../../http/documents.js'
import { toPrecondition } from '../../http/etag.js'
import { COMMON_PROBLEMS, invalid } from '../../http/problem.js'
import { algorithmOf, policyFault } from '../algorithms/algorithms.js'
import { chosenParts } from '../authz/template.js'
import { problemResponses, responses, unknownPolicy } from '../problems.js'
import type { RateLimitRoutes } from '../services.js'
import type { Policy } from './policy.js'
import * as schemas from './schemas.js'
import type { PolicyDocument } from './store.js'

export const policyRoutes: RateLimitRoutes = async (app, { policies, exceptions }) => {
  app.put(
    '/policies/:policy',
    {
      bodyLimit: LIST_BODY_BYTES,
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'putRateLimitPolicy',
        summary: 'Create or change a policy; what was consumed stays consumed',
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
      const fault = policyFault(request.body)
      if (fault) throw invalid(`body/${fault.field}`, fault.message)
      const when = toPrecondition(request.headers)
      const outcome = await policies.put(request.namespace, policy, request.body, when)
      return toResponse(toPut(reply, outcome, 'policy', policy))
    },
  )

  app.get(
    '/policies/:policy',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'getRateLimitPolicy',
        summary: 'A policy, its version and the bound it guarantees',
        tags: ['ratelimits'],
        params: schemas.PolicyParams,
        response: responses(schemas.PolicyResponse, 'not-found'),
      },
    },
    async (request, reply) => {
      const document = await policies.get(request.namespace, request.params.policy)
      if (!document) throw unknownPolicy(request.params.policy)
      return toResponse(withETag(reply, document))
    },
  )

  app.get(
    '/policies',
    {
      config: { scope: 'ratelimits:read' },
      schema: {
        operationId: 'listRateLimitPolicies',
        summary: 'Every policy of the namespace',
        tags: ['ratelimits'],
        response: responses(schemas.PolicyList),
      },
    },
    async (request) => ({ policies: (await policies.list(request.namespace)).map(toResponse) }),
  )

  app.delete(
    '/policies/:policy',
    {
      config: { scope: 'ratelimits:write' },
      schema: {
        operationId: 'deleteRateLimitPolicy',
        summary: 'Remove a policy with its overrides and blocks; usage expires',
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
