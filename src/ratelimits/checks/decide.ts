import type { FastifyReply } from 'fastify'
import { invalid } from '../../http/problem.js'
import { idempotencyConflict } from '../../http/request-fingerprint.js'
import { PARAMETERS, policyFault } from '../algorithms/algorithms.js'
import type { RateLimitMetrics } from '../metrics.js'
import type { Policy } from '../policies/policy.js'
import type { PolicyDocument, PolicyStore } from '../policies/store.js'
import { COUNTS_LEASES, problem, unknownPolicy } from '../problems.js'
import type { Answer, Answers } from './answer.js'
import type { CheckOptions, CheckStore, LimitRequest } from './store.js'

export interface DecideOptions {
  readonly store: CheckStore
  readonly policies: PolicyStore
  readonly metrics: RateLimitMetrics
  readonly answers: Answers
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

export function createDecide({ store, policies, metrics, answers }: DecideOptions): Decide {
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
    return answers.decision(reply, namespace, limits, outcome, !options.peek)
  }
}

/** One entry of `limits` as its schema lets it through: with a policy or with a name. */
export interface LimitInput extends Partial<Policy> {
  readonly policy?: string
  readonly name?: string
  readonly key: string
  readonly cost: number
  /** Not of a request, but of the proxy's visitor: see Limit. */
  readonly address?: string | undefined
}

type Find = (name: string) => Promise<PolicyDocument | undefined>

/** What describes a limit that no policy is named for. */
const OWN_FIELDS = ['algorithm', 'limit', ...PARAMETERS, 'shadow', 'group', 'onError'] as const

/**
 * Looks up the policies that limits name.
 * @throws Problem not-found for an unknown policy; invalid-request for an entry that is neither a
 * stored nor a complete inline limit, and for two entries that count the same thing.
 */
async function toLimits(
  inputs: readonly LimitInput[],
  find: Find,
  peek: boolean,
): Promise<LimitRequest[]> {
  const limits = await Promise.all(inputs.map((input, i) => toLimit(input, i, find, peek)))
  const seen = new Set<string>()
  limits.forEach(({ inline, name, key }, i) => {
    const identity = JSON.stringify([inline, name, key])
    if (seen.has(identity)) throw invalid(`body/limits/${i}`, 'stands there twice')
    seen.add(identity)
  })
  return limits
}

/** The least of what is left is granted by each, which means something for equal costs alone. */
export function requireEqualCosts(inputs: readonly LimitInput[]): void {
  const odd = inputs.findIndex(({ cost }) => cost !== inputs[0]?.cost)
  if (odd > 0) {
    throw invalid(`body/limits/${odd}/cost`, 'must be that of the others with take up-to')
  }
}

async function toLimit(
  input: LimitInput,
  index: number,
  find: Find,
  peek: boolean,
): Promise<LimitRequest> {
  const at = (field: string) => `body/limits/${index}/${field}`
  const cost = peek ? 1 : input.cost
  if (input.policy === undefined) {
    const policy = inlinePolicy(input, at)
    return {
      name: input.name as string,
      key: input.key,
      group: policy.group,
      inline: true,
      cost,
      policy,
    }
  }
  const surplus = OWN_FIELDS.find((field) => input[field] !== undefined)
  if (surplus) throw invalid(at(surplus), 'belongs to a limit without policy')
  const document = await find(input.policy)
  if (!document) throw unknownPolicy(input.policy)
  const policy = document.value
  if (policy.algorithm === 'concurrency') throw invalid(at('policy'), COUNTS_LEASES)
  const { key, address } = input
  return { name: input.policy, key, address, group: policy.group, inline: false, cost, policy }
}

function inlinePolicy(input: LimitInput, at: (field: string) => string): Policy {
  const { policy: _, name: _name, key: _key, cost: _cost, address: _address, ...fields } = input
  const { algorithm = 'gcra', limit } = fields
  if (limit === undefined) throw invalid(at('limit'), 'is required')
  const policy: Policy = { ...fields, algorithm, limit }
  const fault = policyFault(policy)
  if (fault) throw invalid(at(fault.field), fault.message)
  return policy
}
