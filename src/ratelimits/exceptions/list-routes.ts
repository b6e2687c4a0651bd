import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { PageQuery } from '../../http/pages.js'
import { PolicyParams } from '../policies/schemas.js'
import { responses } from '../problems.js'
import { storedLimit } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toBlock, toList, toOverride } from './answer.js'
import { toRequestedPage } from './request.js'
import * as schemas from './schemas.js'

interface ListRequest {
  readonly namespace: string
  readonly params: { readonly policy: string }
  readonly query: Static<typeof PageQuery>
}

/** The subjects of a policy that have an exception. */
export const exceptionListRoutes: RateLimitRoutes = async (app, { exceptions, policies }) => {
  const list = async (kind: 'overrides' | 'blocks', { namespace, params, query }: ListRequest) => {
    const { policy } = await storedLimit(policies, namespace, params.policy, '')
    const asked = toRequestedPage(policy, query)
    return { policy, page: await exceptions.list(namespace, kind, params.policy, asked) }
  }

  app.get(
    '/:policy/overrides',
    {
      config: { scope: 'ratelimits:read', names: prefixIn },
      schema: {
        operationId: 'listRateLimitOverrides',
        summary: 'List the subjects of a policy that have an override',
        description:
          'Lists overrides by the bytes of their keys. A page may have fewer items than `limit`, because ' +
          'overrides end; only the last page has no `nextCursor`.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: PageQuery,
        response: responses(schemas.OverrideList, 'policy-not-found'),
      },
    },
    async (request) => {
      const { policy, page } = await list('overrides', request)
      return toList(page, ({ subject, exception }) => toOverride({ ...subject, policy }, exception))
    },
  )

  app.get(
    '/:policy/blocks',
    {
      config: { scope: 'ratelimits:read', names: prefixIn },
      schema: {
        operationId: 'listRateLimitBlocks',
        summary: 'List the subjects of a policy that are blocked',
        description:
          'Lists blocks by the bytes of their keys. A page may have fewer items than `limit`, because ' +
          'blocks end; only the last page has no `nextCursor`.',
        tags: ['ratelimits'],
        params: PolicyParams,
        querystring: PageQuery,
        response: responses(schemas.BlockList, 'policy-not-found'),
      },
    },
    async (request) => {
      const { page } = await list('blocks', request)
      return toList(page, ({ subject, exception }) => toBlock(subject, exception.blockedUs))
    },
  )
}

/** Lists have no other filter: a token must have every subject of the prefix. */
function prefixIn({ params, query }: FastifyRequest) {
  const { policy } = params as ListRequest['params']
  const { prefix } = query as ListRequest['query']
  return [{ name: policy, key: prefix, isPrefix: true }]
}
