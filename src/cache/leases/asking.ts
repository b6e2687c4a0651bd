import type { FastifyRequest } from 'fastify'
import { assertScope } from '../../http/auth.js'
import { invalid } from '../../http/problem.js'
import type { AskOptions } from './store.js'

interface Asked {
  readonly query: { readonly meta?: boolean; readonly lease?: boolean; readonly waitMs?: number }
  readonly headers: { readonly 'lockstep-lease-token'?: string }
}

/**
 * What a GET offers: undefined where it only reads.
 * @throws Problem invalid-request for what belongs to an offer without one; forbidden for a caller
 * who could not store what it loads, and would only keep others from it.
 */
export function toAsk(request: FastifyRequest & Asked): AskOptions | undefined {
  const { lease = false, waitMs, meta = false } = request.query
  const token = request.headers['lockstep-lease-token']
  if (!lease) {
    if (waitMs !== undefined) throw invalid('querystring/waitMs', 'belongs to lease=true')
    if (token !== undefined) {
      throw invalid('headers/lockstep-lease-token', 'belongs to lease=true')
    }
    return undefined
  }
  if (meta) throw invalid('querystring/meta', 'contradicts lease: ask for one of the two')
  assertScope(request, 'cache:write')
  return { token, waitMs, client: request.raw.socket }
}
