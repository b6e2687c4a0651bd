import type { FastifyReply } from 'fastify'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import type { RateLimitMetrics } from '../metrics.js'
import type { PolicyStore } from '../policies/store.js'
import { problem } from '../problems.js'
import { type LimitInput, toLimits } from './limits.js'
import type { Answer } from './results.js'
import type { CheckOptions, CheckStore } from './store.js'
import type { Tell } from './tell.js'

export interface DecideOptions {
  readonly store: CheckStore
  readonly policies: PolicyStore
  readonly metrics: RateLimitMetrics
  readonly tell: Tell
}

/**
 * Checks limits for a route, counts what came of it, and sets the headers that tell of it on the
 * reply, if there is one that has them. Of the request itself it reads nothing: a proxy's may be
 * full of what its visitor sent.
 * @throws Problem for limits that cannot be checked; StoreError where a policy is closed.
 */
export type Decide = (
  reply: FastifyReply | undefined,
  namespace: string,
  inputs: readonly LimitInput[],
  options: CheckOptions,
) => Promise<Answer>

export function createDecide({ store, policies, metrics, tell }: DecideOptions): Decide {
  return async (reply, namespace, inputs, options) => {
    const limits = await toLimits(inputs, (name) => policies.get(namespace, name), options.peek)
    const outcome = await store.check(namespace, limits, options)
    switch (outcome.kind) {
      case 'conflict':
        throw idempotencyConflict()
      case 'cross-slot':
        throw problem('cross-slot', 'Limits of several subjects cannot be checked all or nothing.')
      case 'closed':
        if (!options.peek) metrics.failedClosed(limits)
        throw outcome.error
    }
    return tell.decision(reply, namespace, limits, outcome, !options.peek)
  }
}
