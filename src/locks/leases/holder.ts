import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Leased, type LockRouteOptions, lost, namesOf, takeGranted } from './answer.js'
import type { Granted, RenewOutcome } from './outcomes.js'
import { checkTerms, type TermsOf, toOptions } from './request.js'

/** What a caller does with a lease of its own; throws what is not done. */
export async function acquire<T>(
  { store, metrics, idempotencyTtlMs }: LockRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  leased: Leased,
  terms: TermsOf<T>,
): Promise<Granted> {
  checkTerms(terms)
  const options = toOptions(request, terms, idempotencyTtlMs)
  const outcome = await store.acquire(request.namespace, namesOf(leased), options)
  return takeGranted(leased, outcome, metrics, reply)
}

type Context = Pick<LockRouteOptions, 'store' | 'metrics'>
type Renewed = Extract<RenewOutcome, { kind: 'renewed' }>

export async function renew(
  { store, metrics }: Context,
  namespace: string,
  leased: Leased,
  { token, ttlMs = 0 }: { readonly token: string; readonly ttlMs?: number },
): Promise<Renewed> {
  const outcome = await store.renew(namespace, namesOf(leased), token, ttlMs)
  if (outcome.kind !== 'renewed') throw lost(leased, outcome, metrics)
  return outcome
}

type Released =
  | { readonly released: true; readonly fences: readonly number[]; readonly heldMs: number }
  | { readonly released: false; readonly fence: number }

export async function release(
  { store, metrics }: Context,
  namespace: string,
  leased: Leased,
  token: string,
): Promise<Released> {
  const names = namesOf(leased)
  const outcome = await store.release(namespace, names, token)
  if (outcome.kind === 'released') {
    metrics.ended('released', names.length)
    metrics.held(outcome.heldMs / 1_000)
    return { released: true, fences: outcome.fences, heldMs: outcome.heldMs }
  }
  if (outcome.kind === 'ended' && outcome.how === 'released') {
    metrics.replayed()
    return { released: false, fence: outcome.fence }
  }
  throw lost(leased, outcome, metrics)
}
