import { PageQuery } from '../../http/pages.js'
import { PolicyParams } from '../policies/schemas.js'
import { responses } from '../problems.js'
import { storedLimit } from '../request.js'
import type { RateLimitRoutes } from '../services.js'
import { toBlock, toList, toOverride } from './answer.js'
import { toRequestedPage } from './request.js'
import * as schemas from './schemas.js'

/** The subjects of a policy that have an exception. */
export const exceptionListRoutes: RateLimitRoutes = async (app, { exceptions, policies }) => {
  app.get(
    '/:policy/overrides',
    {
      config: { scope: 'ratelimits:read' },
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
    async ({ namespace, params: { policy: name }, query }) => {
      const { policy } = await storedLimit(policies, namespace, name, '')
      const page = await exceptions.list(
        namespace,
        'overrides',
        name,
        toRequestedPage(policy, query),
      )
      return toList(page, ({ subject, exception }) => toOverride({ ...subject, policy }, exception))
    },
  )

  app.get(
    '/:policy/blocks',
    {
      config: { scope: 'ratelimits:read' },
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
    async ({ namespace, params: { policy: name }, query }) => {
      const { policy } = await storedLimit(policies, namespace, name, '')
      const page = await exceptions.list(namespace, 'blocks', name, toRequestedPage(policy, query))
      return toList(page, ({ subject, exception }) => toBlock(subject, exception.blockedUs))
    },
  )
}
