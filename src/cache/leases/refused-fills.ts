import type { FastifyError, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { ObjectName, ResourceName } from '../../http/names.js'
import { Problem } from '../../http/problem.js'
import { keyOf } from '../entries/request.js'
import type { PolicyOf } from '../spaces/store.js'
import { Lease } from './schemas.js'
import type { LeaseStore } from './store.js'

const Fill = Type.Object({ space: ResourceName, key: ObjectName, lease: Lease('') })

/** A fill whose names are such that there may be a lease; the rest of it may be anything. */
const fill = Compile(Fill)

/** What a caller may have got wrong with the value that it loaded: form, size, type, idempotency key. */
const REFUSALS: readonly (number | undefined)[] = [400, 413, 415, 422]

export interface RefusedFillOptions {
  readonly leases: Pick<LeaseStore, 'cancel'>
  readonly policyOf: PolicyOf
  /** What a request of the route would fill; nothing of it has been checked. */
  readonly fillsOf: (request: FastifyRequest) => readonly object[]
}

/**
 * Ends the leases of fills that are refused before Redis hears of them: their loader is done, and the
 * others would wait for nothing.
 */
export function endsLeasesOfRefusedFills({ leases, policyOf, fillsOf }: RefusedFillOptions) {
  return async (request: FastifyRequest, _reply: unknown, error: FastifyError): Promise<void> => {
    const status = error instanceof Problem ? error.spec.status : error.statusCode
    if (!REFUSALS.includes(status) || !mayFill(request)) return
    const named = fillsOf(request).filter((one): one is Static<typeof Fill> => fill.Check(one))
    await Promise.allSettled(
      named.map(async ({ lease, ...params }) =>
        leases.cancel(await keyOf({ namespace: request.namespace, params }, policyOf), lease, 0),
      ),
    )
  }
}

/** A request can be refused before it is known where it works, or that its token may not write. */
const mayFill = ({ namespace, scopes }: FastifyRequest): boolean =>
  namespace !== '' && (scopes?.has('cache:write') ?? true)

/** The items of a list in a body that may be anything, each with what it has in common with all. */
export function itemsOf(body: unknown, list: string, common: object = {}): object[] {
  const items = (body as Record<string, unknown> | null | undefined)?.[list]
  return Array.isArray(items) ? items.map((item) => ({ ...item, ...common })) : []
}
