import type { FastifyError, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { isGranted } from '../../http/granted-names.js'
import { ObjectName, ResourceName } from '../../http/names.js'
import { Problem } from '../../http/problem.js'
import { keyOf } from '../entries/request.js'
import type { PolicyOf } from '../spaces/store.js'
import { Lease } from './schemas.js'
import type { LeaseStore } from './store.js'

const Fill = Type.Object({ space: ResourceName, key: ObjectName, leaseToken: Lease('') })

/** A fill with valid names, so that there may be a lease; nothing else of it is checked. */
const fill = Compile(Fill)

/** A wrong form, size or type of the loaded value, or a wrong idempotency key. */
const REFUSALS: readonly (number | undefined)[] = [400, 413, 415, 422]

export interface RefusedFillOptions {
  readonly leases: Pick<LeaseStore, 'cancel'>
  readonly policyOf: PolicyOf
  /** The fills of a request of the route; nothing of them has been checked. */
  readonly fillsOf: (request: FastifyRequest) => readonly object[]
}

/**
 * Ends the leases of fills that are refused before they reach Redis: their loader is done, and other
 * readers need not wait for the leases to run out.
 */
export function endsLeasesOfRefusedFills({ leases, policyOf, fillsOf }: RefusedFillOptions) {
  return async (request: FastifyRequest, _reply: unknown, error: FastifyError): Promise<void> => {
    const status = error instanceof Problem ? error.spec.status : error.statusCode
    // A request can be refused before its namespace is known.
    if (!REFUSALS.includes(status) || request.namespace === '') return
    const named = fillsOf(request)
      .filter((one): one is Static<typeof Fill> => fill.Check(one))
      .filter((one) => mayFill(request, one))
    await Promise.allSettled(
      named.map(async ({ leaseToken, ...params }) =>
        leases.cancel(
          await keyOf({ namespace: request.namespace, params }, policyOf),
          leaseToken,
          0,
        ),
      ),
    )
  }
}

const mayFill = (
  { scopes }: FastifyRequest,
  { space, key }: Pick<Static<typeof Fill>, 'space' | 'key'>,
): boolean =>
  !scopes ||
  (scopes.has('cache:write') && isGranted(scopes.get('cache:write'), { name: space, key }))

/** The items of a list in an unchecked body, each with the fields that all have in common. */
export function itemsOf(body: unknown, list: string, common: object = {}): object[] {
  const items = (body as Record<string, unknown> | null | undefined)?.[list]
  return Array.isArray(items) ? items.map((item) => ({ ...item, ...common })) : []
}
