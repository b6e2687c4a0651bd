import type { FastifyInstance, FastifyRequest } from 'fastify'
import { assertScope } from '../../http/auth.js'
import { toVersions } from '../../http/etag.js'
import { toFence } from '../../http/fence.js'
import type { KeyOf } from '../../http/granted-names.js'
import { invalid } from '../../http/problem.js'
import type { Condition } from '../condition.js'
import type { AskOptions } from '../leases/leased-reads.js'
import { tokenIn } from '../leases/schemas.js'
import type { PolicyOf } from '../spaces/store.js'
import type { CacheKey } from './store.js'

export interface Named {
  readonly namespace: string
  readonly params: { readonly space: string; readonly key: string }
}

/** The key that a request names, and how its space caches. */
export async function keyOf({ namespace, params }: Named, policyOf: PolicyOf): Promise<CacheKey> {
  const { space, key } = params
  return { namespace, space, key, policy: await policyOf(namespace, space) }
}

/** The keys of a request about one space, as a token must have them. */
export function keysBelow({ params }: FastifyRequest, keys: readonly string[]): KeyOf[] {
  const { space } = params as Pick<Named['params'], 'space'>
  return keys.map((key) => ({ name: space, key }))
}

interface Conditional {
  readonly 'if-match'?: string
  readonly 'if-none-match'?: string
}

interface Fenced {
  readonly 'if-fence'?: string
}

/** @throws Problem invalid-request for what is no list of entity tags. */
export const toReadCondition = (headers: Conditional): Condition => ({
  match: toVersions(headers['if-match'], 'header/if-match', 'strong'),
  none: toVersions(headers['if-none-match'], 'header/if-none-match', 'weak'),
})

/** @throws Problem invalid-request for both headers, and for what is no fence, as well. */
export function toCondition(headers: Conditional & Fenced): Condition {
  const condition = { ...toReadCondition(headers), fence: toFence(headers['if-fence']) }
  if (condition.match !== undefined && condition.none !== undefined) {
    throw invalid('header/if-none-match', 'contradicts If-Match: send one of the two')
  }
  return condition
}

/**
 * For routes that know no version: ignoring a condition would break a promise. The body is read first,
 * because it may name leases, which the refusal ends.
 */
export const refuseConditions = (app: FastifyInstance): void =>
  refuseHeaders(app, ['if-match', 'if-none-match', 'if-fence'])

export function refuseHeaders(app: FastifyInstance, names: readonly string[]): void {
  app.addHook('preValidation', (request, _reply, done) => {
    for (const name of names) {
      if (request.headers[name] !== undefined) {
        throw invalid(`header/${name}`, 'is not supported here: send no condition')
      }
    }
    done()
  })
}

export interface Asked extends Pick<Named, 'params'> {
  readonly query: { readonly lease?: boolean; readonly waitMs?: number }
  readonly headers: { readonly 'lockstep-lease'?: string }
}

/**
 * What a GET offers: undefined where it only reads.
 * @throws Problem invalid-request for fields of an offer without one; forbidden for a caller that may
 * not store what it loads.
 */
export function toAsk(request: FastifyRequest & Asked): AskOptions | undefined {
  const { lease = false, waitMs } = request.query
  const own = request.headers['lockstep-lease']
  if (!lease) {
    if (waitMs !== undefined) throw invalid('query/waitMs', 'belongs to lease=true')
    if (own !== undefined) throw invalid('header/lockstep-lease', 'belongs to lease=true')
    return undefined
  }
  assertScope(request, 'cache:write', keysBelow(request, [request.params.key]))
  return { token: own && tokenIn(own), waitMs, client: request.raw.socket }
}
